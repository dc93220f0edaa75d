"""Several real processes at one store in PostgreSQL: all of them write, and any of them may be killed or stopped."""

from __future__ import annotations

import asyncio
import itertools
import signal
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from interlock.store import EventStore, FeedEntry, Lease, verify_chain
from interlock.store.postgres.store import PostgresEventStore
from interlock.store.processes import this_process
from tests.store.event_loop import in_event_loop
from tests.store.logs import NOON, TENANT, append, started, step
from tests.store.other_process import RUNS

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 20
LINES = 60


@contextmanager
def process(*words: str) -> Generator[subprocess.Popen[str]]:
    """Another process, which is killed in the end."""
    command = [sys.executable, "-m", "tests.store.other_process", *words]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as started_process:
        try:
            yield started_process
        finally:
            started_process.kill()


def first_lines(writer: subprocess.Popen[str]) -> list[str]:
    """What a process says first: of each append that it was acknowledged."""
    assert writer.stdout is not None
    return list(itertools.islice(writer.stdout, LINES))


def rest_of(writer: subprocess.Popen[str]) -> list[str]:
    """What a process had said until it was killed. The last line may have been cut off by the kill."""
    writer.kill()
    rest, _ = writer.communicate()
    return rest.rpartition("\n")[0].splitlines()


def acknowledged(lines: list[str]) -> dict[str, int]:
    """The last event of each run that a process was told is kept."""
    return {run: int(seq) for run, seq in (line.split() for line in lines)}


async def followed_until(done: asyncio.Future[list[list[str]]], store: EventStore) -> list[FeedEntry]:
    """What a follower sees that asks all the time, each time behind the last position it has seen."""
    seen: list[FeedEntry] = []
    while not done.done():
        seen += await store.feed(TENANT, after=seen[-1].position if seen else 0)
    return seen


async def append_until(done: asyncio.Future[int], store: EventStore, lease: Lease) -> None:
    """Append without pause until another process is done."""
    for k in itertools.count():
        await store.append(append(lease, *step(k), after=1 + 2 * k))
        if done.done():
            return


async def is_whole(store: EventStore, run: str) -> bool:
    """Whether a run's log verifies up to the head on record, and what is derived from it can be derived again."""
    row, ledger = await store.get_run(TENANT, run), await store.ledger(TENANT, run)
    await store.rebuild(TENANT, run, status=row.status, due=row.due)
    derived = (await store.get_run(TENANT, run), await store.ledger(TENANT, run))
    return verify_chain(await store.read_sealed(TENANT, run), head=row.head) is None and derived == (row, ledger)


@in_event_loop
async def test_a_follower_of_two_writing_processes_misses_nothing_also_when_they_are_killed(postgres_url: str) -> None:
    """What was acknowledged is there, each log is whole, and the feed has told all of it in one order."""
    with process("append_for_ever", postgres_url, "a-") as one, process("append_for_ever", postgres_url, "b-") as two:
        async with PostgresEventStore(postgres_url, clock=lambda: NOON) as store:
            reading = [asyncio.create_task(asyncio.to_thread(first_lines, writer)) for writer in (one, two)]
            seen = await followed_until(asyncio.gather(*reading), store)
            lines = [*await reading[0], *rest_of(one), *await reading[1], *rest_of(two)]
            runs = [prefix + run for prefix in ("a-", "b-") for run in RUNS]
            # The server may still be busy with what the dead have asked of it: whoever takes over waits for that.
            leases = [store.acquire_lease(TENANT, run, owner=this_process("next")) for run in runs]
            await asyncio.gather(*leases)
            seen += await store.feed(TENANT, after=seen[-1].position, limit=1_000_000)

            heads = {run: (await store.head(TENANT, run)).seq for run in runs}
            assert all(heads[run] >= seq for run, seq in acknowledged(lines).items())
            assert {entry.run: entry.last_seq for entry in seen} == heads
            assert [entry.position for entry in seen] == list(range(1, len(seen) + 1))
            assert [await is_whole(store, run) for run in runs] == [True] * len(runs)


@in_event_loop
async def test_a_process_that_is_stopped_in_the_middle_of_its_work_holds_up_nobody(postgres_url: str) -> None:
    """A laptop is closed, a container frozen: what it was writing is the server's to finish."""
    with process("append_for_ever", postgres_url) as stopped:
        async with PostgresEventStore(postgres_url, clock=lambda: NOON) as store:
            lease = await store.acquire_lease(TENANT, "mine", owner=this_process("mine"))
            await asyncio.to_thread(first_lines, stopped)
            stopped.send_signal(signal.SIGSTOP)

            async with asyncio.timeout(PATIENCE_SECONDS):
                await store.append(append(lease, started()))
                await asyncio.gather(*[store.append(append(lease, *step(k), after=1 + 2 * k)) for k in range(20)])

            assert (await store.head(TENANT, "mine")).seq == 41


@in_event_loop
async def test_signals_of_another_process_arrive_while_this_one_writes_without_pause(postgres_url: str) -> None:
    """`pause` typed in another terminal must reach a busy driver."""
    async with PostgresEventStore(postgres_url, clock=lambda: NOON) as store:
        lease = await store.acquire_lease(TENANT, "r1", owner=this_process("driver"))
        await store.append(append(lease, started()))
        with process("send_signals", postgres_url) as other:
            sent = asyncio.create_task(asyncio.to_thread(other.wait))
            await append_until(sent, store, lease)

        bodies = [signal.body for signal in await store.unread_signals(TENANT, run="r1")]
        assert bodies == [str(k).encode() for k in range(10)]


def test_a_store_that_nobody_closed_does_not_keep_its_process(postgres_url: str) -> None:
    """A program that ends must end."""
    with process("leave_open", postgres_url) as forgetful:
        assert forgetful.wait(PATIENCE_SECONDS) == 0
