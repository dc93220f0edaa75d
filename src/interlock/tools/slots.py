"""Slots: how many calls run at once, and the bounded line of those that wait, served in the order they came.

Knows nothing of deadlines: whoever waits may cancel its turn. Belongs to one event loop and is not thread-safe.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import Final

WAITING_MAX: Final = 1_000_000
"""How many calls may wait for a slot before the door says that it is full: far more than there are nodes in any graph.

A call that waits is on record as intended, so it must not fail because others wait as well; beyond this it is a fault.
"""


class Slots:
    """A number of slots. Every slot that is taken must be released exactly once, by whoever really holds it."""

    def __init__(self, limit: int, *, waiting_max: int = WAITING_MAX) -> None:
        self.limit = limit
        self._free = limit
        self._waiting_max = waiting_max
        self._turns: OrderedDict[asyncio.Future[None], None] = OrderedDict()
        """Who waits, in the order they came. Thousands may go at once, so nobody is looked for."""

    @property
    def free(self) -> int:
        """How many slots nobody holds."""
        return self._free

    @property
    def is_full(self) -> bool:
        """Whether neither a slot nor a place in the line is left."""
        return self._free == 0 and len(self._turns) >= self._waiting_max

    def take(self) -> bool:
        """A slot at once, if one is free; nobody who waits is overtaken, since a freed slot goes to them."""
        if self._free == 0:
            return False
        self._free -= 1
        return True

    def queue(self) -> asyncio.Future[None]:
        """A place in the line: done when the slot is yours. Await it with `turn`."""
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._turns[turn] = None
        return turn

    async def turn(self, turn: asyncio.Future[None]) -> None:
        """Wait for a place in the line. A slot that was handed over to someone who has just gone is passed on."""
        try:
            await turn
        except BaseException:
            if turn.done() and not turn.cancelled() and turn.exception() is None:
                self.release()
            else:
                self._forget(turn)
            raise

    def release(self) -> None:
        """Give a slot back: to the first in the line who is still there."""
        while self._turns:
            turn, _ = self._turns.popitem(last=False)
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1

    def _forget(self, turn: asyncio.Future[None]) -> None:
        """Who gave up must not count as waiting."""
        self._turns.pop(turn, None)
