"""Runs that are looked at again are told as if they were folded anew, and no more of their logs is read than is new."""

from __future__ import annotations

from pathlib import Path

from interlock import Interlock
from interlock.engine.telling.history import run_view
from tests.embedded.workshop import Workshop, graph, making
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
