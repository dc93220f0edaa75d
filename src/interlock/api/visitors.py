"""Visitors: whoever asks through a protocol that is not HTTP with routes of its own, such as MCP and A2A.

What a desk is to a route: it knows who asks, works for their tenant alone, and refuses what they may not do.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from msgspec import Struct

from interlock.api.backlog import Backlog
from interlock.api.errors import ApiError
from interlock.api.guard import CALLER, Scope
from interlock.embedded.graphs import Named
from interlock.embedded.handle import RunHandle
from interlock.embedded.interlock import Interlock
from interlock.embedded.served import Served
from interlock.tenancy import Act, Area, Caller


async def _never_full() -> None:
    """Where only one person asks nothing is ever too much."""


class Visitor(Struct, frozen=True, kw_only=True):
    """Who asks, what works for their tenant, and when there is no more time."""

    caller: Caller
    interlock: Interlock
    closing: asyncio.Event
    """Set when what serves them is about to end: whoever waits is told how things stand."""
    detaches: bool = False
    """Whether what is asked for is left to other processes."""
    refuse_if_full: Callable[[], Awaitable[None]] = _never_full

    def may(self, act: Act, area: Area) -> bool:
        """Whether they may do this."""
        return self.caller.may(act, area) is None

    def refuse_unless(self, act: Act, area: Area) -> None:
        """Raise what keeps them from it."""
        refusal = self.caller.may(act, area)
        if refusal is not None:
            raise ApiError("not_allowed", refusal.reason)

    async def start(
        self, graph: str, inputs: Mapping[str, Any], *, key: str = "", session: str = "", labels: Mapping[str, str] = {}
    ) -> RunHandle:
        """Start a run of what has this name, as `POST /v1/runs` does."""
        self.refuse_unless("act", "runs")
        await self.refuse_if_full()
        return await self.interlock.start(
            Named(graph),
            inputs,
            key=key,
            session=session,
            labels=labels,
            by=self.caller.name,
            detach=self.detaches,
        )

    async def rested(self, run: RunHandle, *, within_seconds: float) -> bool:
        """Wait until a run has ended or rests; False if there is no time for that."""
        resting = asyncio.ensure_future(run.rested())
        closing = asyncio.ensure_future(self.closing.wait())
        waiting: list[asyncio.Future[Any]] = [resting, closing]
        try:
            await asyncio.wait(waiting, timeout=within_seconds, return_when=asyncio.FIRST_COMPLETED)
            if resting.done():
                resting.result()
            return resting.done()
        finally:
            for each in waiting:
                each.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)


async def visitor_over_http(
    scope: Scope, served: Served[Interlock], backlog: Backlog, *, closing: asyncio.Event
) -> Visitor:
    """Whoever has sent a request, as the guard has recognised them."""
    caller: Caller = scope[CALLER]
    return Visitor(
        caller=caller,
        interlock=await served.of(caller.tenant),
        closing=closing,
        detaches=served.leaves_to_others,
        refuse_if_full=backlog.refuse_if_full,
    )
