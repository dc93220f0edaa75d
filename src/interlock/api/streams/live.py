"""What models are just saying and how far nodes are, for listeners who ask for it. On no record, and never repeated.

It is heard of runs that this process drives: of others it is not known here.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import cached_property
from typing import Protocol

from interlock.embedded.interlock import Interlock
from interlock.engine.live_words import Live, Words
from interlock.showing.json import encoded
from interlock.wire.live import NodeProgress, NodeWords


class LiveTold:
    """Something live, as it is told to all who hear it."""

    def __init__(self, run: str, told: Live) -> None:
        self.run = run
        self.type = "live.words" if isinstance(told, Words) else "live.progress"
        self._told = told

    @cached_property
    def data(self) -> bytes:
        """It as JSON."""
        match self._told:
            case Words(path=path, text=text):
                return encoded(NodeWords(run=self.run, path=path, text=text))
            case told:
                return encoded(NodeProgress(run=self.run, path=told.path, fraction=told.fraction, text=told.text))

    @cached_property
    def frame(self) -> bytes:
        """As a server-sent event. It has no id: who comes again is told nothing of it."""
        return b"event: %b\ndata: %b\n\n" % (self.type.encode(), self.data)


class HearsLive(Protocol):
    """Who is told live words."""

    def hear_live(self, told: list[LiveTold]) -> None:
        """Something is told now."""
        ...


class _Heard:
    """One run that somebody hears live."""

    def __init__(self, heard: Callable[[], list[Live]], close: AsyncExitStack) -> None:
        self.heard = heard
        self.close = close
        self.listeners: set[HearsLive] = set()


class LiveRuns:
    """The runs of a tenant that are heard live: each once, however many hear it."""

    def __init__(self, interlock: Interlock) -> None:
        self._interlock = interlock
        self._runs: dict[str, _Heard] = {}

    @asynccontextmanager
    async def hearing(self, run: str, listener: HearsLive) -> AsyncGenerator[None]:
        """Somebody hears a run live."""
        heard = self._runs.get(run) or await self._begin(run)
        heard.listeners.add(listener)
        try:
            yield
        finally:
            heard.listeners.discard(listener)
            if not heard.listeners and self._runs.get(run) is heard:
                del self._runs[run]
                await heard.close.aclose()

    def tell(self) -> None:
        """Tell on what was said since the last call."""
        for run, heard in self._runs.items():
            if said := [LiveTold(run, each) for each in heard.heard()]:
                for listener in heard.listeners:
                    listener.hear_live(said)

    async def _begin(self, run: str) -> _Heard:
        handle = await self._interlock.open(run)
        close = AsyncExitStack()
        made = _Heard(await close.enter_async_context(handle.hearing()), close)
        if run in self._runs:  # somebody was quicker
            await close.aclose()
            return self._runs[run]
        self._runs[run] = made
        return made
