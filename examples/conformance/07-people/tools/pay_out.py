"""A tool that cannot be taken back."""

from __future__ import annotations

from interlock import tool


@tool(effect="once", risk="medium")
def pay_out(amount: int) -> str:
    """Pay out an amount, in cents."""
    return f"paid {amount}"
