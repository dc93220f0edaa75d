"""A tool that waits for somebody at a terminal."""

from __future__ import annotations

from interlock import tool


@tool(effect="read")
def confirm(question: str) -> bool:
    """Ask whether something is so."""
    return input(f"{question} [y/n] ") == "y"
