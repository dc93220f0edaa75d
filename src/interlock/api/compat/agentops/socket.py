"""`/ws` of AgentOps: all agents, whenever anything about them has changed. Nothing is sent where nothing has."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final

from fastapi import APIRouter
from starlette.websockets import WebSocket

from interlock.api.compat.sockets import tell_all
from interlock.api.desks import Desk, ReadsRuns
from interlock.api.streams.following import Writing, of_feed
from interlock.api.streams.topics import Topic
from interlock.showing.instants import instant
from interlock.showing.json import encoded
from interlock.wire.agentops import AgentOpsAgent, AgentOpsUpdate

QUIET_SECONDS: Final = 0.2
"""How long it is at least from one message to the next: what happens in between is told together."""
SOMETHING: Final = Writing(event=lambda _: b".", live=lambda _: b"", heartbeat=b"")
"""What happened does not matter here, only that something did: agents are then looked at."""

router = APIRouter()


@router.websocket("/ws")
async def hear_agents(socket: WebSocket, desk: ReadsRuns) -> None:
    """Hear how all agents are, now and whenever that has changed."""
    async with aclosing(_updates(desk)) as updates:
        await tell_all(socket, updates)


async def _updates(desk: Desk) -> AsyncGenerator[bytes]:
    hub = await desk.reception.hubs.of(desk.caller.tenant)
    cards = await desk.reception.agent_cards.of(desk.caller.tenant)
    last: list[AgentOpsAgent] | None = None
    async with aclosing(of_feed(hub, Topic(), after=None, live=(), writing=SOMETHING)) as happenings:
        async for happened in happenings:
            if last is not None and not happened:
                continue
            agents = await cards.all()
            if agents != last:
                yield encoded(AgentOpsUpdate(agents=agents, timestamp=instant(time.time_ns() // 1_000)))
            last = agents
            await asyncio.sleep(QUIET_SECONDS)
