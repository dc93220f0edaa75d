"""What tokens cost, in whole micro-dollars and rounded up: what was spent is never told smaller than it was."""

from __future__ import annotations

from typing import Final

from interlock.core.messages import Usage
from interlock.core.spending import MicroUsd, Spending
from interlock.models.facts import Price, PriceTier

_TOKENS_PRICED: Final = 1_000_000


def spending_of(usage: Usage, price: Price) -> Spending:
    """What a call has cost that used so much."""
    return Spending(usd=cost_of(usage, price), tokens=usage.input + usage.output)


def cost_of(usage: Usage, price: Price) -> MicroUsd:
    """The money alone."""
    rates = _rates(price, usage.input)
    fresh = usage.input - usage.cached
    parts = fresh * rates.input + usage.cached * rates.cached + usage.output * rates.output
    return price.call - (-parts // _TOKENS_PRICED)


def worst_case(input_tokens: int, tokens_max: int, price: Price) -> Spending:
    """The most that a call can cost: all of its input anew, and an answer as long as it may be."""
    return spending_of(Usage(input=input_tokens, output=tokens_max), price)


def _rates(price: Price, input_tokens: int) -> PriceTier:
    reached = [tier for tier in price.tiers if input_tokens > tier.above]
    return reached[-1] if reached else PriceTier(0, price.input, price.output, price.cached)
