"""What a contact with the world costs: money in whole micro-dollars, and tokens. Never a float, which loses cents."""

from __future__ import annotations

import re
from typing import Final, TypeAlias

from msgspec import Struct

MicroUsd: TypeAlias = int
"""Millionths of a US dollar."""

MICROS_PER_USD: Final = 1_000_000


_AMOUNT: Final = re.compile(r"\$?([0-9]{1,9})(?:\.([0-9]{1,6}))?")


class MoneyProblem(ValueError):
    """What was written is no amount of money."""


def parse_usd(written: object) -> MicroUsd:
    """An amount as people write it: `"2.50"`, `$0.002`, 3. It has six digits behind the point at most."""
    text = str(written) if isinstance(written, int | float) and not isinstance(written, bool) else written
    found = _AMOUNT.fullmatch(text.strip()) if isinstance(text, str) else None
    if found is None:
        raise MoneyProblem(f'{written!r} is no amount of US dollars: write `"2.50"`, with six decimals at most')
    return int(found[1]) * MICROS_PER_USD + int((found[2] or "").ljust(6, "0"))


def usd_text(amount: MicroUsd) -> str:
    """An amount as it is written in documents: `2.5`."""
    whole, rest = divmod(amount, MICROS_PER_USD)
    return f"{whole}.{rest:06d}".rstrip("0").rstrip(".")


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
