"""What calls have cost. Money is in millionths of a US dollar."""

from __future__ import annotations

from typing import Literal

from msgspec import UNSET, Struct, UnsetType


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


class CostGroup(Costs, frozen=True, kw_only=True):
    """What the calls have cost that have something in common."""

    name: str
    """What that is; empty: they have none of it."""


class CostReport(Struct, frozen=True, kw_only=True):
    """What runs have cost, and by what was asked for: the dearest group first."""

    by: str
    run: str | UnsetType = UNSET
    """The one run that it is about."""
    runs: int
    """How many were read."""
    erased: int
    """Of how many it is not known any more, because what happened was erased."""
    total: Costs
    groups: list[CostGroup]
    others: Costs | UnsetType = UNSET
    """What the groups have cost together for which there was no room."""
    next: str | UnsetType | None = UNSET
    """More runs are meant than are read at once: give it as `cursor` and add up; null: these were all."""


class CallCost(Struct, frozen=True, kw_only=True):
    """One call, and what it cost. A call that was lost and made once more is two."""

    path: str
    kind: Literal["model", "tool", "step", "emit", "undo"]
    name: str
    """The model as `provider/model`, the tool, or the event."""
    agent: str
    """The innermost agent that it was made for."""
    loop: str
    """Where that agent works: the path of its node, or of the step that called it."""
    at: int
    tries: int
    status: Literal["under_way", "done", "failed", "lost", "not_made"]
    costs: Costs


class CallPage(Struct, frozen=True, kw_only=True):
    """Calls of a run, in the order in which they ended. With a `next` there are more: give it as `cursor`."""

    run: str
    calls: list[CallCost]
    next: str | None = None
