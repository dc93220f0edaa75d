"""Schedules of released graphs: what is started, when, and how often, whatever happens to clocks and processes."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from interlock.core.requests import CancelRun
from interlock.engine.errors import TriggerRefusedError, UnknownTriggerError
from interlock.engine.signals import decode_request
from interlock.engine.triggers.schedules import LOOK_AGAIN_MICROS, WAITING_LOOK_MICROS
from interlock.engine.triggers.trigger_records import Paused
from interlock.store.errors import RecordChangedError
from interlock.store.lease import LeaseOwner
from tests.engine.scheduled import HOUR, HOURLY, MINUTE, NOON, TENANT, Timetable
from tests.store.event_loop import in_event_loop


@in_event_loop
async def test_a_run_is_started_at_each_instant_and_says_what_started_it() -> None:
    """Who looks at the run in the morning wants to know where it came from, and of which night it is."""
    times = Timetable()
    async with times.store:
        await times.releases(HOURLY | {"overlap": "allow", "inputs": {"due": "${now}"}}, inputs={"due": "string"})
        times.now = NOON + 2 * HOUR + 5
        wake_at = await times.schedules.turn()
        (row,) = await times.store.list_runs(TENANT)
        start = await times.start_of(row.run)
        (first, *_) = await times.store.read(TENANT, row.run)
        claimed = await times.store.claim_runs(owner=LeaseOwner("worker", "host", 2, 2), limit=2)

    assert start.key == "schedule:g/t:2027-01-15T14:00:00Z"
    assert (start.labels, start.inputs) == ({"trigger": "t"}, {"due": "2027-01-15T14:00:00Z"})
    assert first.actor == "trigger g/t"
    assert [lease.run for lease in claimed] == [row.run]
    assert wake_at == times.now + LOOK_AGAIN_MICROS


@in_event_loop
async def test_a_turn_before_anything_is_due_starts_nothing_and_says_when_to_come_back() -> None:
    """A schedule that is new is not late for all the time before it was released."""
    times = Timetable()
    async with times.store:
        times.now = NOON + HOUR - 10_000_000
        await times.releases(HOURLY)

        wake_at = await times.schedules.turn()

        assert (await times.started(), wake_at) == ([], NOON + HOUR)


@in_event_loop
async def test_a_graph_that_is_not_released_starts_nothing() -> None:
    """A draft on somebody's machine is nobody's schedule; and a version without the trigger ends it."""
    times = Timetable()
    async with times.store:
        await times.releases(HOURLY)
        await times.releases(None)
        times.now = NOON + 3 * HOUR

        await times.schedules.turn()

        assert await times.started() == []


@in_event_loop
async def test_an_instant_is_fired_once_though_its_start_was_not_recorded() -> None:
    """Whoever is killed between the start and the record is followed by one who finds the run that was started."""
    times = Timetable()
    async with times.store:
        await times.releases(HOURLY)
        times.now = NOON + HOUR
        before = await times.store.records.find(TENANT, "schedule", "g/t")
        await times.schedules.turn()
        (run,) = [row.run for row in await times.store.list_runs(TENANT)]
        await times.store.records.drop(TENANT, "schedule", "g/t")
        times.restart()

        await times.schedules.turn()

        state = await times.state()
        assert before is None
        assert await times.started() == ["13:00"]
        assert state.last is not None
        assert (state.last.run, state.open, state.seen) == (run, (run,), NOON + HOUR)


@in_event_loop
async def test_two_who_attend_the_same_schedule_start_once() -> None:
    """A worker whose lease was lost does not know it yet; what it still does must do no harm."""
    times, other = Timetable(), Timetable()
    async with times.store:
        other.store = times.store
        other.restart()
        await times.releases(HOURLY)
        times.now = other.now = NOON + HOUR

        await times.schedules.turn()
        await other.schedules.turn()
        await times.schedules.turn()

        assert await times.started() == ["13:00"]


@in_event_loop
async def test_a_clock_that_is_put_back_fires_no_instant_twice() -> None:
    """Clocks are mended while a system runs, and nobody wants to be billed again for it."""
    times = Timetable()
    async with times.store:
        await times.releases(HOURLY | {"overlap": "allow"})
        times.now = NOON + HOUR
        await times.schedules.turn()
        times.now = NOON + HOUR - 30 * MINUTE
        await times.schedules.turn()
        times.now = NOON + HOUR + 1
        await times.schedules.turn()
        times.now = NOON + 2 * HOUR
        await times.schedules.turn()

        assert await times.started() == ["13:00", "14:00"]


@pytest.mark.parametrize(
    ("catch_up", "started", "missed"),
    [("none", [], 3), ("last", ["15:00"], 2), ("all", ["13:00", "14:00", "15:00"], 0)],
)
def test_a_clock_that_jumps_ahead_or_a_night_without_workers_is_caught_up_with_by_the_rule(
    catch_up: str, started: list[str], missed: int
) -> None:
    """To the schedule both are the same: time in which nobody was there."""

    @in_event_loop
    async def story() -> None:
        times = Timetable()
        async with times.store:
            await times.releases(HOURLY | {"overlap": "allow", "catch_up": catch_up})
            await times.schedules.turn()
            times.now = NOON + 3 * HOUR + 30 * MINUTE
            times.restart()

            await times.schedules.turn()

            assert await times.started() == started
            assert (await times.state()).missed == missed

    story()


@in_event_loop
async def test_skip_starts_none_while_one_has_not_ended() -> None:
    """Two of them at once would work on the same things; and one that was skipped is counted."""
    times = Timetable()
    async with times.store:
        await times.releases(HOURLY | {"overlap": "skip"})
        times.now = NOON + HOUR
        await times.schedules.turn()
        times.now = NOON + 2 * HOUR
        await times.schedules.turn()
        skipped = (await times.state()).overlapped
        await times.end_all()
        times.now = NOON + 3 * HOUR
        await times.schedules.turn()

        assert (await times.started(), skipped) == (["13:00", "15:00"], 1)


@in_event_loop
async def test_queue_starts_the_next_when_the_one_before_has_ended() -> None:
    """None is left out, and no two are at it at once."""
    times = Timetable()
    async with times.store:
        await times.releases(HOURLY | {"overlap": "queue"})
        for hours in (1, 2, 3):
            times.now = NOON + hours * HOUR
            wake_at = await times.schedules.turn()
        waiting = [wanted.due for wanted in (await times.state()).waiting]
        await times.end_all()
        await times.schedules.turn()
        after_the_first = await times.started()
        await times.end_all()
        await times.schedules.turn()

        assert (waiting, wake_at) == ([NOON + 2 * HOUR, NOON + 3 * HOUR], times.now + WAITING_LOOK_MICROS)
        assert after_the_first == ["13:00", "14:00"]
        assert await times.started() == ["13:00", "14:00", "15:00"]


@in_event_loop
async def test_cancel_asks_the_older_to_stop_and_starts_the_new_at_once() -> None:
    """What it would find out is out of date."""
    times = Timetable()
    async with times.store:
        await times.releases(HOURLY | {"overlap": "cancel"})
        times.now = NOON + HOUR
        await times.schedules.turn()
        times.now = NOON + 2 * HOUR
        await times.schedules.turn()
        (signal,) = await times.store.unread_signals(TENANT)
        request = decode_request(signal.kind, signal.body)

        assert await times.started() == ["13:00", "14:00"]
        assert (signal.run, signal.sender) == ("run2", "trigger g/t")
        assert request == CancelRun(by="trigger g/t", why="another run takes its place")


@in_event_loop
async def test_what_cannot_be_started_is_told_and_does_not_keep_others_waiting() -> None:
    """One schedule whose inputs are wrong must not stop the nights of all others."""
    times = Timetable()
    async with times.store:
        await times.releases(HOURLY | {"inputs": {"n": "${int(now.getFullYear()) / 0}"}}, inputs={"n": "integer"})
        await times.releases(HOURLY, graph="other")
        times.now = NOON + HOUR

        await times.schedules.turn()

        assert await times.started() == ["13:00"]
        assert "the inputs could not be made: " in (await times.state()).trouble


@in_event_loop
async def test_a_paused_trigger_starts_nothing_and_goes_on_from_when_it_is_resumed() -> None:
    """Whoever pauses it for the weekend does not want all of the weekend on Monday."""
    times = Timetable()
    async with times.store:
        await times.releases(HOURLY | {"catch_up": "all", "overlap": "allow"})
        await times.requests.pause("g/t", by="ada", why="weekend")
        times.now = NOON + 2 * HOUR + 5
        await times.schedules.turn()
        paused = (await times.state()).paused
        await times.requests.resume("g/t")
        times.now = NOON + 3 * HOUR
        await times.schedules.turn()

        with pytest.raises(TriggerRefusedError, match="it is not paused"):
            await times.requests.resume("g/t")
        assert paused == Paused(at=NOON, by="ada", why="weekend")
        assert await times.started() == ["15:00"]


@in_event_loop
async def test_a_schedule_that_has_seen_the_future_goes_on_from_now_when_it_is_resumed() -> None:
    """A clock that once stood in another century must not silence it for ever; and nothing is started again."""
    times = Timetable()
    async with times.store:
        await times.releases(HOURLY | {"overlap": "allow"})
        times.now = NOON + 3 * HOUR
        await times.schedules.turn()
        times.now = NOON + HOUR
        await times.requests.pause("g/t", by="ada")
        await times.requests.resume("g/t")
        for hours in (2, 3, 4):
            times.now = NOON + hours * HOUR
            await times.schedules.turn()

        assert sorted(await times.started()) == ["14:00", "15:00", "16:00"]


@in_event_loop
async def test_a_trigger_is_fired_by_hand_beside_what_runs() -> None:
    """The night's work is wanted now, and whoever wants it is on record with why."""
    times = Timetable()
    async with times.store:
        await times.releases(HOURLY)
        times.now = NOON + HOUR
        await times.schedules.turn()

        run = await times.requests.fire("g/t", id="once", by="ada", why="the night was lost")

        start = await times.start_of(run)
        assert (start.key, start.labels, start.why) == ("fired:g/t:once", {"trigger": "t"}, "the night was lost")
        with pytest.raises(UnknownTriggerError, match="did you mean g/t"):
            await times.requests.fire("g/tt", id="x", by="ada")


