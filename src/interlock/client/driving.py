"""Running the errands of flows, and blocking meanwhile. It decides nothing: every rule is in the flows."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Generator, Iterator
from functools import partial
from inspect import isawaitable, iscoroutine
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeVar, assert_never

from interlock.client.errands import Bear, Errand, Flow, Hand, Make, Now, Open, Read, Send, Sleep, Tell, Telling, begun
from interlock.client.errors import ClientError
from interlock.client.patience import Patience
from interlock.client.retrying import exchange

if TYPE_CHECKING:
    from interlock.client.sending import Line, Sender

T = TypeVar("T")
X = TypeVar("X")

SLEEP_LONGER_BY: float = 0.5
"""By what part of it a sleep is at most longer than it has to be."""


class Driver:
    """What a `Client` runs flows with."""

    def __init__(self, sender: Callable[[], Sender], patience: Patience) -> None:
        self._make_sender = sender
        self._made: Sender | None = None
        self._making = Lock()
        self._patience = patience

    def drive(self, flow: Flow[T]) -> T:
        """What a flow comes to."""
        line = self._sender.line()
        step = begun(flow)
        try:
            while True:
                try:
                    errand = step()
                except StopIteration as over:
                    return over.value
                step = self._after(flow, errand, line)
        finally:
            flow.close()
            line.close()

    def tell(self, telling: Telling[T]) -> Iterator[T]:
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
                    step = self._after(telling, errand, line)
        finally:
            telling.close()
            line.close()

    def close(self) -> None:
        """Close all connections."""
        if self._made is not None:
            self._made.close()

    @property
    def _sender(self) -> Sender:
        """Made when something is sent first: who only imports this loads no HTTP."""
        with self._making:  # of two threads that send first, one makes it
            if self._made is None:
                self._made = self._make_sender()
            return self._made

    def _after(self, flow: Generator[X, Any, Any], errand: Errand, line: Line) -> Callable[[], X]:
        """How a flow goes on: with what came of its errand, or with the error that it met."""
        try:
            return partial(flow.send, self._run(errand, line))
        except ClientError as met:
            return partial(flow.throw, met)

    def _run(self, errand: Errand, line: Line) -> object:
        match errand:
            case Make(call):
                return self.drive(exchange(call, self._patience))
            case Send(request):
                return self._sender.send(request)
            case Open(request, silence_seconds):
                return line.open(request, silence_seconds)
            case Read():
                return line.read()
            case Sleep(seconds):
                return time.sleep(seconds * (1 + SLEEP_LONGER_BY * random.random()))  # noqa: S311 - nobody guesses it
            case Now():
                return time.monotonic()
            case Bear():
                return self._patience
            case Hand(function, argument):
                return _returned(function(argument))
            case _:
                assert_never(errand)


def _returned(found: object) -> object:
    if isawaitable(found):
        if iscoroutine(found):
            found.close()  # it will not be awaited, and need not say so itself
        raise ClientError(
            "a Client was given an async function", code="async_function", advice="use an AsyncClient, or a plain one"
        )
    return found
