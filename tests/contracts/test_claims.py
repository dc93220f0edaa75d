"""What every event store promises of the runs that wait to be driven: who gets which of them next."""

from __future__ import annotations

import asyncio

import pytest

from interlock.store import LeaseLostError, RunLimit, RunsWaiting
from tests.store.event_loop import in_event_loop
from tests.store.logs import MINUTE, NOON, TENANT, WORKER, append, ended, owner, started, waiting_run
from tests.store.places import Place


@in_event_loop
async def test_runs_that_something_can_move_on_are_claimed_if_nobody_drives_them(place: Place) -> None:
    """After a crash this is all a worker needs to ask: who waits for people alone is left in peace."""
    async with place.store() as store:
        await waiting_run(store, "under_way")
        await waiting_run(store, "for_people", status="waiting")
        await waiting_run(store, "for_time", status="waiting", due=NOON)
        await waiting_run(store, "for_later", status="waiting", due=NOON + MINUTE)
        await waiting_run(store, "called", status="paused")
        await waiting_run(store, "driven")
        await waiting_run(store, "over")
        driven = await store.acquire_lease(TENANT, "driven", owner=WORKER)
        over = await store.acquire_lease(TENANT, "over", owner=WORKER)
        await store.append(append(over, ended(), after=1, releases=True))
        await store.send_signal(TENANT, "called", kind="resume", body=b"", sender="ada")

        now = await store.claim_runs(owner=owner(2), limit=10)
        nothing_more = await store.claim_runs(owner=owner(3), limit=10)
        place.setting.now += MINUTE
        later = await store.claim_runs(owner=owner(3), limit=10)

        assert [lease.run for lease in now] == ["under_way", "for_time", "called"]
        assert nothing_more == []
        assert {lease.run for lease in later} >= {"for_later", "driven"}
        with pytest.raises(LeaseLostError):
            await store.append(append(driven, ended(), after=1))


@in_event_loop
async def test_a_claim_as_of_an_instant_leaves_what_was_held_then(place: Place) -> None:
    """Who has just seen that its own leases hold must not take them from itself because the clock was put forward."""
    async with place.store() as store:
        await waiting_run(store, "r1")
        await store.claim_runs(owner=owner(2), limit=1)
        place.setting.now += 2 * MINUTE

        as_of_then = await store.claim_runs(owner=owner(2), limit=1, at=NOON)
        now = await store.claim_runs(owner=owner(2), limit=1)

        assert (as_of_then, [lease.run for lease in now]) == ([], ["r1"])


@in_event_loop
async def test_a_claimed_run_is_written_under_the_claim(place: Place) -> None:
    """A claim is a lease like any other."""
    async with place.store() as store:
        await waiting_run(store, "r1")

        (lease,) = await store.claim_runs(owner=owner(2), limit=1)
        await store.append(append(lease, ended(), after=1))

        assert (lease.tenant, lease.epoch, lease.owner, lease.expires_at) == (TENANT, 2, owner(2), NOON + MINUTE)


@in_event_loop
async def test_what_a_process_of_this_host_held_is_free_as_soon_as_it_is_gone(place: Place) -> None:
    """Whoever starts a worker again after a crash should not have to wait for leases that nobody can use."""
    async with place.store() as store:
        await waiting_run(store, "r1")
        await store.claim_runs(owner=owner(2), limit=1)
        place.setting.gone.add(2)

        elsewhere = await store.claim_runs(owner=owner(3, host="there"), limit=1)
        here = await store.claim_runs(owner=owner(4), limit=1)

        assert elsewhere == []
        assert [lease.run for lease in here] == ["r1"]


@in_event_loop
async def test_two_who_claim_at_once_never_get_the_same_run(place: Place) -> None:
    """Nor does one of them wait for the other longer than it has to."""
    async with place.store() as one, place.store() as other:
        for n in range(20):
            await waiting_run(one, f"r{n}")

        first, second = await asyncio.gather(
            one.claim_runs(owner=owner(2), limit=15), other.claim_runs(owner=owner(3), limit=15)
        )
        rest = await one.claim_runs(owner=owner(4), limit=15)

        taken = [lease.run for lease in (*first, *second, *rest)]
        assert sorted(taken) == sorted(f"r{n}" for n in range(20))


@in_event_loop
async def test_a_higher_priority_goes_first_and_then_what_was_started_first(place: Place) -> None:
    """Somebody waits for the urgent one, and the others keep their places."""
    async with place.store() as store:
        await waiting_run(store, "early")
        await waiting_run(store, "late")
        await waiting_run(store, "urgent", priority=5)
        await waiting_run(store, "idle", priority=-5)

        claimed = await store.claim_runs(owner=owner(2), limit=3)

        assert [lease.run for lease in claimed] == ["urgent", "early", "late"]


@in_event_loop
async def test_tenants_take_turns(place: Place) -> None:
    """Ten thousand runs of one must not starve the one of another, whatever their priorities."""
    async with place.store() as store:
        for n in range(6):
            await waiting_run(store, f"a{n}", tenant="acme", priority=100)
        await waiting_run(store, "b0", tenant="bolt")
        await waiting_run(store, "b1", tenant="bolt")

        first = await store.claim_runs(owner=owner(2), limit=3)
        then = await store.claim_runs(owner=owner(2), limit=3)

        assert sorted(lease.run for lease in first) == ["a0", "a1", "b0"]
        assert sorted(lease.run for lease in then) == ["a2", "a3", "b1"]


