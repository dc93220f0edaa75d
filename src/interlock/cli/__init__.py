"""The command line: it translates words into calls of the client, and what comes back into lines for people or JSON."""
