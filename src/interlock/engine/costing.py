"""What runs have cost, read from their logs: a page of events at a time, however long a run and however many there are.

It adds nothing to what `telling.spending` makes of the events, and keeps no sums anywhere.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Callable

from msgspec.structs import replace

from interlock.core import events as e
from interlock.core.values import has_parts
from interlock.engine.engine import Engine
from interlock.engine.errors import RunNotFoundError
from interlock.engine.telling.cost_groups import CostGroups, CostOrigin, CostReport, origin_of
from interlock.engine.telling.spending import CallCost, CallCosts
from interlock.store.errors import ErasedError
from interlock.store.rows import RunRow


async def calls_of_run(engine: Engine, run: str) -> AsyncIterator[tuple[CostOrigin, CallCost]]:
    """Every call of a run, as soon as it is known what it cost; in the end those that are under way."""
    plan, pages = await engine.log_in_pages(run)
    costs, origin = CallCosts(plan), CostOrigin(run)
    async for events in pages:
        for event in events:
            if isinstance(event.body, e.RunStarted):
                origin = origin_of(run, event.body, event.actor)
            for call in costs.take(await with_reply(engine, costs, event)):
                yield origin, call
    for call in costs.under_way():
        yield origin, call


async def with_reply(engine: Engine, costs: CallCosts, event: e.Event) -> e.Event:
    """An event with the whole of the model's reply that it holds, if it holds one."""
    body = event.body
    if isinstance(body, e.EffectDone) and has_parts(body.out) and costs.wants_whole(event):
        return replace(event, body=replace(body, out=await engine.whole(body.out)))
    return event


async def costs_of_runs(
    engine: Engine, rows: AsyncIterable[RunRow], by: str, *, tell: Callable[[int], object] = lambda _: None
) -> CostReport:
    """What runs have cost together. `tell` hears how many have been read."""
    groups = CostGroups(by)
    async for row in rows:
        try:
            async for origin, call in calls_of_run(engine, row.run):
                groups.add(origin, call)
        except ErasedError:
            groups.erased += 1
        except RunNotFoundError:
            continue  # it was given up meanwhile
        groups.runs += 1
        tell(groups.runs)
    return groups.report()


async def one_of(row: RunRow) -> AsyncIterator[RunRow]:
    """One run alone."""
    yield row
