"""How the parts of a store in PostgreSQL get at the server: to ask may be repeated, to do may not."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

from interlock.store.postgres.session import Session

T = TypeVar("T")


class Ask(Protocol):
    """Answer a question, however often its connection breaks."""

    async def __call__(self, question: Callable[[Session], Awaitable[T]], /) -> T:
        """The answer."""
        ...


class Do(Protocol):
    """Do a deed, and return once it is durable."""

    async def __call__(self, deed: Callable[[Session], Awaitable[T]], /) -> T:
        """What the deed returned."""
        ...
