"""The feed of a store in PostgreSQL, where commits are made side by side and some of them take long."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from interlock.store import EventStore
from interlock.store.postgres.address import PostgresAddress
from interlock.store.postgres.session import Session, connect
from tests.store.event_loop import in_event_loop
from tests.store.logs import TENANT, WORKER, append, started
from tests.store.places import PostgresPlace

GATE = 7
PATIENCE_SECONDS = 20

_SLOW_COMMITS = f"""
    create function wait_at_gate() returns trigger language plpgsql as $$
    begin
        -- As long as the disk is busy: everything is written, and nothing is committed.
        if (select run = 'slow' from run where no = new.run_no) then
            perform pg_advisory_lock_shared({GATE});
        end if;
        return null;
    end $$;
    create constraint trigger slow_commit after insert on feed deferrable initially deferred
        for each row execute function wait_at_gate()"""  # noqa: S608 - a constant
_AT_GATE = "select count(*) from pg_locks where locktype = 'advisory' and not granted"
_BEHIND_IT = "select count(*) from pg_locks where locktype = 'transactionid' and not granted"


@asynccontextmanager
async def slow_commits(address: PostgresAddress) -> AsyncGenerator[Session]:
    """A session that keeps the gate shut at which the commits of the run `slow` wait."""
    session = await connect(address)
    try:
        await session.execute(_SLOW_COMMITS)
        await session.execute(f"select pg_advisory_lock({GATE})")
        yield session
    finally:
        session.terminate()


async def until_one_waits(session: Session, question: str) -> None:
    """Return once somebody waits."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not await session.fetchval(question):
            pass


async def followed(store: EventStore, runs: int) -> list[tuple[int, str]]:
    """What a follower sees that asks all the time, each time behind the last position it has seen."""
    seen: list[tuple[int, str]] = []
    async with asyncio.timeout(PATIENCE_SECONDS):
        while len(seen) < runs:
            after = seen[-1][0] if seen else 0
            seen += [(entry.position, entry.run) for entry in await store.feed(TENANT, after=after)]
    return seen


@in_event_loop
async def test_a_follower_misses_nothing_although_an_earlier_commit_takes_longer(
    postgres_address: PostgresAddress,
) -> None:
    """It was given its position first and would appear behind the others, where nobody looks any more."""
    place = PostgresPlace(postgres_address)
    async with place.store() as mine, place.store() as yours, slow_commits(postgres_address) as gate:
        slow = await mine.acquire_lease(TENANT, "slow", owner=WORKER)
        quick = await yours.acquire_lease(TENANT, "quick", owner=WORKER)
        following = asyncio.create_task(followed(yours, 2))
        first = asyncio.ensure_future(mine.append(append(slow, started())))
        await until_one_waits(gate, _AT_GATE)
        second = asyncio.ensure_future(yours.append(append(quick, started())))
        await until_one_waits(gate, _BEHIND_IT)
        seen_meanwhile = await yours.feed(TENANT)

        await gate.execute(f"select pg_advisory_unlock({GATE})")
        await asyncio.gather(first, second)

        assert seen_meanwhile == []
        assert await following == [(1, "slow"), (2, "quick")]


@in_event_loop
async def test_tenants_do_not_wait_for_each_others_commits(postgres_address: PostgresAddress) -> None:
    """One order is promised to each tenant, and none between them."""
    place = PostgresPlace(postgres_address)
    async with place.store() as mine, place.store() as yours, slow_commits(postgres_address) as gate:
        slow = await mine.acquire_lease(TENANT, "slow", owner=WORKER)
        other = await yours.acquire_lease("other", "quick", owner=WORKER)
        first = asyncio.ensure_future(mine.append(append(slow, started())))
        await until_one_waits(gate, _AT_GATE)

        await yours.append(append(other, started()))

        assert [entry.run for entry in await yours.feed("other")] == ["quick"]
        await gate.execute(f"select pg_advisory_unlock({GATE})")
        await first
