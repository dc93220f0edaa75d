"""What becomes of a store in PostgreSQL when its connections break and its server goes away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager

import pytest
from msgspec.structs import replace

from dev.postgres import PostgresServer, ServerUnavailable, running_postgres
from interlock.store import PlaceError, verify_chain
from interlock.store.lease import first_lease
from interlock.store.postgres.address import PostgresAddress
from interlock.store.postgres.session import Session, connect
from interlock.store.postgres.store import PostgresEventStore
from tests.postgres import IN_MEMORY
from tests.store.cutting_proxy import cutting_proxy
from tests.store.event_loop import in_event_loop
from tests.store.logs import NOON, TENANT, WORKER, append, log, owner, started, step

LITTLE_PATIENCE = 0.2
PATIENCE_SECONDS = 20

_WAITING = "select pid from pg_locks where not granted and pg_backend_pid() = any(pg_blocking_pids(pid))"


@pytest.fixture(scope="module")
def stoppable() -> Generator[PostgresServer]:
    """A server that may be stopped: nobody else uses it."""
    try:
        with running_postgres(parent=IN_MEMORY if IN_MEMORY.is_dir() else None) as server:
            yield server
    except ServerUnavailable as error:
        pytest.skip(str(error))


def store_at(address: str | PostgresAddress, *, patience_seconds: float = PATIENCE_SECONDS) -> PostgresEventStore:
    """A store whose clock stands still."""
    return PostgresEventStore(address, clock=lambda: NOON, patience_seconds=patience_seconds)


@asynccontextmanager
async def session_at(address: PostgresAddress) -> AsyncGenerator[Session]:
    """A connection beside a store's own."""
    session = await connect(address)
    try:
        yield session
    finally:
        session.terminate()


async def kept_waiting(session: Session) -> int:
    """The server's process that waits for what a session has locked, once there is one."""
    process: int | None = None
    async with asyncio.timeout(PATIENCE_SECONDS):
        while process is None:
            process = await session.fetchval(_WAITING)
    return process


@in_event_loop
async def test_an_append_whose_answer_was_lost_is_written_once_and_acknowledged(postgres_url: str) -> None:
    """The server had committed it: whoever waits is told so, rather than to be told that nobody knows."""
    async with cutting_proxy(postgres_url) as proxy, store_at(proxy.address) as store:
        lease = await store.acquire_lease(TENANT, "r1", owner=WORKER)
        await store.append(append(lease, started()))

        proxy.cut_next_answer()
        await store.append(append(lease, *step(0), after=1))
        await store.append(append(lease, *step(1), after=3))

        assert proxy.cuts == 1
        assert await store.read(TENANT, "r1") == log(started(), *step(0), *step(1))
        assert [entry.last_seq for entry in await store.feed(TENANT)] == [1, 3, 5]
        head = await store.head(TENANT, "r1")
        assert verify_chain(await store.read_sealed(TENANT, "r1"), head=head.hash) is None


@in_event_loop
async def test_an_append_that_was_cut_off_before_it_was_committed_is_made_again(
    postgres_address: PostgresAddress,
) -> None:
    """Administrators end connections; what was in flight on them is not theirs to lose."""
    async with store_at(postgres_address) as store, session_at(postgres_address) as other:
        lease = await store.acquire_lease(TENANT, "r1", owner=WORKER)
        await store.append(append(lease, started()))
        async with other.transaction():
            await other.execute("select * from feed_end for update")
            writing = asyncio.ensure_future(store.append(append(lease, *step(0), after=1)))
            await other.execute("select pg_terminate_backend($1)", await kept_waiting(other))

        await writing

        assert await store.read(TENANT, "r1") == log(started(), *step(0))
        assert len(await store.feed(TENANT)) == 2


