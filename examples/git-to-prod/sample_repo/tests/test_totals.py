"""What a receipt adds up to."""

from __future__ import annotations

from receipts.totals import total


def test_prices_add_up() -> None:
    """What customers check first."""
    assert total([1990, 510]) == 2500


def test_a_discount_is_rounded_in_the_customers_favour() -> None:
    """A cent is nothing, a complaint is not."""
    assert total([999], discount_percent=10) == 899
