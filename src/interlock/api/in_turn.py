"""Answers for which many logs are read: one after the other, so that nothing else that is asked waits for them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Final

from interlock.api.errors import ApiError

WAIT_SECONDS: Final = 10.0
"""How long a request waits for its turn."""
RETRY_SECONDS: Final = "5"


class InTurn:
    """A line of those who want such an answer."""

    def __init__(self) -> None:
        self._reading = asyncio.Semaphore(1)

    @asynccontextmanager
    async def turn(self) -> AsyncGenerator[None]:
        """Wait until it is one's turn; whoever would wait too long is told to come again."""
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                await self._reading.acquire()
        except TimeoutError:
            detail = "others wait already for answers for which many runs are read"
            raise ApiError("too_many_requests", detail, headers={"retry-after": RETRY_SECONDS}) from None
        try:
            yield
        finally:
            self._reading.release()
