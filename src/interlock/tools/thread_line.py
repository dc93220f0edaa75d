"""The way from a tool's thread to the event loop."""

from __future__ import annotations

import asyncio
import threading

from interlock.tools.attempt import Attempt
from interlock.tools.conversation import Note, Reply, Request
from interlock.tools.errors import ToolStopped


class ThreadLine:
    """A line that any thread of the tool may use. Notes that are not yet delivered are replaced by newer ones."""

    def __init__(self, attempt: Attempt, *, stopping: threading.Event) -> None:
        self._attempt = attempt
        self._loop = asyncio.get_running_loop()
        self._stopping = stopping
        self._lock = threading.Lock()
        self._undelivered: dict[type[Note], Note] = {}

    def request(self, request: Request) -> Reply:
        """Ask, and block this thread until the reply is there."""
        asked = self._attempt.request(request)
        try:
            reply = asyncio.run_coroutine_threadsafe(asked, self._loop)
        except RuntimeError:
            # The loop is closed: the process is ending, and this thread with it.
            asked.close()
            raise ToolStopped from None
        return reply.result()

    def note(self, note: Note) -> None:
        """Say something that needs no reply."""
        with self._lock:
            is_on_its_way = bool(self._undelivered)
            self._undelivered[type(note)] = note
        if is_on_its_way:
            return
        try:
            self._loop.call_soon_threadsafe(self._deliver)
        except RuntimeError:
            raise ToolStopped from None

    def is_stopping(self) -> bool:
        """Whether the tool was asked to stop."""
        return self._stopping.is_set()

    def _deliver(self) -> None:
        with self._lock:
            notes, self._undelivered = self._undelivered, {}
        for note in notes.values():
            self._attempt.note(note)
