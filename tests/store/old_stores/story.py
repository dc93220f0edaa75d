"""The runs that every recorded store holds: one has ended, one waits for a person, one was left an event.

It is executed by the release that records a store, and read by all that come after.
"""

from __future__ import annotations

from typing import Final

from interlock import Interlock, tool
from interlock.core.requests import SendEvent
from interlock.engine.signals import encode_request, kind_of
from interlock.store import EventStore, LeaseOwner

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


async def write(place: str, store: EventStore) -> None:
    """Fill a new store, which is named to the client as a person would, and opened at the same place."""
    async with Interlock(place, tools=[echo]) as interlock:
        ended = await interlock.start(GRAPH, {"text": LONG}, key="ended", labels={"team": "a"})
        await ended.send("go", {"n": 1}, by="ada")
        await ended.answer("ask", choice="yes", by="ada")
        await ended.wait()
        for key in ("waits", "hears"):
            handle = await interlock.start(GRAPH, {"text": LONG}, key=key)
            await handle.wait_while_moving()
    async with store:
        await _leave(store)


async def _leave(store: EventStore) -> None:
    """What only a process that dies leaves: a request that nobody has read, and a lease that nobody has given back."""
    row = await store.find_by_key(TENANT, "hears")
    assert row is not None
    request = SendEvent(id="1", name="go", data={"n": 2}, by="ada")
    await store.send_signal(TENANT, row.run, kind=kind_of(request), body=encode_request(request), sender="ada")
    await store.acquire_lease(TENANT, row.run, owner=GONE)
