"""Contacts with the world, as programs are shown them."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import UNSET, UnsetType, structs

from interlock.store.rows import LedgerRow, RunEffect
from interlock.wire import effects as wire
from interlock.wire.runs import Actions


def in_order(rows: Iterable[LedgerRow]) -> list[LedgerRow]:
    """As they were intended, but those of which nobody knows first."""
    return sorted(rows, key=lambda row: (row.status != "unknown", row.intended_seq))


def effect_list(run: str, rows: Iterable[LedgerRow]) -> wire.EffectList:
    """The effects of a run."""
    return wire.EffectList(run=run, effects=[wire.Effect(**structs.asdict(row)) for row in in_order(rows)])


def effect_of_run(effect: RunEffect, *, actions: Actions | UnsetType = UNSET) -> wire.EffectOfRun:
    """An effect among those of many runs."""
    return wire.EffectOfRun(run=effect.run, actions=actions, **structs.asdict(effect.line))
