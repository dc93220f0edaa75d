"""The default tools: what agents and graphs find in every project without writing a tool of their own."""
