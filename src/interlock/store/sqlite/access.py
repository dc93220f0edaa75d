"""How the parts of a SQLite store get at its file: what writes waits for its turn, what reads does not."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Protocol, TypeVar

T = TypeVar("T")


class Do(Protocol):
    """Execute a deed in a transaction, and return once it is durable."""

    async def __call__(self, deed: Callable[[sqlite3.Connection], T], /) -> T:
        """What the deed returned."""
        ...


class Look(Protocol):
    """Answer a question that takes microseconds."""

    def __call__(self, question: Callable[[sqlite3.Connection], T], /) -> T:
        """The answer."""
        ...
