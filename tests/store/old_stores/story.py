"""The runs that every recorded store holds: one has ended, one waits for a person, one was left an event.

It is executed by the release that records a store, and read by all that come after.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Final

from interlock import Interlock, tool
from interlock.core.requests import SendEvent
from interlock.engine.signals import encode_request, kind_of
from interlock.store import LeaseOwner
from interlock.store.sqlite.store import SqliteEventStore

TENANT: Final = "local"
LONG: Final = "the same sentence again and again, " * 1_000
"""Long enough to be kept outside its event."""

GONE: Final = LeaseOwner(id="gone", host="elsewhere", pid=100, pid_started=1)
"""A process on another machine that was never heard of again."""

GRAPH: Final = {
    "graph": "old",
    "inputs": {"text": "string"},
    "nodes": {
        "ask": {"human": "Go on?", "choices": ["yes", "no"]},
        "hear": {"wait": {"event": "go"}},
        "echo": {"tool": "echo", "input": {"text": "${inputs.text}"}, "after": ["ask", "hear"]},
    },
    "outputs": {"text": "${echo}"},
}


@tool(effect="read")
def echo(text: str) -> str:
    """Say the same."""
    return text


def write(file: Path) -> None:
    """Fill a new store."""
    asyncio.run(_run(file))
    asyncio.run(_leave(file))


async def _run(file: Path) -> None:
    async with Interlock(str(file), tools=[echo]) as interlock:
        ended = await interlock.start(GRAPH, {"text": LONG}, key="ended", labels={"team": "a"})
        await ended.send("go", {"n": 1}, by="ada")
        await ended.answer("ask", choice="yes", by="ada")
        await ended.wait()
        for key in ("waits", "hears"):
            handle = await interlock.start(GRAPH, {"text": LONG}, key=key)
            await handle.wait_while_moving()


async def _leave(file: Path) -> None:
    """What only a process that dies leaves: a request that nobody has read, and a lease that nobody has given back."""
    async with SqliteEventStore(file, clock=lambda: 1) as store:
        row = await store.find_by_key(TENANT, "hears")
        assert row is not None
        request = SendEvent(id="1", name="go", data={"n": 2}, by="ada")
        await store.send_signal(TENANT, row.run, kind=kind_of(request), body=encode_request(request), sender="ada")
        await store.acquire_lease(TENANT, row.run, owner=GONE)
