"""A store with faults in the way of its appends. What is only read always comes through."""

from __future__ import annotations

from typing import Any, cast

from interlock.faults.process import FaultyProcess
from interlock.faults.switches import AnswerLost
from interlock.store.errors import StoreError
from interlock.store.event_store import Append, EventStore


class Unanswered(StoreError):
    """An append was not answered: whether it was made is unknown."""

    def __init__(self, run: str) -> None:
        super().__init__(f"an append to run {run} was not answered: a fault was put in its way")
        self.run = run


class FaultyStore:
    """Another store, as a process sees it into which faults are put."""

    def __init__(self, inner: EventStore, process: FaultyProcess) -> None:
        self._inner = inner
        self._process = process
        self._begun = 0

    def as_store(self) -> EventStore:
        """It has whatever the other has."""
        return cast("EventStore", self)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the other store has by that name
        return getattr(self._inner, name)

    async def append(self, append: Append) -> None:
        """Append to the other store, if the faults let it."""
        self._begun += 1
        number = self._begun
        await self._process.befall("append", number, append.run)
        lost = [each for each in self._process.faults if isinstance(each, AnswerLost) and each.at == number]
        if all(each.made for each in lost):
            await self._inner.append(append)
        if self._process.die("append", number) or lost:
            raise Unanswered(append.run)
