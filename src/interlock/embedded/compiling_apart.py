"""Checking graphs beside an event loop: compiling takes as long as a graph is large, and nobody else waits for it.

At most so many are checked at a time; more wait for their turn. Threads are made when the first is needed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

T = TypeVar("T")

AT_ONCE: Final = 2
"""More would only take turns, and take them from the event loop as well."""


class Apart:
    """Where what takes long is done."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="interlock-checks")

    async def do(self, work: Callable[[], T]) -> T:
        """What the work comes to. Who stops waiting for it does not stop it."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)
