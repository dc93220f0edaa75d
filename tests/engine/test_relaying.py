"""The feed as outbox: every event leaves at least once, those of a run in their order, and no run waits for it."""

from __future__ import annotations

import asyncio
import json
import os
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlock.core import events as e
from interlock.engine.errors import NothingHeldError
from interlock.engine.relaying.relay import BACKOFF_MAX_MICROS, PORTIONS_A_TURN, FeedRelay, backoff
from interlock.engine.relaying.sink_records import HeldRun
from interlock.engine.relaying.sink_reports import Lag
from interlock.sinks.errors import EventRefusedError, SinkGoneError, TryAgainError
from interlock.sinks.file_sink import FileSink
from interlock.store.memory.store import MemoryEventStore
from tests.engine.relays import Relayed
from tests.sinks.scripted_sink import AnswerLostError
from tests.store.event_loop import in_event_loop
from tests.store.logs import NOON, TENANT, ended
from tests.store.places import MemoryPlace, Place, SqlitePlace


@pytest.fixture(params=["memory", "sqlite"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """A new, empty store of each kind."""
    places: dict[str, Place] = {"memory": MemoryPlace(), "sqlite": SqlitePlace(tmp_path / "runs.db")}
    return places[request.param]


@in_event_loop
async def test_every_event_is_told_in_the_order_of_commits(place: Place) -> None:
    """The feed is the outbox: what was committed leaves, and nothing else has to be kept for that."""
    async with place.store() as store:
        world = Relayed(store)
        await world.commits("a", 2)
        await world.commits("b", 1)
        await world.commits("a", 1)

        again = await world.relay().turn()

        assert world.sink.ids == ["a/1", "a/2", "b/1", "a/3"]
        assert again is None


@in_event_loop
async def test_a_relay_that_is_made_anew_goes_on_where_the_last_one_was(place: Place) -> None:
    """A deploy in the middle of the day must not send the whole past again."""
    async with place.store() as store:
        world = Relayed(store)
        await world.commits("a", 2)
        await world.relay().turn()

        await world.commits("a", 1)
        await world.relay().turn()

        assert world.sink.ids == ["a/1", "a/2", "a/3"]


@in_event_loop
async def test_what_a_graph_emits_leaves_behind_its_own_intent(place: Place) -> None:
    """The intent is on record before anything is sent, so a crash in between sends it all the same."""
    async with place.store() as store:
        world = Relayed(store)
        await world.commits("a")
        await world.commits("a", 1, ("tell", e.NodeStarted(1, "4f2a", "d", {"id": 7}, tool="ready", emits=True)))

        await world.tells_everything()

        assert [(event.type, event.id) for event in world.sink.taken] == [
            ("interlock.run.started", "a/1"),
            ("interlock.node.started", "a/2"),
            ("ready", "4f2a"),
        ]


@in_event_loop
async def test_an_append_of_any_length_is_told_in_parts(place: Place) -> None:
    """A loop of a million rounds commits ten thousand events at once: they need not fit into memory together."""
    async with place.store() as store:
        world = Relayed(store)
        await world.commits("a", 250)

        await world.tells_everything()

        assert world.sink.ids == [f"a/{seq}" for seq in range(1, 251)]
        assert world.sink.deliveries == 3


@in_event_loop
async def test_a_turn_ends_after_so_much_although_there_is_more() -> None:
    """Whoever holds the duty has a lease to renew."""
    async with MemoryPlace().store() as store:
        world = Relayed(store)
        await world.commits("a", (PORTIONS_A_TURN + 1) * 100)

        again = await world.relay().turn()
        then = len(world.sink.taken)
        await world.relay().tell_all()

        assert (again, then) == (NOON, PORTIONS_A_TURN * 100)
        assert len(world.sink.taken) == (PORTIONS_A_TURN + 1) * 100


# --- trouble ---------------------------------------------------------------------------------------------------------


@in_event_loop
async def test_a_sink_that_fails_is_told_the_same_again_later(place: Place) -> None:
    """Whether it has them is unknown: twice does no harm, never does."""
    async with place.store() as store:
        world = Relayed(store)
        world.sink.trouble = [TryAgainError("ops answered 503")]
        await world.commits("a", 2)

        again = await world.relay().turn()
        too_soon = await world.relay().turn()
        failing = (await world.report()).progress
        await world.tells_everything()

        assert (again, too_soon) == (NOON + 1_000_000, NOON + 1_000_000)
        assert (failing.failures, failing.failing_since, failing.error) == (1, NOON, "ops answered 503")
        assert world.sink.ids == ["a/1", "a/2"]
        assert (await world.report()).progress.failures == 0


@in_event_loop
async def test_a_sink_that_asks_for_time_gets_it() -> None:
    """A `Retry-After` that is longer than our own patience counts."""
    async with MemoryPlace().store() as store:
        world = Relayed(store)
        world.sink.trouble = [TryAgainError("ops answered 429", after_seconds=90)]
        await world.commits("a")

        assert await world.relay().turn() == NOON + 90_000_000


@in_event_loop
async def test_a_fault_in_a_sink_of_ones_own_is_trouble_like_any_other() -> None:
    """It is a plugin: the worker that holds the duty goes on with everything else."""
    async with MemoryPlace().store() as store:
        world = Relayed(store)
        world.sink.trouble = [ZeroDivisionError()]
        await world.commits("a")

        again = await world.relay().turn()

        assert again == NOON + 1_000_000
        assert (await world.report()).progress.error == "ZeroDivisionError"


@in_event_loop
async def test_a_sink_that_is_gone_is_left_alone_until_somebody_asks_for_it() -> None:
    """It said so itself; but nothing is lost, in case it was a mistake."""
    async with MemoryPlace().store() as store:
        world = Relayed(store)
        world.sink.trouble = [SinkGoneError("ops answered 410")]
        await world.commits("a")

        first, second = await world.relay().turn(), await world.relay().turn()
        gone = (await world.report()).progress
        await world.relay().tell_all()

        assert (first, second, gone.is_gone, gone.error) == (None, None, True, "ops answered 410")
        assert world.sink.ids == ["a/1"]


def test_the_wait_after_a_failure_doubles_up_to_a_bound() -> None:
    """A sink that is down for a night is neither hammered nor forgotten."""
    assert [backoff(failures) for failures in (1, 2, 3, 4)] == [1_000_000, 2_000_000, 4_000_000, 8_000_000]
    assert backoff(1_000_000) == BACKOFF_MAX_MICROS


@in_event_loop
async def test_what_a_crash_has_cut_off_in_a_file_is_told_again_on_whole_lines(tmp_path: Path) -> None:
    """The file holds a part of what was told, and the place in the feed says nothing of it yet."""
    async with MemoryPlace().store() as store:
        world = Relayed(store)
        file = FileSink(tmp_path / "events.jsonl")
        await world.commits("a", 3)
        await world.relay().turn()
        await file.deliver(world.sink.taken)
        os.truncate(file.path, file.path.stat().st_size - 30)

        relay = FeedRelay(store, tenant=TENANT, sink_name="audit", sink=file, now=world.clock.now)
        await relay.tell_all()

        lines = file.path.read_text(encoding="utf-8").splitlines()
        assert [json.loads(line)["id"] for line in lines] == ["a/1", "a/2", "a/1", "a/2", "a/3"]


@in_event_loop
async def test_what_was_erased_leaves_without_data_and_what_was_given_up_not_at_all(place: Place) -> None:
    """Erasing wins over telling: what nobody may know any more is not sent out either, and nobody waits for it."""
    async with place.store() as store:
        world = Relayed(store)
        for run in ("a", "b", "c"):
            await world.commits(run)
            await world.commits(run, 1, ended())
        await store.retention.erase_payloads(TENANT, "a")
        await store.retention.drop_run(TENANT, "b")

        await world.tells_everything()

        told = [(event.id, event.erased) for event in world.sink.taken]
        assert told == [("a/1", True), ("a/2", True), ("c/1", False), ("c/2", False)]
        assert (await world.report()).lag == Lag()


# --- what is refused -------------------------------------------------------------------------------------------------


@in_event_loop
async def test_a_refused_event_holds_its_own_run_back_and_no_other(place: Place) -> None:
    """Order within a run holds, and one bad event does not silence everything."""
    async with place.store() as store:
        world = Relayed(store)
        world.sink.refused = {"a/2"}
        await world.commits("a", 3)
        await world.commits("b", 2)
        await world.tells_everything()
        await world.commits("a", 1)
        await world.commits("b", 1)
        await world.tells_everything()

        assert [each for each in world.sink.ids if each.startswith("a")] == ["a/1"]
        assert [each for each in world.sink.ids if each.startswith("b")] == ["b/1", "b/2", "b/3"]
        assert (await world.report()).held == {"a": HeldRun(2, 4, "ops answered 422", since=NOON)}
        assert (await world.report()).lag == Lag()


@in_event_loop
async def test_what_was_held_back_is_sent_again_in_order_and_the_run_goes_on(place: Place) -> None:
    """The receiver was mended: it gets everything, without a gap."""
    async with place.store() as store:
        world = Relayed(store)
        world.sink.refused = {"a/1"}
        await world.commits("a", 250)
        await world.tells_everything()
        world.sink.refused = set()

        sent = await world.relay().resend("a")
        await world.commits("a", 1)
        await world.tells_everything()

        assert sent == 250
        assert world.sink.ids == [f"a/{seq}" for seq in range(1, 252)]
        assert (await world.report()).held == {}


@in_event_loop
async def test_an_event_that_is_refused_again_stays_held_back_and_says_how_often() -> None:
    """Whoever sends again learns at once that it did not help; what went through before it stays told."""
    async with MemoryPlace().store() as store:
        world = Relayed(store)
        world.sink.refused = {"a/1", "a/3"}
        await world.commits("a", 4)
        await world.tells_everything()
        world.sink.refused = {"a/3"}

        with pytest.raises(EventRefusedError, match="event 3 of run a was refused again: ops answered 422"):
            await world.relay().resend("a")

        assert world.sink.ids == ["a/1", "a/2"]
        assert (await world.report()).held == {"a": HeldRun(3, 4, "ops answered 422", since=NOON, tries=2)}


@in_event_loop
async def test_a_refused_event_can_be_given_up_and_that_is_on_record(place: Place) -> None:
    """Else an event that a receiver never takes would silence its run for good."""
    async with place.store() as store:
        world = Relayed(store)
        world.sink.refused = {"a/2"}
        await world.commits("a", 3)
        await world.tells_everything()

        sent = await world.relay().leave_out("a", by="ada", why="too large for ops")

        report = await world.report()
        assert (sent, world.sink.ids, report.held) == (1, ["a/1", "a/3"], {})
        [(left, told)] = report.left_out.items()
        assert (left, told.by, told.why, told.refused) == ("a/2", "ada", "too large for ops", "ops answered 422")


@in_event_loop
async def test_a_run_of_which_nothing_is_held_back_is_not_sent_again() -> None:
    """The wrong id must not look as if it had helped."""
    async with MemoryPlace().store() as store:
        with pytest.raises(NothingHeldError, match="nothing of run a is held back from the sink ops"):
            await Relayed(store).relay().resend("a")


# --- lag -------------------------------------------------------------------------------------------------------------


@in_event_loop
async def test_the_lag_is_how_many_events_are_untold_and_since_when(place: Place) -> None:
    """A sink that lags behind is seen before somebody misses something."""
    async with place.store() as store:
        world = Relayed(store)
        await world.commits("a", 2)
        await world.relay().turn()
        await world.commits("a", 3)
        await world.commits("b", 1)

        report = await world.report()

        assert report.lag == Lag(4, oldest_at=NOON + 3)
        assert (report.progress.told, report.progress.last) == (2, "a/2")


@in_event_loop
async def test_a_part_of_an_append_that_was_told_is_not_counted_as_lag() -> None:
    """The count is of events, whatever was committed together."""
    async with MemoryPlace().store() as store:
        world = Relayed(store)
        await world.commits("a", 250)
        world.sink.trouble = [None, TryAgainError("ops answered 503")]
        await world.relay().turn()

        assert (await world.report()).lag == Lag(150, oldest_at=NOON + 101)


# --- whatever happens ------------------------------------------------------------------------------------------------

COMMITS = st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 60)), min_size=1, max_size=12)
KINDS: list[BaseException | None] = [
    None,
    TryAgainError("busy"),
    AnswerLostError("cut"),
    asyncio.CancelledError(),
    OSError("gone"),
]
TROUBLE = st.lists(st.sampled_from(KINDS), max_size=12)
REFUSED = st.sets(st.tuples(st.sampled_from("abc"), st.integers(1, 60)), max_size=4)


