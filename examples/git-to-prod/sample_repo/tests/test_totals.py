"""What a receipt adds up to."""

from __future__ import annotations

from receipts.totals import total


def test_prices_add_up() -> None:
    """What customers check first."""
    assert total(["0.29", "0.13"]) == 42


def test_a_discount_is_rounded_in_the_customers_favour() -> None:
    """A cent is nothing, a complaint is not."""
    assert total(["9.99"], discount_percent=10) == 899


def test_nothing_costs_nothing() -> None:
    """A receipt may be printed before anything is bought."""
    assert total([]) == 0
