"""What calls have cost. Money is in millionths of a US dollar."""

from __future__ import annotations

from msgspec import Struct


class Costs(Struct, frozen=True, kw_only=True):
    """What calls have cost together."""

    calls: int = 0
    turns: int = 0
    """How many of the calls were of models."""
    lost: int = 0
    """How many were lost: what was held for them counts as spent."""
    usd: int = 0
    tokens: int = 0
    input: int = 0
    """Tokens that models have read, as far as their providers said."""
    output: int = 0
    cached: int = 0
    """How many of `input` the provider had at hand."""
    held_usd: int = 0
    """What is held for calls that are under way."""
    held_tokens: int = 0
    simulated_calls: int = 0
    """How many of the calls nothing real was asked with."""
    simulated_usd: int = 0
    """How much of `usd` nobody will ever ask for."""
