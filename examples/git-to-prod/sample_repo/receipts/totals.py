"""What a receipt adds up to, in whole cents."""

from __future__ import annotations

from collections.abc import Iterable

from receipts.prices import cents


def total(prices: Iterable[str], *, discount_percent: int = 0) -> int:
    """The sum of all prices less the discount, which is rounded in the customer's favour."""
    return sum(map(cents, prices)) * (100 - discount_percent) // 100
