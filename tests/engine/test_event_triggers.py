"""Events that start runs: those that are sent to no run, and those that runs emit."""

from __future__ import annotations

from typing import Any

import pytest

from interlock.core.deciding.triggering import TriggeringEvent
from interlock.core.events import NodeResult, NodeStarted
from interlock.core.requests import Result, StartRun
from interlock.engine.engine import Arrival
from interlock.engine.starting import start_detached
from interlock.engine.triggers.event_triggers import Offered
from interlock.store.lease import LeaseOwner
from tests.engine.recorded_runs import plan_of
from tests.engine.scheduled import MINUTE, TENANT, Timetable
from tests.store.event_loop import in_event_loop

ON_PR: dict[str, Any] = {
    "event": "pr.opened",
    "where": "${event.data.repo == 'core'}",
    "inputs": {"pr": "${event.data.number}"},
}
INPUTS = {"pr": "integer"}
SOMEBODY = LeaseOwner("somebody", "host", 1, 1)


def opened(number: int, *, id: str = "e1", repo: str = "core") -> TriggeringEvent:
    """An event about a pull request."""
    return TriggeringEvent(id, "pr.opened", {"repo": repo, "number": number})


@in_event_loop
async def test_an_event_that_is_wanted_starts_a_run_with_what_it_says() -> None:
    """And one that is not wanted starts none: most events of a name are about something else."""
    times = Timetable()
    async with times.store:
        await times.releases(ON_PR, inputs=INPUTS)

        (offered,) = await times.events.offer(opened(7), by="github")
        other = await times.events.offer(opened(8, id="e2", repo="web"))
        start = await times.start_of(offered.run)

    assert offered == Offered(trigger="g/t", outcome="started", run=offered.run)
    assert (start.inputs, start.key, start.labels) == ({"pr": 7}, "event:g/t:e1", {"trigger": "t"})
    assert start.why == "event e1"
    assert start.tainted
    assert other == []


@in_event_loop
async def test_an_event_that_is_sent_again_starts_nothing_twice() -> None:
    """Whoever sends does not always hear that it has arrived, and sends again."""
    times = Timetable()
    async with times.store:
        await times.releases(ON_PR, inputs=INPUTS)
        (first,) = await times.events.offer(opened(7))
        times.restart()

        (again,) = await times.events.offer(opened(7))

        assert again == Offered(trigger="g/t", outcome="known", run=first.run)
        assert len(await times.store.list_runs(TENANT)) == 1


@in_event_loop
async def test_events_with_the_same_key_start_one_run() -> None:
    """Three hooks tell of one pull request, each with an id of its own."""
    times = Timetable()
    async with times.store:
        await times.releases(ON_PR | {"key": "${event.data.number}"}, inputs=INPUTS)

        outcomes = [(await times.events.offer(opened(7, id=hook)))[0].outcome for hook in ("a", "b", "c")]

        assert outcomes == ["started", "known", "known"]


@pytest.mark.parametrize(
    ("overlap", "outcomes"),
    [("allow", ["started", "started"]), ("skip", ["started", "overlaps"]), ("queue", ["started", "waits"])],
)
def test_the_rule_for_overlaps_holds_for_events_too(overlap: str, outcomes: list[str]) -> None:
    """A deployment that is under way is one, whatever asked for it."""

    @in_event_loop
    async def story() -> None:
        times = Timetable()
        async with times.store:
            await times.releases(ON_PR | {"overlap": overlap}, inputs=INPUTS)

            offered = [(await times.events.offer(opened(number, id=str(number))))[0].outcome for number in (1, 2)]

            assert offered == outcomes

    story()


@in_event_loop
async def test_what_waits_is_started_by_the_schedules_when_its_turn_has_come() -> None:
    """Whoever sent the event has gone home by then."""
    times = Timetable()
    async with times.store:
        await times.releases(ON_PR | {"overlap": "queue"}, inputs=INPUTS)
        await times.events.offer(opened(1, id="1"))
        await times.events.offer(opened(2, id="2"))
        await times.end_all()

        await times.schedules.turn()

        newest, *_ = await times.store.list_runs(TENANT)
        assert (newest.key, (await times.state()).waiting) == ("event:g/t:2", ())


@in_event_loop
async def test_an_event_that_cannot_be_judged_is_told_and_starts_nothing() -> None:
    """Silence would look as if it had not been wanted."""
    times = Timetable()
    async with times.store:
        await times.releases(ON_PR, inputs=INPUTS)

        (offered,) = await times.events.offer(TriggeringEvent("e1", "pr.opened", {"number": 7}))

        assert (offered.outcome, "repo" in offered.why) == ("failed", True)
        assert (await times.state()).trouble == offered.why


@in_event_loop
async def test_an_input_that_the_graph_does_not_take_is_told() -> None:
    """What an event says is known only when it comes."""
    times = Timetable()
    async with times.store:
        await times.releases(ON_PR, inputs=INPUTS)

        (offered,) = await times.events.offer(TriggeringEvent("e1", "pr.opened", {"repo": "core", "number": "7"}))

        assert offered.outcome == "failed"
        assert "not what graph g takes" in offered.why


@in_event_loop
async def test_a_paused_trigger_lets_events_pass() -> None:
    """And says so to whoever sends them."""
    times = Timetable()
    async with times.store:
        await times.releases(ON_PR, inputs=INPUTS)
        await times.requests.pause("g/t", by="ada")

        assert await times.events.offer(opened(7)) == [Offered(trigger="g/t", outcome="paused")]


async def emits(times: Timetable, run: str) -> NodeStarted:
    """A run of another graph that emits an event; what it has put on record."""
    plan = plan_of({"graph": "other", "nodes": {"tell": {"emit": "pr.opened", "data": {"repo": "core", "number": 9}}}})
    await times.engine.keep_bundle(plan, b"known to this engine already")
    await start_detached(times.engine, plan, run, StartRun(inputs={}), owner=SOMEBODY)
    lease = await times.store.acquire_lease(TENANT, run, owner=SOMEBODY)
    in_hand = await times.engine.load(run, lease)
    await times.engine.advance(in_hand, [])
    sent = (await times.store.read(TENANT, run))[1].body
    assert isinstance(sent, NodeStarted)
    done = Result(path="tell", result=NodeResult(sent.effect, "done"))
    await times.engine.advance(in_hand, [Arrival(done)])
    return sent


@in_event_loop
async def test_what_a_run_emits_is_offered_once_however_often_the_feed_is_followed() -> None:
    """One graph's end is another one's beginning, and a follower that is cut off begins where it last knew."""
    times = Timetable()
    async with times.store:
        await times.releases(ON_PR, inputs=INPUTS)
        times.now += MINUTE
        sent = await emits(times, "emitter")

        await times.events.turn()
        await times.store.records.drop(TENANT, "cursor", "event triggers")
        times.restart()
        await times.events.turn()
        await times.events.turn()

        rows = [row for row in await times.store.list_runs(TENANT) if row.graph == "g"]
        start = await times.start_of(rows[0].run)
        assert [row.key for row in rows] == [f"event:g/t:{sent.effect}"]
        assert start.inputs == {"pr": 9}


@in_event_loop
async def test_what_was_emitted_before_the_trigger_was_released_starts_nothing() -> None:
    """Whoever releases a trigger does not mean all of the past."""
    times = Timetable()
    async with times.store:
        await emits(times, "emitter")
        times.now += MINUTE
        await times.releases(ON_PR, inputs=INPUTS)

        await times.events.turn()

        assert [row.run for row in await times.store.list_runs(TENANT)] == ["emitter"]
