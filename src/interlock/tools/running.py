"""Work that has begun, as the watch over it sees it; and the two ways to run it that need no process.

Knows nothing of tools: what is run makes its own ending and never raises.
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


class Running(Protocol[T]):
    """Work that has begun."""

    @property
    def ended(self) -> asyncio.Future[T]:
        """Done when the work has really ended, perhaps long after it was given up."""
        ...

    @property
    def cleans_up(self) -> bool:
        """Whether it is still waited for when it was asked to stop at its deadline."""
        ...

    def ask_to_stop(self) -> None:
        """Ask it to end soon."""
        ...


class RunningTask(Generic[T]):
    """A coroutine in a task of its own: what it does to its task cannot harm the engine's."""

    cleans_up = True

    def __init__(self, work: Coroutine[Any, Any, T]) -> None:
        self.ended: asyncio.Future[T] = asyncio.get_running_loop().create_task(work)

    def ask_to_stop(self) -> None:
        """Cancel the task; it may clean up."""
        self.ended.cancel()


class RunningThread(Generic[T]):
    """A function in a thread: it can be asked to stop, and given up, but nobody can end it."""

    cleans_up = False

    def __init__(self, work: Callable[[], T], threads: DaemonThreads, *, stopping: threading.Event) -> None:
        self._loop = asyncio.get_running_loop()
        self._stopping = stopping
        self.ended: asyncio.Future[T] = self._loop.create_future()
        threads.start(partial(self._run, partial(contextvars.copy_context().run, work)))

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
        if not self.ended.done():
            self.ended.set_result(ending)
