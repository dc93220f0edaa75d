"""Versions of graphs behind a name, and moving runs from one to another."""
