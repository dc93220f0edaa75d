"""What a worker does while its server is in trouble: it says what is wrong, loses nothing, and goes on by itself."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from dev.postgres import PostgresServer, ServerUnavailable, running_postgres
from interlock import Interlock, RunHandle, tool
from tests.chaos import slow_tools
from tests.chaos.fleet.processes import start_worker
from tests.chaos.fleet.world import World
from tests.chaos.many_hands import Wish, graph, told_of, wrong_with
from tests.engine.test_held_up import LateClock
from tests.postgres import IN_MEMORY
from tests.store.event_loop import in_event_loop
from tests.store.hanging_proxy import HangingProxy, hanging_proxy
from tests.store.hurried_loop import hurried

ROOT = Path(__file__).parents[2]
LATEST_SECONDS = 60
SOON_SECONDS = 10
"""Less than what ends processes mostly gives them."""
WISH = Wish(items=40, seconds=0.2, workers=1, concurrency=5, kill=None)

_CUT = """
    select pg_terminate_backend(pid) from pg_stat_activity
    where application_name = 'interlock' and pid <> pg_backend_pid()"""


@pytest.fixture
def stoppable() -> Generator[PostgresServer]:
    """A server that may be stopped: nobody else uses it."""
    try:
        with running_postgres(parent=IN_MEMORY if IN_MEMORY.is_dir() else None) as server:
            yield server
    except ServerUnavailable as error:
        pytest.skip(str(error))


@asynccontextmanager
async def at_work(folder: Path, server: PostgresServer) -> AsyncGenerator[tuple[RunHandle, World]]:
    """A run of forty calls, of which a worker in a process of its own has made some."""
    (folder / "world").mkdir()
    world = World(folder / "world")
    worker = start_worker(
        folder,
        "worker",
        store=server.address,
        tools="tests.chaos.slow_tools",
        concurrency=WISH.concurrency,
        lease_seconds=3,
    )
    try:
        async with Interlock(server.address, tools=[slow_tools], lease_seconds=3) as interlock:
            run = await interlock.start(graph(WISH), {"items": list(range(WISH.items))}, detach=True)
            await until(lambda: len(world.pages()) > WISH.items // 5)
            yield run, world
    finally:
        worker.kill()


async def until(moment: Callable[[], bool]) -> None:
    """Wait until something that other processes do has come to be."""
    async with asyncio.timeout(LATEST_SECONDS):
        while not moment():  # noqa: ASYNC110 - other processes bring it
            await asyncio.sleep(0.02)


async def cut_all(server: PostgresServer) -> int:
    """End every connection of every store; how many there were."""
    driver: Any = asyncpg
    admin = await driver.connect(server.address)
    try:
        return len(await admin.fetch(_CUT))
    finally:
        await admin.close()


@in_event_loop
async def test_a_worker_goes_on_when_its_server_is_back_after_a_crash(
    tmp_path: Path, stoppable: PostgresServer
) -> None:
    """What was acknowledged is in the log, and what was in flight is asked about and made: all of it once."""
    async with at_work(tmp_path, stoppable) as (run, world):
        stoppable.kill()
        stoppable.start()
        async with asyncio.timeout(LATEST_SECONDS):
            await run.ended()

        assert wrong_with(await told_of(run, world, WISH)) == []


@in_event_loop
async def test_a_worker_goes_on_when_all_its_connections_are_cut_again_and_again(
    tmp_path: Path, stoppable: PostgresServer
) -> None:
    """Poolers and administrators do that, and nobody should notice."""
    async with at_work(tmp_path, stoppable) as (run, world):
        cuts = [await cut_all(stoppable)]
        await until(lambda: len(world.pages()) > WISH.items // 2)
        cuts.append(await cut_all(stoppable))
        async with asyncio.timeout(LATEST_SECONDS):
            await run.ended()

        assert min(cuts) > 0
        assert wrong_with(await told_of(run, world, WISH)) == []


@in_event_loop
async def test_a_worker_that_is_told_to_leave_while_its_server_is_away_is_soon_gone(
    tmp_path: Path, stoppable: PostgresServer
) -> None:
    """Whoever ends a process waits a while, and then ends it without asking: nobody would be told what it held."""
    worker = start_worker(
        tmp_path, "worker", store=stoppable.address, tools="tests.chaos.slow_tools", concurrency=2, lease_seconds=3
    )
    try:
        await until(lambda: worker.is_working)
        stoppable.stop()

        began = time.monotonic()
        code = await asyncio.to_thread(worker.leave)
        took = time.monotonic() - began
    finally:
        worker.kill()

    assert (code, worker.said("left_store_away driving=0 performing=0 why=")) == (0, 1)
    assert took < SOON_SECONDS


@pytest.mark.usefixtures("own_postgres")  # where there can be no server it is skipped, and says why
@pytest.mark.skipif(
    subprocess.run(["unshare", "--mount", "true"], capture_output=True, check=False).returncode != 0,
    reason="only root may mount a small disk for a server",
)
def test_a_worker_says_that_the_servers_disk_is_full_and_goes_on_once_there_is_room(tmp_path: Path) -> None:
    """The one trouble that only people can end: they have to be told, and need do nothing else than make room."""
    program = ["unshare", "--mount", sys.executable, "-m", "tests.chaos.full_server", str(tmp_path / "full")]

    ended = subprocess.run(program, cwd=ROOT, capture_output=True, text=True, check=False, timeout=110)
    assert ended.stdout, ended.stderr
    told = json.loads(ended.stdout)

    assert (told["was_full"], told["exit_code"]) == (True, 0)
    assert told["ended"] == {"succeeded": told["acknowledged"]}
    assert told["verified"] == {"same": told["acknowledged"]}
    assert any("the server's disk is full: make room, then try again" in line for line in told["said"])


async def ended_although(address: str, trouble: Callable[[HangingProxy], object]) -> tuple[str, int, list[str]]:
    """How a run ends if something happens to its worker's connections in the middle of a call, and what was called."""
    called: list[str] = []

    @tool(effect="idempotent")
    async def pay(name: str) -> str:
        called.append(name)
        if name == "first":
            trouble(proxy)
        return name

    nodes = {
        "first": {"tool": "pay", "input": {"name": "first"}},
        "second": {"tool": "pay", "input": {"name": "second"}, "after": "first"},
    }
    stop = asyncio.Event()
    async with hanging_proxy(address) as proxy, Interlock(address, tools=[pay]) as here:
        # Its leases last as long as ever, while its loop has its time pass more quickly.
        serving = asyncio.create_task(Interlock(proxy.address, tools=[pay], lease_seconds=2).serve(stop))
        run = await here.start({"graph": "pays", "nodes": nodes}, detach=True)
        status = await run.ended()
        before = proxy.connections
        stop.set()
        await serving
    return status, before, called


