"""Prices as they stand on labels, in whole cents."""

from __future__ import annotations


def cents(price: str) -> int:
    """A price such as `4.20` in cents."""
    return int(float(price) * 100)
