"""Threads that never hold the process open: for blocking tools, which nobody can end from outside.

`concurrent.futures` joins its threads when the interpreter exits, so a tool that hangs would hang the process with it.
How many run at once is bounded by the slots of those who start work here, not by this.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Final

IDLE_SECONDS: Final = 30.0


class DaemonThreads:
    """Daemon threads that are used again while work comes, and end when none has come for a while."""

    def __init__(self, *, idle_seconds: float = IDLE_SECONDS) -> None:
        self._idle_seconds = idle_seconds
        self._work: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._lock = threading.Lock()
        self._idle = 0

    def start(self, work: Callable[[], None]) -> None:
        """Run it at once, in an idle thread or a new one; `RuntimeError` if the system has no thread left."""
        with self._lock:
            needs_thread = self._idle == 0
            if not needs_thread:
                self._idle -= 1
        if needs_thread:
            threading.Thread(target=self._serve, name="interlock-tool", daemon=True).start()
        self._work.put(work)

    def _serve(self) -> None:
        while True:
            try:
                work = self._work.get(timeout=self._idle_seconds)
            except Empty:
                if self._may_leave():
                    return
                continue
            work()
            del work
            with self._lock:
                self._idle += 1

    def _may_leave(self) -> bool:
        """Whether this thread is not the one that work was just promised to."""
        with self._lock:
            if self._idle == 0:
                return False
            self._idle -= 1
            return True
