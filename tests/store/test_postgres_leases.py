"""Leases in PostgreSQL, where renewals, appends and claims meet in the same rows at the same moment."""

from __future__ import annotations

import asyncio
from collections import Counter

from interlock.store import EventStore, Lease
from interlock.store.postgres.address import PostgresAddress
from tests.store.event_loop import in_event_loop
from tests.store.logs import NOON, TENANT, append, owner, started, step, waiting_run
from tests.store.places import PostgresPlace

MINUTE = 60_000_000


async def appended(store: EventStore, leases: list[Lease], *, rounds: int) -> None:
    """Each run goes on by some steps, all of them at once."""
    for k in range(rounds):
        await asyncio.gather(*[store.append(append(lease, *step(k), after=1 + 2 * k)) for lease in leases])


async def renewed(store: EventStore, leases: list[Lease], *, rounds: int) -> list[int]:
    """How many of the leases were still held, each time they were renewed."""
    return [len(await store.renew_leases(leases)) for _ in range(rounds)]


@in_event_loop
async def test_no_lease_is_lost_and_no_append_refused_because_both_meet_in_a_row(
    postgres_address: PostgresAddress,
) -> None:
    """A driver that is told its lease was lost lets its run go: in the middle of work, and for nothing."""
    place = PostgresPlace(postgres_address)
    async with place.store() as store, place.store() as beside:
        leases = [await store.acquire_lease(TENANT, f"r{n}", owner=owner(100)) for n in range(20)]
        await asyncio.gather(*[store.append(append(lease, started())) for lease in leases])

        _, held = await asyncio.gather(appended(store, leases, rounds=40), renewed(beside, leases, rounds=40))

        assert held == [len(leases)] * 40
        assert {(await store.head(TENANT, lease.run)).seq for lease in leases} == {81}


@in_event_loop
async def test_workers_that_claim_at_once_never_get_the_same_run(postgres_address: PostgresAddress) -> None:
    """What one has locked is left to it, and nobody waits for it."""
    place = PostgresPlace(postgres_address)
    async with place.store() as one, place.store() as two, place.store() as three:
        await asyncio.gather(*[waiting_run(one, f"r{n:02}") for n in range(60)])

        claims = [store.claim_runs(owner=owner(pid), limit=4) for store in (one, two, three) for pid in range(5)]
        claimed = [lease for leases in await asyncio.gather(*claims) for lease in leases]

        assert Counter(lease.run for lease in claimed).most_common(1)[0][1] == 1
        assert {lease.expires_at for lease in claimed} == {NOON + MINUTE}
        left = await one.runs_waiting()
        assert len(claimed) + sum(waiting.count for waiting in left) == 60
