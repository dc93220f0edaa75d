"""The world that a fleet of workers touches: a folder with one file for each effect, written to the disk line by line.

It does what a payment service does: an effect's id is its key, so that it is done once, and when it has said that an
effect did not take place it refuses the tries that had come until then. Without that nothing can happen exactly once: a
process that was held up in the middle of a call comes to the world at any later time. All that it is asked is written
down, so that a call which was made twice without a question in between is found all the same.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

BEGUN: Final = "begun"
DONE: Final = "done"
AGAIN: Final = "again"
REFUSED: Final = "refused"
FOUND: Final = "found"
NOT_FOUND: Final = "not-found"


class TryGivenUp(Exception):
    """Somebody was told meanwhile that this try has not taken place, and it must not any more."""


class World:
    """What was done, by effect."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def begin(self, effect: str, attempt: int) -> int:
        """A try has come; its number among all that was written of the effect."""
        with self._page(effect) as page:
            page.write(BEGUN, attempt)
            return len(page.lines)

    def perform(self, effect: str, attempt: int, *, begun: int) -> None:
        """The effect itself, for good; `TryGivenUp` if that try was given up since it had begun."""
        with self._page(effect) as page:
            if any(line.startswith(NOT_FOUND) for line in page.lines[begun:]):
                page.write(REFUSED, attempt)
                raise TryGivenUp(f"attempt {attempt} of {effect} was given up")
            page.write(AGAIN if any(line.startswith(DONE) for line in page.lines) else DONE, attempt)

    def took_place(self, effect: str) -> bool:
        """Whether the effect took place. If not, none of the tries made until now will do it any more."""
        with self._page(effect) as page:
            found = any(line.startswith(f"{DONE} ") for line in page.lines)
            page.write(FOUND if found else NOT_FOUND, 0)
            return found

    def pages(self) -> dict[str, list[str]]:
        """Everything that was written, by effect."""
        return {file.name: file.read_text().splitlines() for file in self._folder.iterdir()}

    @contextmanager
    def _page(self, effect: str) -> Generator[_Page]:
        """What was written of an effect, while nobody else writes of it."""
        descriptor = os.open(self._folder / effect, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield _Page(descriptor)
        finally:
            os.close(descriptor)


class _Page:
    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self.lines = os.pread(descriptor, os.fstat(descriptor).st_size, 0).decode().splitlines()

    def write(self, what: str, attempt: int) -> None:
        os.write(self._descriptor, f"{what} {attempt} by {os.getpid()}\n".encode())
        os.fsync(self._descriptor)
