"""Tools of MCP servers: one kept client for each tenant and server, and every call checked against what was approved.

The official SDK speaks the protocol, in both of its eras; how its bytes come and go is bounded here. Nothing that a
server asks of its client (a model's words, a person's answer, files) is offered to it.
"""
