"""A person's code while it runs, as the watch over it sees it; and the two ways to run it that need no process.

Knows nothing of tools: what is run makes its own ending and never raises. It is awaited in a task that belongs to this
one piece of work, so what the code does to its task harms nobody.
"""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, Generic, Protocol, TypeVar

from interlock.tools.threads import DaemonThreads

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Running(Protocol[T_co]):
    """Code that is about to run, or runs."""

    @property
    def cleans_up(self) -> bool:
        """Whether it is still waited for when it was asked to stop at its deadline."""
        ...

    async def ending(self) -> T_co:
        """Run it to its real end, perhaps long after it was given up. Awaited once."""
        ...

    def ask_to_stop(self) -> None:
        """Ask it to end soon."""
        ...


class RunningHere(Generic[T]):
    """A coroutine in the task that awaits its ending."""

    cleans_up = True

    def __init__(self, work: Coroutine[Any, Any, T], interrupt: Callable[[], None]) -> None:
        self._work = work
        self._interrupt = interrupt

    async def ending(self) -> T:
        """Await the coroutine."""
        return await self._work

    def ask_to_stop(self) -> None:
        """Cancel what it waits for; it may clean up."""
        self._interrupt()


class RunningThread(Generic[T]):
    """A function in a thread: it can be asked to stop, and given up, but nobody can end it."""

    cleans_up = False

    def __init__(self, work: Callable[[], T], threads: DaemonThreads, *, stopping: threading.Event) -> None:
        self._loop = asyncio.get_running_loop()
        self._stopping = stopping
        self._ended: asyncio.Future[T] = self._loop.create_future()
        threads.start(partial(self._run, partial(contextvars.copy_context().run, work)))

    async def ending(self) -> T:
        """Wait for the function to return."""
        return await self._ended

    def ask_to_stop(self) -> None:
        """Let the function see that it should stop."""
        self._stopping.set()

    def _run(self, work: Callable[[], T]) -> None:
        ending = work()
        try:
            self._loop.call_soon_threadsafe(self._end, ending)
        except RuntimeError:
            # The loop is closed: nobody is left who could be told.
            return

    def _end(self, ending: T) -> None:
        if not self._ended.done():
            self._ended.set_result(ending)
