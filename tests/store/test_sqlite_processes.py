"""Several real processes at one file: one drives, others ask and signal, and any of them may be killed."""

from __future__ import annotations

import asyncio
import itertools
import subprocess
import sys
from pathlib import Path

from interlock.store import EventStore, Lease, verify_chain
from interlock.store.processes import this_process
from interlock.store.sqlite.store import SqliteEventStore
from tests.store.event_loop import in_event_loop
from tests.store.logs import NOON, TENANT, append, started, step
from tests.store.other_process import RUNS

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 30


def command(act: str, path: Path) -> list[str]:
    """How another process is started."""
    return [sys.executable, "-m", "tests.store.other_process", act, str(path)]


def acknowledged(lines: list[str]) -> dict[str, int]:
    """The last event of each run that a process was told is kept."""
    return {run: int(seq) for run, seq in (line.split() for line in lines)}


async def is_whole(store: EventStore, run: str) -> bool:
    """Whether a run's log verifies up to the head on record, and what is derived from it can be derived again."""
    row, ledger = await store.get_run(TENANT, run), await store.ledger(TENANT, run)
    await store.rebuild(TENANT, run, status=row.status, due=row.due)
    derived = (await store.get_run(TENANT, run), await store.ledger(TENANT, run))
    return verify_chain(await store.read_sealed(TENANT, run), head=row.head) is None and derived == (row, ledger)


def killed_while_it_appends(path: Path) -> list[str]:
    """What a process had been told is kept when it was killed in the middle of its work."""
    victim = subprocess.Popen(command("append_for_ever", path), cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert victim.stdout is not None
    lines = list(itertools.islice(victim.stdout, 100))
    victim.kill()
    rest, _ = victim.communicate()
    # The last line may have been cut off by the kill.
    return lines + rest.rpartition("\n")[0].splitlines()


async def append_until(done: asyncio.Task[int], store: EventStore, lease: Lease) -> int:
    """Append without pause until another process is done; how often."""
    for k in itertools.count():
        await store.append(append(lease, *step(k), after=1 + 2 * k))
        if done.done():
            return k + 1
    raise AssertionError


@in_event_loop
async def test_what_was_acknowledged_before_a_process_was_killed_is_there_and_verifies(tmp_path: Path) -> None:
    """The promise on which everything else stands; and who comes next can go on at once."""
    path = tmp_path / "runs.db"
    lines = killed_while_it_appends(path)

    async with SqliteEventStore(path, clock=lambda: NOON) as store:
        heads = {run: (await store.head(TENANT, run)).seq for run in RUNS}
        told = {entry.run: entry.last_seq for entry in await store.feed(TENANT, limit=1_000_000)}
        lease = await store.acquire_lease(TENANT, "r1", owner=this_process("next"))
        await store.append(append(lease, after=heads["r1"]))

        assert all(heads[run] >= seq for run, seq in acknowledged(lines).items())
        assert told == heads
        assert [await is_whole(store, run) for run in RUNS] == [True] * len(RUNS)


@in_event_loop
async def test_signals_of_another_process_arrive_while_this_one_writes_without_pause(tmp_path: Path) -> None:
    """`pause` typed in another terminal must reach a busy driver: its commits leave room for others."""
    path = tmp_path / "runs.db"
    async with SqliteEventStore(path, clock=lambda: NOON) as store:
        lease = await store.acquire_lease(TENANT, "r1", owner=this_process("driver"))
        await store.append(append(lease, started()))
        other = await asyncio.create_subprocess_exec(*command("send_signals", path), cwd=ROOT)
        sent = asyncio.create_task(other.wait())

        appends = await append_until(sent, store, lease)

        assert (sent.result(), appends > 0) == (0, True)
        bodies = [signal.body for signal in await store.unread_signals(TENANT, run="r1")]
        assert bodies == [str(k).encode() for k in range(10)]


def test_a_store_that_nobody_closed_does_not_keep_its_process(tmp_path: Path) -> None:
    """A program that ends must end."""
    ended = subprocess.run(command("leave_open", tmp_path / "runs.db"), cwd=ROOT, check=False, timeout=PATIENCE_SECONDS)

    assert ended.returncode == 0
