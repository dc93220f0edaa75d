"""Pruning: what ended runs have left is given up on record, and what is kept can still be proved."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from interlock import Interlock, RunHandle, tool
from interlock.bootstrap import TENANT
from interlock.core.durations import DurationProblem
from interlock.engine.engine import Engine
from interlock.engine.errors import RunPrunedError
from interlock.engine.retaining.pruned_run import What
from interlock.engine.retaining.pruning import KeptRun, PrunePlan, Wanted, find_pruned, parse_age, plan_pruning, prune
from interlock.engine.retaining.retention import TURN_MICROS, RetentionDuty
from interlock.engine.sharing.remote_journal import HEARTBEAT_KIND
from interlock.engine.snapshots import SNAPSHOT_KIND
from interlock.store import ErasedError
from interlock.store.sqlite.store import SqliteEventStore
from interlock.tools.workspace import Workspaces
from tests.engine.recorded_runs import SECOND
from tests.engine.soundness import now
from tests.policies import JUDGE
from tests.store.event_loop import in_event_loop

DAY = 86_400 * SECOND
LARGE = "much text " * 5_000


@tool(effect="idempotent")
async def echo(text: str) -> str:
    """What was said."""
    return text


def saying(text: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - what a document holds
    """A graph that says something, and what else it does."""
    return {"graph": "say", "nodes": {"a": {"tool": "echo", "input": {"text": text}}, **more}}


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Where runs are kept, for a client that makes them and for whoever prunes them, as if in another process."""
    return tmp_path / "interlock.db"


async def later(store: SqliteEventStore, run: RunHandle, *, days: int) -> Engine:
    """The engine of somebody else, so many days after a run has ended."""
    at = ((await run.row()).ended_at or 0) + days * DAY
    return Engine(store, tenant=TENANT, now=lambda: at, judge=JUDGE)


async def ended_run(interlock: Interlock, text: str = "hello") -> RunHandle:
    """A run that has said something and ended."""
    run = await interlock.start(saying(text))
    await run.ended()
    return run


@in_event_loop
async def test_erased_payloads_leave_a_run_that_can_be_proved_and_not_replayed(place: Path) -> None:
    """What was said is gone for good; that it was said, and when, is not."""
    async with Interlock(place, tools=[echo]) as interlock, SqliteEventStore(place, clock=now) as store:
        run = await ended_run(interlock, LARGE)
        await run.view()  # whoever looked before does not tell it from memory either
        engine = await later(store, run, days=31)

        plan = await plan_pruning(engine, Wanted(what="payloads", ended_before=engine.now() - 30 * DAY))
        pruned = await prune(engine, plan, by="ann", why="asked by the customer")

        assert (pruned.runs, pruned.kept, pruned.blobs.blobs) == ((run.id,), (), 1)
        replayed = await run.replay()
        assert (replayed.verdict, replayed.seq) == ("erased", 1)
        with pytest.raises(ErasedError):
            await run.view()
        found = await find_pruned(engine, run.id)
        assert found is not None
        assert (found.what, found.by, found.why, found.at) == ("payloads", "ann", "asked by the customer", engine.now())


@in_event_loop
async def test_a_run_that_was_given_up_is_told_of_by_who_and_why(place: Path) -> None:
    """Whoever looks for it must not believe that it never was."""
    async with Interlock(place, tools=[echo]) as interlock, SqliteEventStore(place, clock=now) as store:
        run = await ended_run(interlock)
        row, engine = await run.row(), await later(store, run, days=31)

        plan = await plan_pruning(engine, Wanted(what="runs", ended_before=engine.now()))
        await prune(engine, plan, by="ann", why="too old")

        with pytest.raises(RunPrunedError, match=rf"run {run.id} of graph say was pruned at .* by ann \(too old\)"):
            await interlock.open(run.id)
        found = await find_pruned(engine, run.id)
        assert found is not None
        assert (found.status, found.seq, found.head) == ("succeeded", row.seq, row.head)
        assert await interlock.runs() == []


@in_event_loop
async def test_only_runs_that_are_old_enough_and_meant_are_planned(place: Path) -> None:
    """A filter that takes one run too many takes it for ever."""
    async with Interlock(place, tools=[echo]) as interlock, SqliteEventStore(place, clock=now) as store:
        run = await ended_run(interlock)
        waiting = await interlock.start({"graph": "ask", "nodes": {"a": {"human": "Yes?", "choices": ["yes"]}}})
        engine = await later(store, run, days=1)

        def wanted(age: int, **only: str) -> Wanted:
            return Wanted(what="runs", ended_before=engine.now() - age, **only)

        plans = [
            await plan_pruning(engine, each)
            for each in (wanted(2 * DAY), wanted(0), wanted(0, graph="other"), wanted(0, status="failed"))
        ]

        assert [[row.run for row in plan.runs] for plan in plans] == [[], [run.id], [], []]
        assert waiting.status != "succeeded"


