"""The shell: drives the core against a world, durably. When a node starts, ends or is undone is not decided here."""