def test_a_worker_whose_connections_fall_silent_takes_them_for_gone_and_goes_on(postgres_url: str) -> None:
    """A router that forgets connections tells neither end: without a limit a worker would wait for ever."""
    quiet = hurried(lambda: ended_although(postgres_url, lambda _: None), times=20)
    silent = hurried(lambda: ended_although(postgres_url, lambda proxy: proxy.hang()), times=20)

    assert (silent[0], silent[2]) == (quiet[0], quiet[2]) == ("succeeded", ["first", "second"])
    assert silent[1] > quiet[1]


async def served(place: Path, clock: LateClock, step: Callable[[LateClock], Awaitable[None]]) -> tuple[str, list[str]]:
    """How a run ends whose worker's clock is stepped in the middle of a call, and what was called."""
    called: list[str] = []

    @tool(effect="once")
    async def pay(name: str) -> str:
        called.append(name)
        await step(clock)
        return name

    nodes = {
        "first": {"tool": "pay", "input": {"name": "first"}},
        "second": {"tool": "pay", "input": {"name": "second"}, "after": "first"},
        "third": {"tool": "pay", "input": {"name": "third"}, "after": "second"},
    }
    stop = asyncio.Event()
    interlock = Interlock(place, tools=[pay], clock=clock, lease_seconds=3)
    serving = asyncio.create_task(interlock.serve(stop))
    async with Interlock(place, tools=[pay]) as here:
        run = await here.start({"graph": "pays", "nodes": nodes}, detach=True)
        async with asyncio.timeout(LATEST_SECONDS):
            status = await run.ended()
    stop.set()
    await serving
    return status, called


@in_event_loop
@pytest.mark.parametrize("hours", [1, -1])
async def test_a_worker_whose_clock_is_stepped_makes_each_call_once_and_goes_on(tmp_path: Path, hours: int) -> None:
    """Clocks are put right while workers work: leases seem to have run out, or to last for an hour."""

    async def step(clock: LateClock) -> None:
        clock.later += hours * 3_600_000_000

    told = await served(tmp_path / "runs.db", LateClock(), step)

    assert told == ("succeeded", ["first", "second", "third"])
