"""The store as one process sees it: every answer takes its time, and none comes when the process is dead.

What goes wrong with an append is put in by the faults of `interlock.faults`, as in anybody's tests.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from random import Random
from typing import Any, cast

from interlock.store.effect_queue import EffectQueue
from interlock.store.errors import StoreError
from interlock.store.event_store import Append, EventStore
from interlock.store.records import Records


class Unreachable(StoreError):
    """The store did not answer, since nobody is there who could hear it."""


class Way:
    """Each method of something that is asked across the network, which takes its time and may not answer."""

    def __init__(self, to: object, passing: Callable[[], Coroutine[Any, Any, None]]) -> None:
        self._to = to
        self._passing = passing

    def __getattr__(self, name: str) -> Callable[..., Coroutine[Any, Any, Any]]:
        method: Callable[..., Coroutine[Any, Any, Any]] = getattr(self._to, name)

        async def through(*given: Any, **known: Any) -> Any:  # noqa: ANN401 - whatever that method takes and gives
            await self._passing()
            return await method(*given, **known)

        return through


class ProcessDoor(Way):
    """One process's way to the store. Once it is `dead`, nothing that the process still does reaches it.

    `blobs` keeps what was put aside by anybody, for whoever verifies the log afterwards.
    """

    def __init__(self, store: EventStore, dice: Random, *, blobs: dict[str, bytes]) -> None:
        super().__init__(store, self._pass)
        self.dead = asyncio.Event()
        self.lease_micros = store.lease_micros
        self.records = cast("Records", Way(store.records, self._pass))
        self.queue = cast("EffectQueue", Way(store.queue, self._pass))
        self._store = store
        self._dice = dice
        self._blobs = blobs

    def as_store(self) -> EventStore:
        """The door as what the engine takes: every method of the store goes through it."""
        return cast("EventStore", self)

    def leave_soon(self) -> None:
        """The process says it to its own end of the way: nothing goes through."""

    async def append(self, append: Append) -> None:
        """An append may be made although nobody lives to hear it."""
        await self._pass()
        await self._store.append(append)
        self._blobs |= append.blobs
        self.appended(append)
        await self._pass()

    def appended(self, append: Append) -> None:
        """Hear of an append that was made."""

    async def _pass(self) -> None:
        await asyncio.sleep(self._dice.choice((0, 0, 0, 0.001, 0.05)))
        if self.dead.is_set():
            raise Unreachable("the process is dead")
