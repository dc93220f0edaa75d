"""What a contact with the world costs: money in whole micro-dollars, and tokens. Never a float, which loses cents."""

from __future__ import annotations

from typing import Final, TypeAlias

from msgspec import Struct

MicroUsd: TypeAlias = int
"""Millionths of a US dollar."""

MICROS_PER_USD: Final = 1_000_000


class Spending(Struct, frozen=True, gc=False, omit_defaults=True):
    """An amount that is held for a call before it is made, or was spent by it."""

    usd: MicroUsd = 0
    tokens: int = 0

    def __add__(self, other: Spending) -> Spending:
        return Spending(self.usd + other.usd, self.tokens + other.tokens)


NOTHING: Final = Spending()
"""What a call costs that costs nothing but itself."""


def shown_usd(amount: MicroUsd) -> str:
    """An amount for people: `$1.25`, and as many more digits as it has."""
    whole, rest = divmod(abs(amount), MICROS_PER_USD)
    digits = f"{rest:06d}".rstrip("0").ljust(2, "0")
    return f"{'-' if amount < 0 else ''}${whole:,}.{digits}"
