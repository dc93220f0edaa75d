"""Graphs built in Python: handles on nodes and values, and the document that is written through them."""
