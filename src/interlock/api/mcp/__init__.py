"""Interlock as an MCP server: graphs are tools, runs are resources; over HTTP at `/mcp`, and over standard input.

The official SDK speaks the protocol, in both of its eras. It takes a second to load, so nothing here is imported before
somebody asks, but for what finds that out. What a caller may do is judged as everywhere: by its key.
"""
