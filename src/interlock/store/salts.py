"""Salts for events, drawn from the system many at a time: for each append alone it would cost more than the sealing.

No two events get the same one. They are for one process: who forks one opens a store of its own there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

from interlock.store.sealing import SALT_BYTES

RandomBytes: TypeAlias = Callable[[int], bytes]
"""What salts and keys are made with."""

_DRAWN_AT_ONCE: Final = 256


class Salts:
    """The salts of one writer."""

    def __init__(self, random_bytes: RandomBytes) -> None:
        self._random_bytes = random_bytes
        self._drawn = b""
        self._used = 0

    def take(self, count: int) -> bytes:
        """So many salts, one behind the other."""
        begin, end = self._used, self._used + SALT_BYTES * count
        if end > len(self._drawn):
            self._drawn = self._random_bytes(SALT_BYTES * max(count, _DRAWN_AT_ONCE))
            begin, end = 0, SALT_BYTES * count
        self._used = end
        return self._drawn[begin:end]
