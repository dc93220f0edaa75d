"""How often a provider is asked: so many calls at once, so many requests and tokens a minute, a queue of some length.

Calls wait in the order they came. Tokens are counted as providers count them when they admit a call: what is sent, and
as much answer as was asked for. What is refused here has reached nobody.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final, TypeAlias

from limits import RateLimitItemPerMinute
from limits.strategies import MovingWindowRateLimiter
from msgspec import Struct

from interlock.core.plan import Micros
from interlock.models.moving_window import ClockedWindow
from interlock.models.provider import RequestFailed

Sleep: TypeAlias = Callable[[Micros], Awaitable[None]]

_REQUESTS: Final = "requests"
_TOKENS: Final = "tokens"
_TICK: Final[Micros] = 1_000
"""A clock that stands still must not make a loop of waiting spin."""


class Pace(Struct, frozen=True, gc=False, kw_only=True):
    """How often a provider may be asked."""

    concurrency: int
    queue: int
    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None


class Pacing:
    """The place where calls to one provider wait for their turn. Belongs to one event loop."""

    def __init__(self, provider: str, pace: Pace, *, now: Callable[[], Micros], sleep: Sleep) -> None:
        self._provider = provider
        self._pace = pace
        self._now = now
        self._sleep = sleep
        self._slots = asyncio.Semaphore(pace.concurrency)
        self._turn = asyncio.Lock()
        self._waiting = 0
        self._limiter = MovingWindowRateLimiter(ClockedWindow(now))
        self._requests = _item(pace.requests_per_minute)
        self._tokens = _item(pace.tokens_per_minute)

    @asynccontextmanager
    async def turn(self, tokens: int, *, deadline: Micros | None) -> AsyncGenerator[None]:
        """A call's turn: entered when it may be made, left when it has ended; or `RequestFailed`."""
        if self._pace.tokens_per_minute is not None and tokens > self._pace.tokens_per_minute:
            raise RequestFailed(
                "refused",
                f"about {tokens:,} tokens are more than the {self._pace.tokens_per_minute:,} that {self._provider} "
                "may be asked for in a minute: ask for less, or raise `tokens_per_minute`",
            )
        await self._wait(tokens, deadline)
        try:
            yield
        finally:
            self._slots.release()

    async def _wait(self, tokens: int, deadline: Micros | None) -> None:
        if not self._slots.locked() and self._waiting == 0 and self._is_admitted(tokens):
            await self._slots.acquire()
            return
        if self._waiting >= self._pace.queue:
            raise RequestFailed(
                "rate_limited",
                f"{self._waiting:,} calls wait for {self._provider} already: ask later, or raise its `queue`",
                may_repeat=False,
            )
        self._waiting += 1
        try:
            await self._wait_in_line(tokens, deadline)
        finally:
            self._waiting -= 1

    async def _wait_in_line(self, tokens: int, deadline: Micros | None) -> None:
        try:
            async with asyncio.timeout(None if deadline is None else max(0, deadline - self._now()) / 1_000_000):
                await self._slots.acquire()
        except TimeoutError:
            raise self._too_late() from None
        try:
            async with self._turn:
                await self._wait_for_window(tokens, deadline)
        except BaseException:
            self._slots.release()
            raise

    async def _wait_for_window(self, tokens: int, deadline: Micros | None) -> None:
        while not self._is_admitted(tokens):
            wait = max(_TICK, self._opens_at() - self._now())
            if deadline is not None and self._now() + wait >= deadline:
                raise self._too_late()
            await self._sleep(wait)

    def _is_admitted(self, tokens: int) -> bool:
        """Count the call, if both windows have room for it."""
        limiter = self._limiter
        if self._tokens is not None and not limiter.test(self._tokens, _TOKENS, cost=tokens):
            return False
        if self._requests is not None and not limiter.hit(self._requests, _REQUESTS):
            return False
        return self._tokens is None or limiter.hit(self._tokens, _TOKENS, cost=tokens)

    def _opens_at(self) -> Micros:
        """When the oldest hit leaves the window that has no room: there may be more to wait for then."""
        if self._requests is not None and not self._limiter.test(self._requests, _REQUESTS):
            return self._reset(self._requests, _REQUESTS)
        assert self._tokens is not None
        return self._reset(self._tokens, _TOKENS)

    def _reset(self, item: RateLimitItemPerMinute, what: str) -> Micros:
        return round(self._limiter.get_window_stats(item, what).reset_time * 1_000_000)

    def _too_late(self) -> RequestFailed:
        return RequestFailed(
            "rate_limited", f"its turn at {self._provider} would come after its time has run out", may_repeat=False
        )


def _item(amount: int | None) -> RateLimitItemPerMinute | None:
    return None if amount is None else RateLimitItemPerMinute(amount)
