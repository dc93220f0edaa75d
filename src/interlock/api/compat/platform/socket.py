"""`/ws/tasks`: what happens to tasks, as the Orchestration Platform told it.

There it was `/ws`, which is AgentOps' here: a client of either would stumble over what the other is told. And there
everybody heard of everybody's tasks; here each hears of their tenant's alone.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final

from fastapi import APIRouter
from starlette.websockets import WebSocket

from interlock.api.compat.sockets import tell_all
from interlock.api.desks import Desk, ReadsRuns
from interlock.api.streams.following import Writing, of_feed
from interlock.api.streams.frames import Told
from interlock.api.streams.topics import Topic
from interlock.engine.errors import EngineError
from interlock.showing.json import encoded
from interlock.showing.platform_tasks import task_change
from interlock.store.errors import ErasedError

RUNS: Final = Topic(types=frozenset({"run"}))
"""What happens to a run as a whole."""


def _named(told: Told) -> bytes:
    return f"{told.run} {told.kept.type}\n".encode()


NAMED: Final = Writing(event=_named, live=lambda _: b"", heartbeat=b"")

router = APIRouter()


@router.websocket("/ws/tasks")
async def hear_tasks(socket: WebSocket, desk: ReadsRuns) -> None:
    """Hear what happens to tasks from now on."""
    async with aclosing(_changes(desk)) as changes:
        await tell_all(socket, changes)


async def _changes(desk: Desk) -> AsyncGenerator[bytes]:
    hub = await desk.reception.hubs.of(desk.caller.tenant)
    async with aclosing(of_feed(hub, RUNS, after=None, live=(), writing=NAMED)) as happenings:
        async for happened in happenings:
            for run, _, event in (line.partition(" ") for line in happened.decode().splitlines()):
                change = await _change(desk, run, event)
                if change:
                    yield change


async def _change(desk: Desk, run: str, event: str) -> bytes:
    try:
        handle = await desk.interlock.open(run)
        return encoded(task_change(event, await handle.view(whole=False)))
    except (ErasedError, EngineError):
        return b""  # it was given up meanwhile