@settings(max_examples=60, deadline=None)
@given(COMMITS, TROUBLE, REFUSED, st.sets(st.integers(0, 11)))
def test_whatever_fails_or_is_refused_or_is_cut_off_all_is_told_in_order(
    commits: list[tuple[str, int]],
    trouble: list[BaseException | None],
    refused: set[tuple[str, int]],
    looks: set[int],
) -> None:
    """At least once, in order per run, without a gap: that is what a receiver builds on."""
    told, seqs = asyncio.run(_told(commits, trouble, refused, looks))

    firsts = list(dict.fromkeys(told))
    assert {run: [seq for each, seq in firsts if each == run] for run in seqs} == {
        run: list(range(1, last + 1)) for run, last in seqs.items()
    }


async def _told(
    commits: list[tuple[str, int]],
    trouble: list[BaseException | None],
    refused: set[tuple[str, int]],
    looks: set[int],
) -> tuple[list[tuple[str, int]], dict[str, int]]:
    """What the sink has taken in the end, once it takes everything, and how long each run is."""
    async with MemoryEventStore(clock=lambda: NOON) as store:
        world = Relayed(store)
        world.sink.trouble = list(trouble)
        world.sink.refused = {f"{run}/{seq}" for run, seq in refused}
        for number, (run, count) in enumerate(commits):
            await world.commits(run, count)
            if number in looks:
                await _one_turn(world)
        await _one_turn(world)
        world.sink.trouble, world.sink.refused = [], set()
        for run in (await world.report()).held:
            await world.relay().resend(run)
        await world.tells_everything()
        return [(event.run, event.seq) for event in world.sink.taken], world.seqs