@in_event_loop
async def test_a_schedule_that_was_changed_by_a_release_begins_with_that_release() -> None:
    """The new times are promised from now on; and one that stayed as it was goes on as if nothing had happened."""
    times = Timetable()
    async with times.store:
        await times.releases(HOURLY | {"catch_up": "all", "overlap": "allow"})
        times.now = NOON + 2 * HOUR + MINUTE
        await times.releases(HOURLY | {"catch_up": "all", "overlap": "allow"}, outputs={"x": "${a}"})
        await times.releases({"cron": "30 * * * *", "catch_up": "all"}, graph="other")
        times.now = NOON + 2 * HOUR + 45 * MINUTE

        await times.schedules.turn()

        assert await times.started() == ["13:00", "14:00", "14:30"]


@in_event_loop
async def test_how_triggers_stand_can_be_seen() -> None:
    """When it fires next is the question, and what came of it last."""
    times = Timetable()
    async with times.store:
        await times.releases({"cron": "0 3 * * *", "zone": "Europe/Berlin"})
        await times.releases({"event": "pr.opened"}, graph="other")

        views = await times.requests.views()

    assert [(view.graph, view.kind, view.what, view.zone, view.overlap, view.catch_up) for view in views] == [
        ("g", "cron", "0 3 * * *", "Europe/Berlin", "skip", "last"),
        ("other", "event", "pr.opened", "", "allow", ""),
    ]
    assert [view.next for view in views] == [NOON + 14 * HOUR, None]


@in_event_loop
async def test_of_two_who_change_what_is_kept_of_a_trigger_the_second_notices() -> None:
    """A pause that comes in the middle of a turn is not written over by it."""
    times = Timetable()
    async with times.store:
        await times.releases(HOURLY)
        await times.requests.pause("g/t", by="ada")
        state, version = await times.kept.state("g", "t")

        with pytest.raises(RecordChangedError):
            await times.kept.put("g", "t", replace(state, paused=None), expected=version - 1)