@in_event_loop
async def test_no_more_runs_of_a_graph_are_driven_than_its_limit_says(place: Place) -> None:
    """What cannot be taken stands in nobody's way."""
    limit = RunLimit(graph="ship", runs=2)
    async with place.store() as store:
        for n in range(4):
            await waiting_run(store, f"s{n}", graph="ship")
        await waiting_run(store, "other", graph="release")

        first = await store.claim_runs(owner=owner(2), limit=10, limits=[limit])
        then = await store.claim_runs(owner=owner(3), limit=10, limits=[limit])
        await store.release_lease(first[0])
        after = await store.claim_runs(owner=owner(3), limit=10, limits=[limit])

        assert [lease.run for lease in first] == ["s0", "s1", "other"]
        assert then == []
        assert [lease.run for lease in after] == ["s0"]


@in_event_loop
async def test_of_runs_with_the_same_label_no_more_are_driven_than_its_limit_says(place: Place) -> None:
    """Two deployments of one repository at a time would step on each other; those of two may run."""
    limit = RunLimit(graph="ship", by="repo", each=1)
    async with place.store() as store:
        for run, labels in (
            ("web1", {"repo": "web"}),
            ("web2", {"repo": "web"}),
            ("api1", {"repo": "api"}),
            ("none1", {}),
            ("none2", {}),
        ):
            await waiting_run(store, run, graph="ship", labels=labels)

        claimed = await store.claim_runs(owner=owner(2), limit=10, limits=[limit])

        assert [lease.run for lease in claimed] == ["web1", "api1", "none1", "none2"]


@in_event_loop
async def test_the_next_instant_at_which_there_is_something_to_claim_can_be_asked(place: Place) -> None:
    """So a worker sleeps until then, and asks nothing meanwhile."""
    async with place.store() as store:
        nothing = await store.next_claim()
        await waiting_run(store, "timed", status="waiting", due=NOON + 5)
        timed = await store.next_claim()
        await waiting_run(store, "moving")
        moving = await store.next_claim()
        await store.claim_runs(owner=owner(2), limit=1)
        after = await store.next_claim()
        place.setting.now += 5
        now = await store.next_claim()
        await store.claim_runs(owner=owner(2), limit=1)
        lease_ends = await store.next_claim()

        assert (nothing, timed, moving, after, now) == (None, NOON + 5, NOON, NOON + 5, NOON + 5)
        assert lease_ends is not None
        assert lease_ends >= NOON + 5


@in_event_loop
async def test_a_run_that_is_due_and_held_can_be_claimed_once_its_lease_has_run_out(place: Place) -> None:
    """Its owner may have fallen silent: whoever asks when to look again must not be told an instant that has passed."""
    async with place.store() as store:
        await waiting_run(store, "timed", status="waiting", due=NOON + 5)
        held = await store.acquire_lease(TENANT, "timed", owner=WORKER)
        place.setting.now = NOON + 6

        while_held = await store.next_claim()
        place.setting.now = held.expires_at
        once_it_ran_out = await store.next_claim()

        assert (while_held, once_it_ran_out) == (held.expires_at, held.expires_at)


@in_event_loop
async def test_a_run_that_was_spoken_to_and_is_held_can_be_claimed_once_its_lease_has_run_out(place: Place) -> None:
    """Whoever held it when it was answered may be gone: the answer is not left lying until somebody looks by chance."""
    async with place.store() as store:
        await waiting_run(store, "asks", status="waiting")
        held = await store.acquire_lease(TENANT, "asks", owner=WORKER)
        await store.send_signal(TENANT, "asks", kind="answer", body=b"", sender="ada")

        while_held = await store.next_claim()
        await store.release_lease(held)

        assert (while_held, await store.next_claim()) == (held.expires_at, NOON)


@in_event_loop
async def test_a_lease_that_has_run_out_of_a_run_that_only_waits_is_nothing_to_wake_for(place: Place) -> None:
    """A process that ends right after it looked leaves such leases behind; they must not keep anybody awake."""
    async with place.store() as store:
        await waiting_run(store, "asks", status="waiting")
        held = await store.acquire_lease(TENANT, "asks", owner=WORKER)
        place.setting.now = held.expires_at + 1

        assert await store.next_claim() is None


@in_event_loop
async def test_how_many_runs_wait_and_since_when_can_be_asked(place: Place) -> None:
    """It is what tells that there are too few workers."""
    async with place.store() as store:
        for run in ("r1", "r2"):
            await waiting_run(store, run)
        await waiting_run(store, "timed", graph="ship", status="waiting", due=NOON + 5)
        place.setting.now += 5
        driven = await store.acquire_lease(TENANT, "r3", owner=WORKER)
        await store.append(append(driven, started()))

        assert await store.runs_waiting() == [
            RunsWaiting(TENANT, "release", 2, NOON + 1),
            RunsWaiting(TENANT, "ship", 1, NOON + 5),
        ]
