"""Runs that are looked at again are told as if they were folded anew, and no more of their logs is read than is new."""

from __future__ import annotations

from pathlib import Path

from interlock import Interlock
from interlock.engine.engine import Engine
from interlock.engine.kept_histories import EVENTS_AT_LEAST, KeptHistories
from interlock.engine.telling.history import run_view
from interlock.store.sqlite.store import SqliteEventStore
from interlock.tenancy import LOCAL_TENANT
from tests.embedded.workshop import Workshop, graph, making
from tests.policies import JUDGE
from tests.store.event_loop import in_event_loop

ASKING = graph(
    {"a": making("cup"), "ask": {"human": "Go on?", "choices": ["yes"], "after": "a"}, "b": making("pot", after="ask")}
)


@in_event_loop
async def test_a_run_that_is_looked_at_again_is_told_as_if_it_were_folded_anew(tmp_path: Path) -> None:
    """What a page shows must not depend on when somebody looked before."""
    async with Interlock(tmp_path / "interlock.db", tools=Workshop().tools) as interlock:
        run = await interlock.start(ASKING)
        await run.rested()
        before = await run.view()
        await run.answer("ask", by="ada", choice="yes")
        await run.wait()

        after = await run.view()

        events = [event async for event in run.events()]
        plan = await run.plan()
        assert before == run_view(plan, run.id, [event for event in events if event.seq <= before.seq])
        assert after == run_view(plan, run.id, events)


@in_event_loop
async def test_short_runs_that_were_looked_at_are_let_go_when_they_have_become_too_many(tmp_path: Path) -> None:
    """A server that tells of a hundred new runs a second must not remember all of them."""
    place = tmp_path / "interlock.db"
    async with Interlock(place, tools=Workshop().tools) as interlock:
        runs = [(await interlock.run_async(graph({"a": making("cup")}))).id for _ in range(4)]

    async with SqliteEventStore(place, clock=lambda: 0) as store:
        engine = Engine(store, tenant=LOCAL_TENANT, now=lambda: 0, judge=JUDGE)
        kept = KeptHistories(engine, events_max=2 * EVENTS_AT_LEAST)
        views = [await kept.view(run) for run in [*runs, runs[0], runs[3]]]

        assert len(kept) == 2
        assert [(view.run, view.status) for view in views] == [(run, "succeeded") for run in [*runs, runs[0], runs[3]]]
