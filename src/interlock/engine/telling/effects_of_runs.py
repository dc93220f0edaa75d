"""Effects of many runs, as they are told: the newest run first, and never more at once than a page.

Of runs that have ended it is told what became of steps that no event speaks of (see ledger.py); those of runs that live
are as the rows have them. Changes nothing.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from interlock.engine.telling.ledger import told_when_ended
from interlock.store.event_store import EventStore
from interlock.store.rows import LedgerRow, RunEffect, RunRow

RUNS_AT_ONCE: Final = 100
EFFECTS_AT_ONCE: Final = 1_000


class EffectFilter(Struct, frozen=True, kw_only=True):
    """What effects have in common. What is not said is not asked for."""

    graph: str | None = None
    """That of their runs."""
    statuses: frozenset[str] = frozenset()
    kind: str | None = None
    name: str | None = None

    def takes(self, line: LedgerRow) -> bool:
        """Whether an effect is meant."""
        return (
            (not self.statuses or line.status in self.statuses)
            and self.kind in {None, line.kind}
            and self.name in {None, line.name}
        )


class EffectPlace(Struct, frozen=True):
    """Behind which effect a page begins: that of a run with this number, in the order of runs."""

    run: str
    seq: int


async def effects_page(
    store: EventStore, tenant: str, chosen: EffectFilter, *, behind: EffectPlace | None, limit: int, looked_at_max: int
) -> tuple[list[RunEffect], EffectPlace | None]:
    """Some of the effects that are meant, and the one behind which there may be others.

    No more than `looked_at_max` runs and effects are looked at: where few are meant, a page may be short.
    """
    found: list[RunEffect] = []
    looked_at = 0
    while looked_at < looked_at_max:
        runs = await _runs(store, tenant, chosen.graph, behind)
        if not runs:
            return found, None
        after = ("", 0) if behind is None else (behind.run, behind.seq)
        effects = await store.effects(tenant, list(runs), behind=after, limit=EFFECTS_AT_ONCE)
        for effect in effects:
            told = RunEffect(effect.run, _told(runs[effect.run], effect.line))
            behind = EffectPlace(effect.run, effect.line.intended_seq)
            if chosen.takes(told.line):
                found.append(told)
            if len(found) == limit:
                return found, behind
        looked_at += len(runs) + len(effects)
        if len(effects) < EFFECTS_AT_ONCE:
            behind = EffectPlace(next(reversed(runs)), _END)
    return found, behind


_END: Final = 2**62
"""A number behind every effect of a run."""


async def _runs(store: EventStore, tenant: str, graph: str | None, behind: EffectPlace | None) -> dict[str, RunRow]:
    """The runs that are looked at next: also the one in which the page before ended, until it is at its end."""
    if behind is None:
        rows = await store.list_runs(tenant, graph=graph, limit=RUNS_AT_ONCE)
    else:
        begun = None if behind.seq == _END else await store.find_run(tenant, behind.run)
        rows = await store.list_runs(tenant, graph=graph, before=behind.run, limit=RUNS_AT_ONCE)
        rows = rows if begun is None else [begun, *rows]
    return {row.run: row for row in rows}


def _told(run: RunRow, line: LedgerRow) -> LedgerRow:
    return line if run.ended_at is None else told_when_ended(line)
