"""The shell: drives the core against a world, durably. Decides nothing about when a node starts, ends, repeats or is undone."""
