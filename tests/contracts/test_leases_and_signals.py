"""What every event store promises of who may move a run on, and of what others leave for them."""

from __future__ import annotations

import asyncio

import pytest
from msgspec.structs import replace

from interlock.core import events as e
from interlock.store import (
    LeaseHeldError,
    LeaseLostError,
    RunKeyTakenError,
    SignalGoneError,
    SignalsFullError,
)
from interlock.store.event_store import SIGNALS_MAX
from interlock.store.lease import first_lease
from tests.store.event_loop import in_event_loop
from tests.store.logs import MINUTE, NOON, TENANT, WORKER, append, ended, log, owner, started, step
from tests.store.places import Place

# --- signals ---------------------------------------------------------------------------------------------------------


@in_event_loop
async def test_signals_wait_in_order_until_the_append_that_records_them(place: Place) -> None:
    """Neither lost in a crash nor seen twice: they go in the very commit in which their events come."""
    async with place.store() as store:
        lease = await store.acquire_lease(TENANT, "r1", owner=WORKER)
        pause = await store.send_signal(TENANT, "r1", kind="pause", body=b"1", sender="ada")
        resume = await store.send_signal(TENANT, "r1", kind="resume", body=b"2", sender="bob")
        await store.send_signal(TENANT, "r2", kind="pause", body=b"", sender="ada")

    async with place.store() as store:
        unread = await store.unread_signals(TENANT, run="r1")
        await store.append(append(lease, started(), e.RunPaused(), consumed=[pause]))

        assert [(s.id, s.run, s.kind, s.body, s.sender, s.sent_at) for s in unread] == [
            (pause, "r1", "pause", b"1", "ada", NOON),
            (resume, "r1", "resume", b"2", "bob", NOON),
        ]
        assert [signal.id for signal in await store.unread_signals(TENANT, run="r1")] == [resume]
        assert [signal.run for signal in await store.unread_signals(TENANT)] == ["r1", "r2"]


@in_event_loop
async def test_a_signal_is_consumed_once_and_only_by_its_own_run(place: Place) -> None:
    """Recording it twice would pause a run that was resumed in between."""
    async with place.store() as store:
        lease = await store.acquire_lease(TENANT, "r1", owner=WORKER)
        mine = await store.send_signal(TENANT, "r1", kind="pause", body=b"", sender="ada")
        other = await store.send_signal(TENANT, "r2", kind="pause", body=b"", sender="ada")
        await store.append(append(lease, started(), e.RunPaused(), consumed=[mine]))

        with pytest.raises(SignalGoneError):
            await store.append(append(lease, e.RunPaused(), after=2, consumed=[mine]))
        with pytest.raises(SignalGoneError):
            await store.append(append(lease, e.RunPaused(), after=2, consumed=[other]))

        assert (await store.head(TENANT, "r1")).seq == 2


@in_event_loop
async def test_a_signal_that_changes_nothing_is_consumed_without_an_event(place: Place) -> None:
    """A request may be refused when it is met; it must not wait for ever."""
    async with place.store() as store:
        lease = await store.acquire_lease(TENANT, "r1", owner=WORKER)
        await store.append(append(lease, started()))
        signal = await store.send_signal(TENANT, "r1", kind="resume", body=b"", sender="ada")

        await store.append(append(lease, after=1, consumed=[signal]))

        assert await store.unread_signals(TENANT) == []
        assert await store.read(TENANT, "r1") == log(started())
        assert len(await store.feed(TENANT)) == 1


@in_event_loop
async def test_what_nobody_reads_is_bounded_for_each_run(place: Place) -> None:
    """A driver that hangs must not let whoever asks again and again fill the disk."""
    async with place.store() as store:
        asked = [store.send_signal(TENANT, "r1", kind="pause", body=b"", sender="ada") for _ in range(SIGNALS_MAX)]
        await asyncio.gather(*asked)

        with pytest.raises(SignalsFullError, match="1,000 requests wait for run r1 and nobody reads them"):
            await store.send_signal(TENANT, "r1", kind="pause", body=b"", sender="ada")

        await store.send_signal(TENANT, "r2", kind="pause", body=b"", sender="ada")


# --- leases ----------------------------------------------------------------------------------------------------------


@in_event_loop
async def test_a_run_that_is_driven_is_not_driven_by_another(place: Place) -> None:
    """The second is told whom to look for."""
    async with place.store() as store:
        lease = await store.acquire_lease(TENANT, "r1", owner=owner(100))

        with pytest.raises(LeaseHeldError, match="run r1 is driven by process 100 on here") as refusal:
            await store.acquire_lease(TENANT, "r1", owner=owner(200))

        assert (refusal.value.holder, refusal.value.expires_at) == (owner(100), NOON + MINUTE)
        assert (lease.epoch, lease.expires_at) == (1, NOON + MINUTE)


@in_event_loop
async def test_an_append_without_the_lease_is_refused(place: Place) -> None:
    """Only who drives a run writes its log."""
    async with place.store() as store:
        lease = await store.acquire_lease(TENANT, "r1", owner=WORKER)
        await store.append(append(lease, started()))
        await store.release_lease(lease)

        with pytest.raises(LeaseLostError):
            await store.append(append(lease, *step(0), after=1))

        assert await store.read(TENANT, "r1") == log(started())


