"""The ledger of a run, as it is told: what was under way inside something that has ended is under way no more.

No event says of each step what became of it when the call around it ends: a cancelled node, an agent that gave up. The
rows say what the events say, so here they are held against where the run stands. Changes no row.
"""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from interlock.core.evolving.under_way import step_at
from interlock.core.paths import split_step
from interlock.core.plan import Plan
from interlock.core.state import RunState
from interlock.engine.engine import Engine
from interlock.store.rows import LedgerRow

_NO_CONTACT: Final = frozenset({"agent", "graph", "question"})
"""Steps that touch nothing themselves: they were broken off, and what they called has lines of its own."""


async def told_ledger(engine: Engine, run: str) -> list[LedgerRow]:
    """The run's effects, in the order in which they were intended, and what came of each."""
    rows = await engine.store.ledger(engine.tenant, run)
    if not any(_is_open_step(row) for row in rows):
        return rows
    if (await engine.row(run)).ended_at is not None:
        return [told_when_ended(row) for row in rows]
    plan, state = await engine.view(run)
    return [row if _is_under_way(plan, state, row) else told_when_ended(row) for row in rows]


def told_when_ended(row: LedgerRow) -> LedgerRow:
    """What an effect was inside of has ended: of a contact nobody knows what became, anything else was broken off."""
    if not _is_open_step(row):
        return row
    return replace(row, status="not_done" if row.kind in _NO_CONTACT else "unknown")


def _is_open_step(row: LedgerRow) -> bool:
    return row.status == "intended" and row.ordinal > 0


def _is_under_way(plan: Plan, state: RunState, row: LedgerRow) -> bool:
    """Whether it is a step of what is, or will be, gone on with, and nothing that it is inside of has settled."""
    step, path = step_at(plan, state, row.path), row.path
    if step is None or step.effect != row.effect.partition("~")[0]:
        return False
    while (address := split_step(path)) is not None:
        step = step_at(plan, state, path)
        if step is None or step.status in {"done", "failed"}:
            return False
        path = address[0]
    return True