@in_event_loop
async def test_a_parent_is_kept_until_the_runs_that_built_on_it_go_too(place: Path) -> None:
    """Where a result came from can be looked up as long as somebody has it."""
    async with Interlock(place, tools=[echo]) as interlock, SqliteEventStore(place, clock=now) as store:
        parent = await ended_run(interlock)
        child = await parent.fork(await parent.prepare_fork("a"))
        await child.ended()
        engine = await later(store, child, days=1)
        parent_end = (await parent.row()).ended_at or 0

        alone = await plan_pruning(engine, Wanted(what="runs", ended_before=parent_end + 1))
        both = await plan_pruning(engine, Wanted(what="runs", ended_before=engine.now()))
        pruned = await prune(engine, both, by="ann")

        assert (alone.runs, alone.kept) == ((), (KeptRun(parent.id, (child.id,)),))
        assert pruned.runs == (child.id, parent.id)


@in_event_loop
async def test_a_fork_replays_after_its_parent_was_erased(place: Path) -> None:
    """It took over what it needs, also what is kept outside of events."""
    async with Interlock(place, tools=[echo]) as interlock, SqliteEventStore(place, clock=now) as store:
        parent = await interlock.start(saying(LARGE, b={"tool": "echo", "input": {"text": "more"}, "after": "a"}))
        await parent.ended()
        child = await parent.fork(await parent.prepare_fork("b"))
        await child.ended()
        engine = await later(store, child, days=1)
        everything = await plan_pruning(engine, Wanted(what="payloads", ended_before=engine.now()))

        await prune(engine, without(everything, child), by="ann")

        assert (await parent.replay()).verdict == "erased"
        assert (await child.replay()).verdict == "same"
        assert (await child.view()).nodes["a"].output == LARGE


def without(plan: PrunePlan, run: RunHandle) -> PrunePlan:
    """The plan but for one of its runs."""
    return PrunePlan(plan.what, tuple(row for row in plan.runs if row.run != run.id))


@in_event_loop
async def test_what_a_fork_took_over_is_stored_once(place: Path) -> None:
    """A fork of a run with large results costs the room of its own events."""
    async with Interlock(place, tools=[echo]) as interlock:
        parent = await interlock.start(saying(LARGE, b={"tool": "echo", "input": {"text": "more"}, "after": "a"}))
        await parent.ended()
        alone = await interlock.retention.size_of(parent.id)

        child = await parent.fork(await parent.prepare_fork("b"))
        await child.ended()

        sizes = [await interlock.retention.size_of(run.id) for run in (parent, child)]
        assert alone.own_blobs > 0
        assert [(size.own_blobs, size.shared_blobs) for size in sizes] == [(0, alone.own_blobs)] * 2


@pytest.mark.parametrize("what", ["payloads", "runs"])
@in_event_loop
async def test_what_was_left_beside_the_log_goes_with_what_the_events_said(place: Path, what: What) -> None:
    """A snapshot that a crash left behind is a copy of it; an answer that came too late says as much."""
    async with Interlock(place, tools=[echo]) as interlock, SqliteEventStore(place, clock=now) as store:
        run = await ended_run(interlock)
        engine = await later(store, run, days=1)
        await engine.store.records.put(engine.tenant, SNAPSHOT_KIND, run.id, b"hello")
        await leave_something(engine, run)

        plan = await plan_pruning(engine, Wanted(what=what, ended_before=engine.now()))
        await prune(engine, plan, by="ann")

        assert await engine.store.records.find(engine.tenant, SNAPSHOT_KIND, run.id) is None
        assert await left(engine) == []


@in_event_loop
async def test_the_duty_gives_up_what_is_older_than_the_settings_say(place: Path) -> None:
    """Nobody has to think of it."""
    async with Interlock(place, tools=[echo]) as interlock, SqliteEventStore(place, clock=now) as store:
        run = await ended_run(interlock)
        verdicts: list[object] = []

        for days in (89, 91):
            engine = await later(store, run, days=days)
            due = await RetentionDuty(engine, payloads=90 * DAY, runs=365 * DAY).turn()
            verdicts.append(((await run.replay()).verdict, due - engine.now()))
        await RetentionDuty(await later(store, run, days=366), payloads=90 * DAY, runs=365 * DAY).turn()

        assert verdicts == [("same", TURN_MICROS), ("erased", TURN_MICROS)]
        assert await interlock.runs() == []


