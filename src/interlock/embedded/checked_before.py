"""Graphs that were checked before and are what they were: to compile one takes far longer than to see that.

A server is asked for the same graph again and again. Whether anything that it was made of has changed is seen by its
files' times and sizes, the project's agents included.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Hashable
from pathlib import Path
from typing import Final, Generic, TypeVar

T = TypeVar("T")

REMEMBERED_MAX: Final = 1_000
SETTLED_NANOS: Final = 100_000_000
"""A file that was changed less than this before it was read may be changed again without its time telling: clocks of
file systems tick in milliseconds."""


class CheckedBefore(Generic[T]):
    """What was made of a folder's files, by name, for as long as none of them has changed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: dict[str, tuple[Hashable, T]] = {}

    def get(self, name: str, make: Callable[[], T], *, also: Hashable) -> T:
        """What was made before under this name, or what is made now. `also` is what it depends on besides the files."""
        files, newest = _files_of(self._folder)
        now = (files, also)
        known = self._known.get(name)
        if known is not None and known[0] == now:
            return known[1]
        made = make()
        if time.time_ns() - newest > SETTLED_NANOS:
            if len(self._known) >= REMEMBERED_MAX:
                self._known.clear()
            self._known[name] = (now, made)
        return made


def _files_of(folder: Path) -> tuple[Hashable, int]:
    """What tells whether a folder's files are the same ones, and when the newest was changed."""
    try:
        with os.scandir(folder) as entries:
            found = [(entry.name, entry.stat()) for entry in entries]
    except OSError:
        return None, 0
    files = sorted((name, each.st_mtime_ns, each.st_size, each.st_ino) for name, each in found)
    return tuple(files), max((each.st_mtime_ns for _, each in found), default=0)