@in_event_loop
async def test_a_lease_that_has_run_out_is_taken_over_and_its_former_owner_fenced_off(place: Place) -> None:
    """A driver that was only asleep wakes up to write what it had decided: it must not be able to."""
    async with place.store() as store:
        old = await store.acquire_lease(TENANT, "r1", owner=owner(100, host="elsewhere"))
        await store.append(append(old, started()))
        place.setting.now += MINUTE

        new = await store.acquire_lease(TENANT, "r1", owner=owner(200))

        assert new.epoch == old.epoch + 1
        with pytest.raises(LeaseLostError) as refusal:
            await store.append(append(old, *step(0), after=1))
        assert (refusal.value.epoch, refusal.value.current) == (1, 2)
        assert await store.renew_leases([old]) == []
        await store.release_lease(old)
        await store.append(append(new, *step(0), after=1))


@in_event_loop
async def test_a_lease_that_has_run_out_still_serves_while_nobody_has_taken_it(place: Place) -> None:
    """A late renewal is no reason to throw work away: the epoch alone decides."""
    async with place.store() as store:
        lease = await store.acquire_lease(TENANT, "r1", owner=WORKER)
        place.setting.now += 2 * MINUTE

        await store.append(append(lease, started()))

        assert [renewed.expires_at for renewed in await store.renew_leases([lease])] == [NOON + 3 * MINUTE]


@in_event_loop
async def test_the_lease_of_a_dead_process_of_this_host_is_taken_over_at_once(place: Place) -> None:
    """After a crash people start again at once, and should not wait for a clock."""
    async with place.store() as store:
        await store.acquire_lease(TENANT, "here", owner=owner(100))
        await store.acquire_lease(TENANT, "there", owner=owner(100, host="elsewhere"))
        place.setting.gone = {100}

        taken = await store.acquire_lease(TENANT, "here", owner=owner(200))

        assert (taken.epoch, taken.owner) == (2, owner(200))
        with pytest.raises(LeaseHeldError):
            await store.acquire_lease(TENANT, "there", owner=owner(200))


@in_event_loop
async def test_a_renewed_lease_lasts_longer_and_a_released_one_is_free(place: Place) -> None:
    """A beat keeps many leases at once; letting go needs no waiting."""
    async with place.store() as store:
        lease = await store.acquire_lease(TENANT, "r1", owner=owner(100))
        released = await store.acquire_lease(TENANT, "r2", owner=owner(100))
        await store.release_lease(released)
        place.setting.now += MINUTE // 2

        renewed = await store.renew_leases([lease, released])

        assert [(lease.run, lease.epoch, lease.expires_at) for lease in renewed] == [("r1", 1, NOON + 3 * MINUTE // 2)]
        assert (await store.acquire_lease(TENANT, "r2", owner=owner(200))).epoch == 2


# --- leases that come and go with an append --------------------------------------------------------------------------


@in_event_loop
async def test_a_new_run_claims_its_first_lease_in_the_append_that_starts_it(place: Place) -> None:
    """Starting a run costs one commit, and nobody else can have the run from its first event on."""
    lease = first_lease(TENANT, "r1", WORKER, at=NOON)
    async with place.store() as store:
        await store.append(replace(append(lease, started()), claim=lease))

        await store.append(append(lease, *step(0), after=1))
        with pytest.raises(LeaseHeldError):
            await store.acquire_lease(TENANT, "r1", owner=owner(2))


@in_event_loop
async def test_a_claim_that_comes_too_late_writes_nothing(place: Place) -> None:
    """Two starts of one run cannot both be true."""
    async with place.store() as store:
        await store.acquire_lease(TENANT, "r1", owner=WORKER)
        late = first_lease(TENANT, "r1", owner(2), at=NOON)

        with pytest.raises(LeaseHeldError):
            await store.append(replace(append(late, started()), claim=late))

        assert await store.read(TENANT, "r1") == []


@in_event_loop
async def test_a_refused_start_leaves_no_lease_behind(place: Place) -> None:
    """A key that is taken must not block the name of the run that wanted it."""
    first = first_lease(TENANT, "r1", WORKER, at=NOON)
    second = first_lease(TENANT, "r2", WORKER, at=NOON)
    async with place.store() as store:
        await store.append(replace(append(first, started(key="order-7")), claim=first))
        with pytest.raises(RunKeyTakenError):
            await store.append(replace(append(second, started(key="order-7")), claim=second))

        lease = await store.acquire_lease(TENANT, "r2", owner=owner(2))

        assert lease.epoch == 1


@in_event_loop
async def test_the_append_that_ends_a_run_gives_its_lease_back(place: Place) -> None:
    """Ending a run costs one commit, and its former driver may write nothing more."""
    lease = first_lease(TENANT, "r1", WORKER, at=NOON)
    async with place.store() as store:
        await store.append(replace(append(lease, started(), ended()), claim=lease, releases=True))

        with pytest.raises(LeaseLostError):
            await store.append(append(lease, *step(0), after=2))
        next_lease = await store.acquire_lease(TENANT, "r1", owner=owner(2))

        assert next_lease.epoch == 2
