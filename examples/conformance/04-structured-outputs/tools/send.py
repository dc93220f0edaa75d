"""A tool that cannot be taken back."""

from __future__ import annotations

from interlock import tool


@tool(effect="once", risk="high", external=True, hosts=("mail.example.com",))
def send(to: str, text: str) -> str:
    """Send a letter."""
    return f"sent {len(text)} letters to {to}"
