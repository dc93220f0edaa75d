"""Conformance: whether a graph of a user's own keeps to the twelve factors of 12-factor agents, and to pre-fetching."""
