"""Writing graphs: YAML with positions, problems shown to people, and formatting.

What a graph means is the core's: nothing here decides whether a document is a good graph.
"""
