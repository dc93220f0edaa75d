"""Tools that are declared in files, not in Python: an HTTP operation, those of an OpenAPI document or of an MCP server.

What comes of a file is tools like any other: with a contract, checked both ways, performed at the same door.
"""
