"""Other courses of a run: decided again, on another graph, from another point, and how two of them differ."""
