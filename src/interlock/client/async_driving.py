"""Running the errands of flows in an event loop. It decides nothing: every rule is in the flows."""

from __future__ import annotations

import random
import time
from collections.abc import AsyncGenerator, Callable, Generator
from functools import partial
from inspect import isawaitable
from typing import TYPE_CHECKING, Any, TypeVar, assert_never

from interlock.client.driving import SLEEP_LONGER_BY
from interlock.client.errands import Bear, Errand, Flow, Hand, Make, Now, Open, Read, Send, Sleep, Tell, Telling, begun
from interlock.client.errors import ClientError
from interlock.client.patience import Patience
from interlock.client.retrying import exchange

if TYPE_CHECKING:
    from interlock.client.async_sending import AsyncLine, AsyncSender

T = TypeVar("T")
X = TypeVar("X")


class AsyncDriver:
    """What an `AsyncClient` runs flows with."""

    def __init__(self, sender: Callable[[], AsyncSender], patience: Patience) -> None:
        self._make_sender = sender
        self._made: AsyncSender | None = None
        self._patience = patience

    async def drive(self, flow: Flow[T]) -> T:
        """What a flow comes to."""
        line = self._sender.line()
        step = begun(flow)
        try:
            while True:
                try:
                    errand = step()
                except StopIteration as over:
                    return over.value
                step = await self._after(flow, errand, line)
        finally:
            flow.close()
            await line.close()

    async def tell(self, telling: Telling[T]) -> AsyncGenerator[T]:
        """What a flow tells, as far as somebody reads on."""
        line = self._sender.line()
        step = begun(telling)
        try:
            while True:
                try:
                    errand = step()
                except StopIteration:
                    return
                if isinstance(errand, Tell):
                    yield errand.value
                    step = begun(telling)
                else:
                    step = await self._after(telling, errand, line)
        finally:
            telling.close()
            await line.close()

    async def close(self) -> None:
        """Close all connections."""
        if self._made is not None:
            await self._made.close()

    @property
    def _sender(self) -> AsyncSender:
        """Made when something is sent first: who only imports this loads no HTTP."""
        if self._made is None:
            self._made = self._make_sender()
        return self._made

    async def _after(self, flow: Generator[X, Any, Any], errand: Errand, line: AsyncLine) -> Callable[[], X]:
        """How a flow goes on: with what came of its errand, or with the error that it met."""
        try:
            return partial(flow.send, await self._run(errand, line))
        except ClientError as met:
            return partial(flow.throw, met)

    async def _run(self, errand: Errand, line: AsyncLine) -> object:
        match errand:
            case Make(call):
                return await self.drive(exchange(call, self._patience))
            case Send(request):
                return await self._sender.send(request)
            case Open(request, silence_seconds):
                return await line.open(request, silence_seconds)
            case Read():
                return await line.read()
            case Sleep(seconds):
                import asyncio  # noqa: PLC0415 - a third of what importing the client would take, and this has it

                return await asyncio.sleep(seconds * (1 + SLEEP_LONGER_BY * random.random()))  # noqa: S311 - as there
            case Now():
                return time.monotonic()
            case Bear():
                return self._patience
            case Hand(function, argument):
                returned: Any = function(argument)
                return await returned if isawaitable(returned) else returned
            case _:
                assert_never(errand)
