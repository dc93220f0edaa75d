"""Checking graphs beside an event loop: compiling takes as long as a graph is large, and nobody else waits for it.

What is large has a line of its own, so that what somebody just types is not behind it. Threads are made when the first
is needed; one more in a line would only take turns, and take them from the event loop as well.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

T = TypeVar("T")

LARGE_BYTES: Final = 128 * 1024
"""A text that is longer is large: some thousand nodes, and a tenth of a second."""
LARGE_NODES: Final = 1_000
"""So is a document with more nodes."""


class Apart:
    """Where what takes long is done: one thing at a time in each of two lines. More wait for their turn."""

    def __init__(self) -> None:
        self._small = ThreadPoolExecutor(1, thread_name_prefix="interlock-checks")
        self._large = ThreadPoolExecutor(1, thread_name_prefix="interlock-large-checks")

    async def do(self, work: Callable[[], T], *, is_large: bool = False) -> T:
        """What the work comes to. Who stops waiting for it does not stop it."""
        line = self._large if is_large else self._small
        return await asyncio.get_running_loop().run_in_executor(line, work)
