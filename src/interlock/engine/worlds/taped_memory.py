"""Two doors to memories with a cassette: one that records what the live one answers, and one that plays it.

A played run reads no memory and leaves none: what was recalled when it was recorded is recalled again.
"""

from __future__ import annotations

from interlock.core.event_parts import Error
from interlock.core.redaction import Redaction
from interlock.engine.agents.memory.door import MemoryCall, MemoryDoor
from interlock.engine.worlds.cassettes import CallOnTape, Cassette
from interlock.tools.outcome import Done, Failed, Unknown


class RecordingMemory:
    """Another door, of which every answer is kept."""

    def __init__(self, inner: MemoryDoor, cassette: Cassette) -> None:
        self._inner = inner
        self._cassette = cassette

    async def call(self, call: MemoryCall) -> Done | Failed:
        """Let the other door make the call, and keep what came of it."""
        outcome = await self._inner.call(call)
        self._cassette.keep(CallOnTape(call.path, call.attempt, call.tool, call.arguments, outcome))
        return outcome


class PlayingMemory:
    """Memories that are on a cassette."""

    def __init__(self, cassette: Cassette, redaction: Redaction) -> None:
        self._cassette = cassette
        self._redaction = redaction

    async def call(self, call: MemoryCall) -> Done | Failed:
        """Answer from the cassette."""
        arguments = self._redaction.value(call.arguments)
        outcome = self._cassette.play(call.tool, arguments, path=call.path, attempt=call.attempt)
        if isinstance(outcome, Unknown):  # a person has written that: of a memory everything is known
            return Failed(Error(outcome.error.kind, outcome.error.message), simulated=True)
        return outcome
