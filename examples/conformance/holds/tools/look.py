"""A tool that only looks."""

from __future__ import annotations

from interlock import tool


@tool(effect="read")
def look(place: str) -> str:
    """Look at a place, and say what is there."""
    return f"nothing is at {place}"
