"""The pace of a tool: in no minute more calls begin than its contract allows, for each tenant apart.

A call that would be too early is given the first instant at which it may begin, in the order in which the calls came.
The instants are counted here, in one process: what several processes do together is not known.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Any, Final

from interlock.core.plan import Micros
from interlock.tools.clock import Clock

if TYPE_CHECKING:
    from interlock.tools.in_flight import InFlight

MINUTE: Final[Micros] = 60_000_000
WAIT_MAX: Final[Micros] = 10 * MINUTE
"""How long a call without a deadline waits for its turn at most."""


class TooFast(Exception):
    """A call whose turn would come too late."""

    def __init__(self, rate_per_minute: int, wait: Micros) -> None:
        super().__init__(f"it may be called {rate_per_minute} times a minute, and its turn is {wait / 1e6:.1f} s away")


class Pacing:
    """When the calls of each tool began, or will begin. Belongs to one event loop."""

    def __init__(self) -> None:
        self._begun: dict[tuple[str, str], deque[Micros]] = {}

    def turn(self, tenant: str, tool: str, rate_per_minute: int, *, now: Micros, deadline: Micros | None) -> Micros:
        """The instant at which a call may begin, kept for it; `TooFast` if that is behind its deadline."""
        begun = self._begun.setdefault((tenant, tool), deque())
        while begun and begun[0] <= now - MINUTE:
            begun.popleft()
        due = max(now, begun[-rate_per_minute] + MINUTE) if len(begun) >= rate_per_minute else now
        if due > now and due >= (now + WAIT_MAX if deadline is None else deadline):
            raise TooFast(rate_per_minute, due - now)
        begun.append(due)
        return due

    def give_back(self, tenant: str, tool: str, due: Micros) -> None:
        """The call of that instant does not take place."""
        begun = self._begun.get((tenant, tool))
        if begun is not None and due in begun:
            begun.remove(due)


async def wait_until(due: Micros, clock: Clock, in_flight: InFlight[Any]) -> bool:
    """Wait for an instant. False: the call was asked to stop before."""
    if due <= clock.now():
        return in_flight.stops == 0
    come: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

    def end(*, is_time: bool) -> None:
        if not come.done():
            come.set_result(is_time)

    timer = clock.call_at(due, lambda: end(is_time=True))
    in_flight.on_stop(lambda: end(is_time=False))
    try:
        return await come
    finally:
        timer.cancel()
