"""The store in one SQLite file: for a laptop, a single server, and every process of one machine."""
