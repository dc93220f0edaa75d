"""The life of one simulated process: while it is stopped it does nothing, and once it is dead it never does again.

What it was calling when it was stopped for long is broken off for good: whatever it called has given it up meanwhile.
"""

from __future__ import annotations

import asyncio
from contextvars import ContextVar
from random import Random
from typing import Final, cast

from interlock.core.lifecycle import RUN_ENDED
from interlock.store.effect_queue import EffectQueue
from interlock.store.event_store import Append, EventStore, Topic
from interlock.store.records import Records
from tests.simulation.broken_rule import BrokenRule
from tests.simulation.process_door import ProcessDoor, Way
from tests.simulation.simulated_tools import SimulatedTools
from tests.simulation.watched_queue import WatchedQueue

POLL_SECONDS: Final = 0.2
"""How long a process waits for each word whether anything has changed: it looks less often than a real one."""

GIVEN_BACK: Final = frozenset({"waiting", "paused", *RUN_ENDED})
"""The statuses in which nobody has to hold a run."""

_begun_in: ContextVar[int] = ContextVar("begun_in", default=0)


class Life:
    """One process: it may be stopped and woken, and it dies once."""

    def __init__(self, *, long_seconds: float) -> None:
        self._long_seconds = long_seconds
        self._goes = asyncio.Event()
        self._goes.set()
        self.age = 0
        """How often it was stopped for so long that what it held may be somebody else's."""
        self.is_dead = False

    async def stop_for(self, seconds: float) -> None:
        """Do nothing for a while."""
        self._goes.clear()
        try:
            await asyncio.sleep(seconds)
        finally:
            self.age += seconds >= self._long_seconds
            self._goes.set()

    def die(self) -> None:
        """Never do anything again: not even wait."""
        self.is_dead = True
        self._goes.set()

    async def goes(self) -> None:
        """Wait while it is stopped."""
        await self._goes.wait()

    async def goes_on_with(self, age: int) -> None:
        """Go on with what was begun at an age; what is not to be gone on with stays where it is for good."""
        await self.goes()
        if self.is_dead or self.age != age:
            await asyncio.Event().wait()


class LivingTools(SimulatedTools):
    """The tools of a simulation, in one of its processes."""

    def __init__(self, dice: Random, of_all: SimulatedTools, life: Life) -> None:
        super().__init__(dice, of_all.temper)
        self.truth = of_all.truth
        self._life = life

    async def _go_on(self) -> None:
        if not _begun_in.get():
            _begun_in.set(self._life.age + 1)
        await self._life.goes_on_with(_begun_in.get() - 1)

    async def _take_time(self) -> None:
        await self._go_on()
        await super()._take_time()
        await self._go_on()


class LivingDoor(ProcessDoor):
    """A process's way to the store, which it does not go while it is stopped."""

    def __init__(
        self, store: EventStore, queue: WatchedQueue, dice: Random, life: Life, *, blobs: dict[str, bytes]
    ) -> None:
        super().__init__(store, dice, blobs=blobs)
        self._life = life
        self._queue = queue
        self.records = cast("Records", Way(store.records, self._pass))
        self.queue = cast("EffectQueue", Way(queue, self._pass))

    async def append(self, append: Append) -> None:
        """An append, watched: who gives a run back in it leaves nothing under way."""
        if append.releases and append.status not in GIVEN_BACK:
            self._queue.broken = BrokenRule(10, f"the run was given back while it is {append.status}")
        await super().append(append)

    def appended(self, append: Append) -> None:
        """What is offered anew is nobody's any more."""
        self._queue.offered({offer.path for offer in append.offers})

    async def change_mark(self, about: Topic = "anything") -> int:
        """Looked at less often than by a real process."""
        await asyncio.sleep(POLL_SECONDS)
        await self._pass()
        return await self._store.change_mark(about)

    async def _pass(self) -> None:
        await self._life.goes()
        await super()._pass()
        await self._life.goes()
