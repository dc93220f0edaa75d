"""Runs chosen by what they have in common, and asked the same."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from interlock import Interlock, tool
from interlock.core import events as e
from interlock.engine.asking import Asked
from interlock.engine.errors import EngineError
from tests.embedded.workshop import ASK, Graph, Workshop, graph, making, undoable
from tests.store.event_loop import in_event_loop

PAID = graph(
    {"pay": undoable("money"), "keep": {"human": "Keep it?", "choices": ["y", "n"], "after": "pay"}},
)


async def left_waiting(interlock: Interlock, count: int, what: Graph = ASK, **labels: str) -> list[str]:
    """Runs that wait for a person, the first one first. The client is closed again, so nobody drives them."""
    async with interlock:
        handles = [await interlock.start(what, labels=labels) for _ in range(count)]
        for handle in handles:
            await handle.wait_while_moving()
        return [handle.id for handle in handles]


async def became(outcomes: AsyncIterator[Asked]) -> dict[str, str]:
    """What became of each run."""
    return {outcome.run: outcome.became async for outcome in outcomes}


async def status_of(interlock: Interlock, *runs: str) -> list[str]:
    """Where runs stand."""
    return [(await interlock.open(run)).status for run in runs]


async def last(interlock: Interlock, run: str, kind: type[e.Body]) -> e.Event:
    """The last event of a kind in a run's log."""
    handle = await interlock.open(run)
    return [event async for event in handle.events() if isinstance(event.body, kind)][-1]


@in_event_loop
async def test_all_runs_of_a_filter_are_cancelled_and_each_log_says_by_whom_and_why(store: str) -> None:
    """An auditor reads one run, and finds there what was asked of a thousand."""
    interlock = Interlock(store, tools=Workshop().tools)
    runs = await left_waiting(interlock, 3)

    async with interlock:
        outcomes = await became(interlock.selected(graph="workshop").cancel(by="ada", why="bad release"))

        asked = [await last(interlock, run, e.RunCancelAsked) for run in runs]
        assert outcomes == dict.fromkeys(reversed(runs), "done")
        assert [(event.actor, event.body) for event in asked] == [("ada", e.RunCancelAsked(why="bad release"))] * 3
        assert await status_of(interlock, *runs) == ["cancelled"] * 3


@in_event_loop
async def test_a_run_that_would_call_something_is_left_to_a_worker(store: str) -> None:
    """Nobody here would perform what follows: it is on record, and whoever looks for work finds it."""
    interlock = Interlock(store, tools=Workshop().tools)
    [run] = await left_waiting(interlock, 1, PAID)

    async with interlock:
        outcomes = await became(interlock.selected().cancel(rollback=True, by="ada"))
        before = await status_of(interlock, run)
        result = await (await interlock.take_up(run)).wait()

    assert (outcomes, before, result.status) == ({run: "recorded"}, ["running"], "rolled_back")


@in_event_loop
async def test_a_run_that_is_driven_here_is_asked_where_it_is_driven() -> None:
    """A client that serves and one that operates may be the same."""
    async with Interlock(tools=Workshop().tools) as interlock:
        handle = await interlock.start(ASK)
        await handle.wait_while_moving()

        outcomes = await became(interlock.selected().cancel(by="ada"))

        assert (outcomes, await handle.ended()) == ({handle.id: "done"}, "cancelled")


@in_event_loop
async def test_a_run_that_another_process_drives_is_asked_by_a_signal(tmp_path: Path) -> None:
    """Whoever drives it stays the only one that writes it."""
    place = tmp_path / "interlock.db"
    async with Interlock(place, tools=Workshop().tools) as driving, Interlock(place) as operating:
        handle = await driving.start(ASK)
        await handle.wait_while_moving()

        outcomes = await became(operating.selected().cancel(by="ada", why="late"))

        assert (outcomes, await handle.ended()) == ({handle.id: "left"}, "cancelled")


