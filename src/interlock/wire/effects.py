"""Contacts of a run with the world."""

from __future__ import annotations

from msgspec import UNSET, Struct, UnsetType

from interlock.wire.runs import Actions


class Effect(Struct, frozen=True, kw_only=True):
    """One effect: what was intended, and what came of it."""

    effect: str
    path: str
    """Of a step inside a node, the step's own: `fix.3`."""
    attempt: int
    ordinal: int
    """Which step inside the node; 0 if it is the node's own effect."""
    kind: str
    name: str
    """The tool, the model, the event that is sent, or what the node's code called its step."""
    digest: str
    intended_seq: int
    status: str
    settled_seq: int | None


class EffectList(Struct, frozen=True, kw_only=True):
    """The effects of a run; those of which nobody knows come first."""

    run: str
    effects: list[Effect]


class EffectOfRun(Effect, frozen=True, kw_only=True):
    """An effect among those of many runs."""

    run: str
    actions: Actions | UnsetType = UNSET


class EffectPage(Struct, frozen=True, kw_only=True):
    """Effects of many runs, the newest run first. With a `next` there are more: give it as `cursor`."""

    effects: list[EffectOfRun]
    in_doubt: list[EffectOfRun] | UnsetType = UNSET
    """On the first page, whatever else is asked for: those of which a person has to say what became of them."""
    next: str | None = None
