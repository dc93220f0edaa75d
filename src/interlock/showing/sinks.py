"""Sinks, as programs are shown them."""

from __future__ import annotations

from itertools import islice

from msgspec import UNSET, UnsetType, structs

from interlock.engine.relaying.sink_records import HeldRun
from interlock.engine.relaying.sink_reports import SinkReport
from interlock.wire import sinks as wire
from interlock.wire.runs import Actions


def sink(report: SinkReport, *, listed_max: int | None = None, actions: Actions | UnsetType = UNSET) -> wire.Sink:
    """How a sink stands; with no more than so much of what is held back and of what was left out."""
    progress = report.progress
    return wire.Sink(
        sink=report.name,
        to=report.to,
        told=progress.told,
        told_at=progress.told_at or None,
        last=progress.last or None,
        behind=report.lag.events,
        behind_is_more=report.lag.is_more,
        oldest_untold_at=report.lag.oldest_at,
        failures=progress.failures,
        failing_since=progress.failing_since or None,
        retry_at=progress.retry_at or None,
        is_gone=progress.is_gone,
        error=progress.error or None,
        held=[held_run(run, held) for run, held in islice(report.held.items(), listed_max)],
        left_out=[
            wire.LeftOutEvent(event=event, **structs.asdict(left))
            for event, left in islice(report.left_out.items(), listed_max)
        ],
        actions=actions,
    )


def held_run(run: str, held: HeldRun) -> wire.HeldRun:
    """What is held back of a run, and why."""
    return wire.HeldRun(run=run, **structs.asdict(held))
