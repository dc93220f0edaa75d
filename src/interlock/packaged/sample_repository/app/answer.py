"""The answer that the page shows."""

from __future__ import annotations


def answer() -> int:
    """Six times seven."""
    return 41