@in_event_loop
async def test_a_start_whose_answer_was_lost_is_one_start(postgres_url: str) -> None:
    """It claims the run's first lease: made again, it must not find the run taken by somebody else, who is itself."""
    async with cutting_proxy(postgres_url) as proxy, store_at(proxy.address) as store:
        other = first_lease(TENANT, "r0", WORKER, at=NOON)
        await store.append(replace(append(other, started()), claim=other))
        lease = first_lease(TENANT, "r1", WORKER, at=NOON)

        proxy.cut_next_answer()
        await store.append(replace(append(lease, started(key="order-7")), claim=lease))
        await store.append(append(lease, *step(0), after=1))

        assert [row.run for row in await store.list_runs(TENANT)] == ["r1", "r0"]


@in_event_loop
async def test_a_server_that_stays_away_is_told_and_one_that_is_back_goes_on_being_used(
    stoppable: PostgresServer,
) -> None:
    """Nobody has to open anything again; and who was writing is told that the outcome is not known."""
    async with store_at(stoppable.address, patience_seconds=LITTLE_PATIENCE) as store:
        lease = await store.acquire_lease(TENANT, "r1", owner=WORKER)
        await store.append(append(lease, started()))
        stoppable.stop()

        with pytest.raises(PlaceError, match="it is unknown whether what was being written is kept") as unknown:
            await store.append(append(lease, *step(0), after=1))
        with pytest.raises(PlaceError, match="the server cannot be reached: check that it runs") as unreachable:
            await store.read(TENANT, "r1")
        stoppable.start()

        assert (unknown.value.reason, unreachable.value.reason) == ("unreachable", "unreachable")
        assert await store.read(TENANT, "r1") == log(started())
        await store.append(append(lease, *step(0), after=1))


@in_event_loop
async def test_who_is_about_to_leave_hardly_waits_for_a_server_that_is_away(stoppable: PostgresServer) -> None:
    """Nor does who waited for it already: a process that is to end would take its time for each of its words."""
    async with store_at(f"{stoppable.address}?schema=leaving") as store:
        stoppable.stop()
        try:
            reading = asyncio.ensure_future(store.read(TENANT, "r1"))
            await asyncio.sleep(0)
            store.leave_soon()

            async with asyncio.timeout(PATIENCE_SECONDS / 2):
                with pytest.raises(PlaceError, match="the server cannot be reached"):
                    await reading
        finally:
            stoppable.start()


@in_event_loop
async def test_a_server_that_is_restarted_in_the_middle_of_work_is_waited_for(stoppable: PostgresServer) -> None:
    """A restart for an update takes a second or two: no run has to fail for it."""
    async with store_at(f"{stoppable.address}?schema=restarted") as store:
        lease = await store.acquire_lease(TENANT, "r1", owner=WORKER)
        await store.append(append(lease, started()))
        seen = await store.change_mark()
        stoppable.kill()

        working = asyncio.gather(
            store.append(append(lease, *step(0), after=1)),
            store.read(TENANT, "r1"),
            store.renew_leases([lease]),
        )
        await asyncio.to_thread(stoppable.start)
        _, _, renewed = await working

        assert await store.read(TENANT, "r1") == log(started(), *step(0))
        assert [lease.epoch for lease in renewed] == [1]
        assert await store.change_mark() != seen


@in_event_loop
async def test_who_was_taken_over_while_the_server_was_away_writes_nothing(stoppable: PostgresServer) -> None:
    """What is sent again is fenced like anything else."""
    address = f"{stoppable.address}?schema=taken_over"
    async with store_at(address) as store, store_at(address) as other:
        lease = await store.acquire_lease(TENANT, "r1", owner=WORKER)
        await store.append(append(lease, started()))
        await store.release_lease(lease)
        await other.acquire_lease(TENANT, "r1", owner=owner(200))
        stoppable.kill()
        await asyncio.to_thread(stoppable.start)

        with pytest.raises(Exception, match="run r1 is no longer driven under lease 1"):
            await store.append(append(lease, *step(0), after=1))
