"""Workers, and what waits for them, as programs are shown them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec import UNSET

from interlock.core.plan import Micros
from interlock.engine.serving.roster import WorkerRow
from interlock.store.claims import RunsWaiting
from interlock.store.effect_queue import EffectsWaiting
from interlock.wire import fleet as wire

LISTED_MAX: Final = 500
"""How many graphs, and how many tools, are listed of those that something waits for."""


def worker(row: WorkerRow, *, to_platform: bool) -> wire.Worker:
    """A worker as it has said of itself last. A tenant is not told where it runs, and what it does for others."""
    card = row.card
    return wire.Worker(
        worker=card.owner.id,
        state=row.state,
        host=card.owner.host if to_platform else UNSET,
        pid=card.owner.pid if to_platform else UNSET,
        pools=list(card.pools),
        tags=list(card.tags),
        driving=row.driving if to_platform else UNSET,
        performing=row.performing if to_platform else UNSET,
        concurrency=card.concurrency,
        tools=card.tools,
        started_at=card.started_at,
        seen_at=row.seen_at,
    )


def queue(runs: Sequence[RunsWaiting], calls: Sequence[EffectsWaiting], *, now: Micros) -> wire.Queue:
    """What waits, what has waited longest first."""
    oldest_runs = sorted(runs, key=lambda each: each.oldest_at)[:LISTED_MAX]
    oldest_calls = sorted(calls, key=lambda each: now if each.oldest_at is None else each.oldest_at)[:LISTED_MAX]
    return wire.Queue(
        runs=[_runs(each, now) for each in oldest_runs],
        calls=[_calls(each, now) for each in oldest_calls],
        runs_waiting=sum(each.count for each in runs),
        calls_waiting=sum(each.waiting for each in calls),
    )


def _runs(waiting: RunsWaiting, now: Micros) -> wire.WaitingRuns:
    return wire.WaitingRuns(
        tenant=waiting.tenant,
        graph=waiting.graph,
        waiting=waiting.count,
        oldest_seconds=_seconds(now - waiting.oldest_at),
    )


def _calls(waiting: EffectsWaiting, now: Micros) -> wire.WaitingCalls:
    return wire.WaitingCalls(
        pool=waiting.pool,
        tool=waiting.tool,
        waiting=waiting.waiting,
        oldest_seconds=None if waiting.oldest_at is None else _seconds(now - waiting.oldest_at),
        performing=waiting.performing,
    )


def _seconds(micros: Micros) -> float:
    return max(0, micros) / 1_000_000