async def _one_turn(world: Relayed) -> None:
    """A turn of a relay that is new, and that may be cut off."""
    world.clock.at += BACKOFF_MAX_MICROS
    with suppress(asyncio.CancelledError):
        await world.relay().turn()


@settings(max_examples=60, deadline=None)
@given(COMMITS, st.lists(st.integers(0, 3), max_size=12), REFUSED)
def test_two_relays_at_once_tell_some_events_twice_and_none_too_early(
    commits: list[tuple[str, int]], rounds: list[int], refused: set[tuple[str, int]]
) -> None:
    """For a moment two workers may both believe that the duty is theirs, and somebody types `deliver` besides."""
    told, seqs = asyncio.run(_told_by_two(commits, rounds, refused))

    firsts = list(dict.fromkeys(told))
    assert {run: [seq for each, seq in firsts if each == run] for run in seqs} == {
        run: list(range(1, last + 1)) for run, last in seqs.items()
    }


async def _told_by_two(
    commits: list[tuple[str, int]], rounds: list[int], refused: set[tuple[str, int]]
) -> tuple[list[tuple[str, int]], dict[str, int]]:
    """What the sink has taken from two relays, and then from those who send again what was held back."""
    async with MemoryEventStore(clock=lambda: NOON) as store:
        world = Relayed(store)
        world.sink.rounds = list(rounds)
        world.sink.refused = {f"{run}/{seq}" for run, seq in refused}
        for run, count in commits:
            await world.commits(run, count)
            await asyncio.gather(world.relay().turn(), world.relay().turn())
        world.sink.refused = set()
        held = (await world.report()).held
        again = [world.relay().resend(run) for run in held for _ in range(2)]
        await asyncio.gather(*again, world.relay().turn(), return_exceptions=True)
        await world.tells_everything()
        return [(event.run, event.seq) for event in world.sink.taken], world.seqs