@in_event_loop
async def test_the_duty_drops_what_ended_runs_have_left_though_the_settings_keep_them_for_ever(place: Path) -> None:
    """An answer that came as the run ended is read by nobody, and is no part of the run."""
    async with Interlock(place, tools=[echo]) as interlock, SqliteEventStore(place, clock=now) as store:
        run = await ended_run(interlock)
        engine = await later(store, run, days=1)
        await leave_something(engine, run)

        await RetentionDuty(engine).turn()

        assert await left(engine) == []
        assert (await run.replay()).verdict == "same"


@in_event_loop
async def test_the_workspace_of_a_run_goes_with_what_its_events_say(place: Path) -> None:
    """What agents wrote is as personal as what they said; a run that is kept keeps its files."""
    workspaces = Workspaces(place.parent / "workspaces")
    async with Interlock(place, tools=[echo]) as interlock, SqliteEventStore(place, clock=now) as store:
        old, new = await ended_run(interlock), await ended_run(interlock)
        for run in (old, new):
            workspaces.of(run.id)
        ended_at = ((await new.row()).ended_at or 0) - 1
        engine = Engine(store, tenant=TENANT, now=lambda: ended_at + 90 * DAY, judge=JUDGE)

        await RetentionDuty(engine, payloads=90 * DAY, workspaces=workspaces).turn()

        assert workspaces.runs() == [new.id]


@in_event_loop
async def test_a_workspace_that_lay_elsewhere_when_its_run_was_pruned_goes_with_the_next_turn(place: Path) -> None:
    """A run is pruned from any machine, and its files lie on one."""
    workspaces = Workspaces(place.parent / "workspaces")
    async with Interlock(place, tools=[echo]) as interlock, SqliteEventStore(place, clock=now) as store:
        run = await ended_run(interlock)
        engine = await later(store, run, days=1)
        workspaces.of(run.id)
        plan = await plan_pruning(engine, Wanted(what="runs", ended_before=engine.now()))
        await prune(engine, plan, by="somebody on another machine")

        await RetentionDuty(engine, workspaces=workspaces).turn()

        assert workspaces.runs() == []


@in_event_loop
async def test_the_duty_does_nothing_before_its_next_turn(place: Path) -> None:
    """Whoever keeps duties asks after each commit: what looks through all runs must not follow each of them."""
    async with Interlock(place, tools=[echo]) as interlock, SqliteEventStore(place, clock=now) as store:
        run = await ended_run(interlock)
        clock = [(await run.row()).ended_at or 0]
        engine = Engine(store, tenant=TENANT, now=lambda: clock[0], judge=JUDGE)
        duty = RetentionDuty(engine)
        due = await duty.turn()
        await leave_something(engine, run)

        clock[0] = due - 1
        asked_early, kept = await duty.turn(), await left(engine)
        clock[0] = due
        next_due, after = await duty.turn(), await left(engine)

        assert (asked_early, kept) == (due, ["answer", HEARTBEAT_KIND])
        assert (next_due, after) == (due + TURN_MICROS, [])


async def leave_something(engine: Engine, run: RunHandle) -> None:
    """What came too late for an ended run."""
    await engine.store.send_signal(TENANT, run.id, kind="answer", body=b"yes", sender="ann")
    await engine.store.records.put(TENANT, HEARTBEAT_KIND, f"{run.id}:a", b"half")


async def left(engine: Engine) -> list[str]:
    """The kinds of what was left."""
    signals, records = await engine.store.unread_signals(TENANT), await engine.store.records.listed(TENANT, "heartbeat")
    return [*(signal.kind for signal in signals), *(record.kind for record in records)]


@pytest.mark.parametrize(
    ("text", "days"), [("30d", 30), ("1y", 365), ("6w", 42), ("48h", 2)], ids=["days", "years", "weeks", "hours"]
)
def test_an_age_is_read_as_people_write_it(text: str, days: int) -> None:
    """Retention is said in days and years."""
    assert parse_age(text) == days * DAY


@pytest.mark.parametrize("text", ["", "30", "year", "0d", "-1d", "1.5y"])
def test_what_is_no_age_is_refused(text: str) -> None:
    """A slip here would give up what was to be kept."""
    with pytest.raises(DurationProblem) as refused:
        parse_age(text)

    assert "such as `30d`" in refused.value.advice
