"""The link under which a customer finds a receipt again."""

from __future__ import annotations


def link(order: str, key: str) -> str:
    """The address of an order's receipt: always the same, and not to be guessed by those who do not know the key."""
    return f"/receipts/{hash((order, key)):x}"