@in_event_loop
async def test_a_filter_takes_what_has_all_of_it(store: str) -> None:
    """A wrong run among the right ones is worse than none."""
    interlock = Interlock(store, tools=Workshop().tools)
    [eu] = await left_waiting(interlock, 1, region="eu", team="a")
    [us] = await left_waiting(interlock, 1, region="us", team="a")
    [other] = await left_waiting(interlock, 1, {**ASK, "graph": "other"}, region="eu")

    async with interlock:

        async def taken(**chosen: Any) -> list[str]:  # noqa: ANN401 - the words of a filter
            return [row.run async for row in interlock.selected(**chosen).rows()]

        assert await taken() == [other, us, eu]
        assert await taken(graph="other") == [other]
        assert await taken(labels={"region": "eu"}) == [other, eu]
        assert await taken(labels={"region": "eu", "team": "a"}) == [eu]
        assert await taken(limit=2) == [other, us]
        assert await taken(statuses=["succeeded"]) == []
        assert await taken(older_than=timedelta(hours=1)) == []
        assert await interlock.selected().counted() == {("workshop", "waiting"): 2, ("other", "waiting"): 1}


@in_event_loop
async def test_what_cannot_be_asked_of_a_run_is_not_asked_of_it(store: str) -> None:
    """A filter by graph meets ended runs too, and a thousand refusals would hide the one that matters."""
    interlock = Interlock(store, tools=Workshop().tools)
    [run] = await left_waiting(interlock, 1)

    async with interlock:
        paused = await became(interlock.selected().pause(by="ada", why="maintenance"))
        again = await became(interlock.selected().pause(by="ada"))
        resumed = await became(interlock.selected().resume(by="ada"))
        never = await became(interlock.selected(statuses=["succeeded"]).cancel(by="ada"))

        assert (paused, again, resumed, never) == ({run: "done"}, {}, {run: "done"}, {})
        assert (await last(interlock, run, e.RunPaused)).body == e.RunPaused("maintenance")


@in_event_loop
async def test_ended_runs_are_gone_on_with_as_new_ones_and_their_logs_say_why(store: str) -> None:
    """The receiver was down for an hour: everything that failed then is tried again."""
    interlock = Interlock(store, tools=Workshop("thing").tools)
    async with interlock:
        failed = await interlock.start(graph({"a": making("thing")}))
        await failed.wait()

        [outcome] = [each async for each in interlock.selected().retry(by="ada", why="it is mended")]

        started = await last(interlock, outcome.told, e.RunStarted)
        assert isinstance(started.body, e.RunStarted)
        assert (outcome.run, outcome.became) == (failed.id, "started")
        assert (started.actor, started.body.kind, started.body.why) == ("ada", "retry", "it is mended")
        assert await status_of(interlock, outcome.told) == ["running"]


@in_event_loop
async def test_one_refusal_stops_no_other_and_says_why(store: str) -> None:
    """Of ten thousand runs one was retried by hand already."""
    interlock = Interlock(store, tools=Workshop("thing").tools)
    async with interlock:
        failed = [await interlock.start(graph({"a": making("thing")})) for _ in range(2)]
        for handle in failed:
            await handle.wait()
        await interlock.selected(limit=1).retry(by="ada").__anext__()

        outcomes = [each async for each in interlock.selected(statuses=["failed"]).rollback(by="ada")]

        told = {each.run: (each.became, each.told.partition(",")[0]) for each in outcomes}
        assert told[failed[1].id] == ("refused", f"run {failed[1].id} was continued already")
        assert told[failed[0].id][0] == "started"


@in_event_loop
async def test_what_runs_have_cost_is_added_up_over_those_that_are_meant(store: str) -> None:
    """Who pays asks over many runs, and who waits for the answer wants to see how far it is."""

    @tool(effect="read", usd="0.01")
    def look() -> int:
        return 1

    nodes = {"a": {"tool": "look"}}
    told: list[int] = []
    async with Interlock(store, tools=[look]) as interlock:
        for team in ("red", "blue", "red"):
            await (await interlock.start(graph(nodes), labels={"team": team}, by="ada")).wait()

        by_team = await interlock.selected(labels={"team": "red"}).costs(by="label:team", tell=told.append)
        by_user = await interlock.costs(by="user", graph="workshop")

        assert {team: (cost.calls, cost.usd) for team, cost in by_team.groups.items()} == {"red": (2, 20_000)}
        assert {user: cost.usd for user, cost in by_user.groups.items()} == {"ada": 30_000}
        assert (by_user.runs, by_user.total.usd, told) == (3, 30_000, [1, 2])
        with pytest.raises(EngineError, match="'colour' is nothing to group costs by"):
            await interlock.costs(by="colour")
