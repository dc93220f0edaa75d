"""Workers that have nothing to do ask their server next to nothing.

The server counts, and the workers are real; only the time of their event loop passes more quickly. With real time and
ten thousand runs it is measured by `python -m tests.chaos.idle`.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Generator
from pathlib import Path

import pytest

from dev.postgres import PostgresServer, ServerUnavailable, running_postgres
from interlock import Interlock
from interlock.embedded.handle import RunHandle
from tests.chaos.fleet.audit import Audit
from tests.chaos.idle import GRAPH, LOGGED, SCHEMA, statements
from tests.postgres import IN_MEMORY
from tests.store.hurried_loop import hurried

HURRY = 20
MINUTES = 3
SECONDS = 60 * MINUTES
RUNS = 20


@pytest.fixture
def telling() -> Generator[PostgresServer]:
    """A server that writes down who sends what."""
    try:
        with running_postgres(parent=IN_MEMORY if IN_MEMORY.is_dir() else None, settings=LOGGED) as server:
            yield server
    except ServerUnavailable as error:
        pytest.skip(str(error))


async def until_all_wait(runs: list[RunHandle]) -> None:
    """Nobody can move them on but people."""
    for run in runs:
        await run.wait_while_moving()


async def asked_while_idle(server: PostgresServer) -> Counter[str]:
    """How many statements two workers with waiting runs send in some minutes, by worker."""
    async with Interlock(f"{server.address}?schema={SCHEMA}") as interlock:
        audit = await Audit.over(server.address, SCHEMA)
        workers = [Interlock(await audit.address_for(name)) for name in ("first", "second")]
        stop = asyncio.Event()
        serving = [asyncio.create_task(worker.serve(stop)) for worker in workers]
        await until_all_wait([await interlock.start(GRAPH, detach=True) for _ in range(RUNS)])
        await asyncio.sleep(60)
        before = statements(server.log)
        await asyncio.sleep(SECONDS)
        sent = statements(server.log) - before
        stop.set()
        await asyncio.gather(*serving)
        await audit.close()
    return Counter(who for who, _ in sent.elements())


def test_of_two_idle_workers_one_asks_little_and_the_other_next_to_nothing(
    telling: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fleet that waits for people must not keep a server busy: two queries a second, and 0.2 for each further one."""
    monkeypatch.chdir(tmp_path)

    sent = hurried(lambda: asked_while_idle(telling), times=HURRY)

    most, least = max(sent["first"], sent["second"]), min(sent["first"], sent["second"])
    assert 0 < most <= 2 * SECONDS
    assert 0 < least <= 0.2 * SECONDS
