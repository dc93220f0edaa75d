"""Processes that serve a store together: who takes what, who follows whom, and how one leaves."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from interlock import AsyncToolContext, tool
from interlock.core.events import NodeResult
from interlock.engine.serving.roster import BEAT_SECONDS, MISSED_BEATS_MAX, workers
from interlock.store.claims import RunLimit
from interlock.store.lease import Lease, LeaseOwner
from tests.engine.fleet import LEASE_SECONDS, Fleet, on_virtual_time


class Site:
    """A tool that notes which runs are worked on, and how many at once."""

    def __init__(self, *, seconds: float = 1.0) -> None:
        self.begun: list[str] = []
        self.done: list[str] = []
        self.at_once = 0
        self.at_once_max = 0

        @tool(effect="idempotent")
        async def build(ctx: AsyncToolContext) -> None:
            self.begun.append(ctx.run)
            self.at_once += 1
            self.at_once_max = max(self.at_once_max, self.at_once)
            try:
                await asyncio.sleep(seconds)
            finally:
                self.at_once -= 1
            self.done.append(ctx.run)

        self.build = build


PROBE = LeaseOwner(id="probe", host="here", pid=1, pid_started=1)
ONE = {"a": {"tool": "build"}}
TWO = {"a": {"tool": "build"}, "b": {"tool": "build", "after": "a"}}


@on_virtual_time
async def test_one_run_of_a_tenant_is_not_starved_by_a_thousand_of_another() -> None:
    """Who started more does not come first for it."""
    site = Site()
    async with Fleet(site.build) as fleet:
        for number in range(300):
            await fleet.start(ONE, f"large{number}", tenant="large")
        await fleet.start(ONE, "small", tenant="small")

        fleet.serve("one", runs_max=10)
        await fleet.ended("small", tenant="small", within=20)

        assert site.begun.index("small") < 10


@on_virtual_time
async def test_no_more_runs_of_a_graph_are_driven_at_once_than_its_limit_says() -> None:
    """By all processes together."""
    site = Site()
    limit = RunLimit(graph="g", runs=2)
    async with Fleet(site.build) as fleet:
        for number in range(6):
            await fleet.start(ONE, f"run{number}")
        for name in ("one", "other"):
            fleet.serve(name, run_limits=[limit])

        rows = [await fleet.ended(f"run{number}") for number in range(6)]

        assert [row.status for row in rows] == ["succeeded"] * 6
        assert site.at_once_max == 2


@on_virtual_time
async def test_of_runs_with_the_same_label_one_is_driven_at_once() -> None:
    """Two releases of one repository would undo each other."""
    site = Site()
    limit = RunLimit(graph="g", by="repo", each=1)
    async with Fleet(site.build) as fleet:
        for number in range(3):
            await fleet.start(ONE, f"same{number}", labels={"repo": "same"})
        await fleet.start(ONE, "other", labels={"repo": "other"})
        fleet.serve("one", run_limits=[limit])

        await fleet.ended("other")
        together = site.at_once_max
        [await fleet.ended(f"same{number}") for number in range(3)]

        assert (together, site.at_once_max) == (2, 2)


@on_virtual_time
async def test_a_process_that_is_told_to_leave_finishes_what_it_has_begun_and_others_go_on() -> None:
    """A deploy loses nothing and repeats nothing."""
    site = Site(seconds=5)
    async with Fleet(site.build) as fleet:
        leaving = fleet.serve("leaving", hands=5)
        for number in range(10):
            await fleet.start(TWO, f"run{number}")
        await asyncio.sleep(2)

        await leaving.leave()
        left = (len(site.begun), len(site.done), leaving.hands.busy)
        fleet.serve("heir")
        rows = [await fleet.ended(f"run{number}") for number in range(10)]

        assert left == (5, 5, 0)
        assert [row.status for row in rows] == ["succeeded"] * 10
        assert len(site.begun) == 20


@on_virtual_time
async def test_what_does_not_end_in_time_when_a_process_leaves_is_stopped_and_made_elsewhere() -> None:
    """It was stopped by its worker: that is no failure of it, and no death."""
    site = Site(seconds=30)
    async with Fleet(site.build) as fleet:
        leaving = fleet.serve("leaving", grace_seconds=2)
        await fleet.start(ONE)
        await asyncio.sleep(2)

        await leaving.leave()
        fleet.serve("heir")
        row = await fleet.ended()

        kinds = [
            event.body.error.kind
            for event in await fleet.log()
            if isinstance(event.body, NodeResult) and event.body.error
        ]
        assert (row.status, site.begun, site.done, kinds) == ("succeeded", ["run", "run"], ["run"], ["cancelled"])


@on_virtual_time
async def test_a_run_whose_driver_died_goes_on_within_a_lease() -> None:
    """On another machine, where nobody can look whether the process lives."""
    site = Site(seconds=0.1)
    async with Fleet(site.build) as fleet:
        dying = fleet.serve("dying", host="there")
        fleet.serve("heir", runs_max=0)
        await fleet.start({"a": {"tool": "build"}, "nap": {"wait": "1s", "after": "a"}})
        await fleet.until(lambda row: row.seq >= 4)

        dying.kill()
        del fleet.serving["dying"]
        fleet.serve("other")
        row = await fleet.ended(within=LEASE_SECONDS + 3)

        assert row.status == "succeeded"


@on_virtual_time
async def test_a_run_that_waits_for_a_person_is_held_by_nobody() -> None:
    """Ten thousand of them cost nothing until somebody answers."""
    site = Site()
    async with Fleet(site.build) as fleet:
        one = fleet.serve("one")
        await fleet.start({"ok": {"human": "Go on?", "choices": ["yes"]}})

        await fleet.until(lambda row: row.waiting == 1)
        await asyncio.sleep(1)

        assert one.service.driving == 0


@on_virtual_time
async def test_a_run_with_a_signal_that_only_a_newer_release_can_read_is_not_claimed_again_and_again() -> None:
    """In a fleet of two releases the older one must not spin on it, nor throw away what it cannot read."""
    async with Fleet() as fleet:
        one = fleet.serve("one")
        await fleet.start({"ok": {"human": "Go on?", "choices": ["yes"]}})
        await fleet.until(lambda row: row.waiting == 1)
        await fleet.store.send_signal("local", "run", kind="of a newer release", body=b"?", sender="ada")

        await asyncio.sleep(5 * LEASE_SECONDS)

        (lease,) = await fleet.store.renew_leases([Lease("local", "run", 3, 0, PROBE)])
        assert lease.epoch == 3  # started, asked, and taken once for the signal
        assert one.service.driving == 1
        assert len(await fleet.store.unread_signals("local", run="run")) == 1


class Turns:
    """A duty that notes who does it."""

    name = "count"

    def __init__(self, who: str, note: Callable[[str], None]) -> None:
        self._who = who
        self._note = note

    async def turn(self) -> int | None:
        """Noted."""
        self._note(self._who)
        return 0


@on_virtual_time
async def test_duties_are_done_by_one_and_by_another_once_it_dies() -> None:
    """Two that start what is due would start it twice; none would be no better."""
    turns: list[str] = []
    async with Fleet() as fleet:
        one = fleet.serve("one", duties=[Turns("one", turns.append)], host="there")
        await asyncio.sleep(1)
        fleet.serve("other", duties=[Turns("other", turns.append)])
        await asyncio.sleep(10)
        by_one = set(turns)

        one.kill()
        turns.clear()
        await asyncio.sleep(LEASE_SECONDS + 1)

        assert (by_one, set(turns)) == ({"one"}, {"other"})


@pytest.mark.parametrize(
    ("leaving", "dying", "states"),
    [(["one"], [], {"other": "working"}), ([], ["one"], {"one": "gone", "other": "working"})],
    ids=["in good order", "dead"],
)
def test_the_roster_tells_who_works_and_who_has_gone(
    leaving: list[str], dying: list[str], states: dict[str, str]
) -> None:
    """Who left in good order is struck off; who died is seen."""

    @on_virtual_time
    async def story() -> None:
        async with Fleet() as fleet:
            fleet.serve("one")
            fleet.serve("other")
            await asyncio.sleep(1)

            fleet.kill(dying)
            await asyncio.gather(*(fleet.serving[name].leave() for name in leaving))
            await asyncio.sleep(BEAT_SECONDS * MISSED_BEATS_MAX + 1)

            rows = await workers(fleet.store, at=fleet.clock.now(), host="elsewhere", is_running=lambda _: True)
            assert {row.card.owner.id: row.state for row in rows} == states

    story()


@on_virtual_time
async def test_the_roster_tells_who_is_leaving_and_what_it_still_does() -> None:
    """A worker that takes nothing more is not one that hangs."""
    site = Site(seconds=20)
    async with Fleet(site.build) as fleet:
        one = fleet.serve("one")
        await fleet.start(ONE)
        await asyncio.sleep(2)
        leaving = asyncio.ensure_future(one.leave())
        await asyncio.sleep(1)

        (row,) = await workers(fleet.store, at=fleet.clock.now(), host="elsewhere", is_running=lambda _: True)

        assert (row.state, row.driving, row.performing) == ("draining", 1, 1)
        await leaving
