"""What must hold of a file whatever happened to those who wrote it: asked after every run from end to end."""

from __future__ import annotations

import time
from pathlib import Path

from interlock.bootstrap import TENANT
from interlock.core.lifecycle import RUN_ENDED
from interlock.core.state import next_due, status_of
from interlock.engine.courses.verifying import replay_run
from interlock.engine.engine import Engine
from interlock.store import EventStore
from interlock.store.rows import RunRow
from interlock.store.sqlite.store import SqliteEventStore
from tests.policies import JUDGE


def now() -> int:
    """The machine's time."""
    return time.time_ns() // 1000


async def assert_sound(place: Path) -> None:
    """Every run verifies (rule 7 of the design), and what is derived from its log can be derived from it again."""
    async with SqliteEventStore(place, clock=now) as store:
        engine = Engine(store, tenant=TENANT, now=now, judge=JUDGE)
        for row in await store.list_runs(TENANT, limit=100_000):
            replayed = await replay_run(engine, row.run)
            assert replayed.verdict == "same", replayed
            await _assert_derived(engine, store, row)


async def _assert_derived(engine: Engine, store: EventStore, row: RunRow) -> None:
    _, state = await engine.view(row.run)
    assert row.status == status_of(state), "the row tells another status than the log"
    before = await _derived(store, row.run)
    due = None if row.status in RUN_ENDED else next_due(state)
    await store.rebuild(TENANT, row.run, status=status_of(state), due=due)
    assert await _derived(store, row.run) == before


async def _derived(store: EventStore, run: str) -> tuple[object, ...]:
    row = await store.get_run(TENANT, run)
    return row, await store.ledger(TENANT, run), await store.questions(TENANT, run=run)
