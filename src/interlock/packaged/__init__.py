"""The packaged examples: graphs, answers of simulated models, a sample repository and texts to search, known by name.

They stand behind what a project has: its own graph, agent or tool of the same name is meant. The agents that they use
are the built-in ones. Nothing here runs anything; a project says `packaged = false` to do without.
"""
