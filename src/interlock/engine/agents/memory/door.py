"""The port to memories, as an agent's loop knows it: one call, and what came of it."""

from __future__ import annotations

from typing import Protocol

from msgspec import Struct

from interlock.core.event_parts import Error
from interlock.core.values import Value
from interlock.tools.outcome import Done, Failed


class MemoryCall(Struct, frozen=True, kw_only=True):
    """One call of a memory tool by an agent. `effect` names it: repeated under that, it does nothing twice."""

    run: str
    agent: str
    path: str
    attempt: int
    effect: str
    tool: str
    arguments: Value
    tainted: bool = False
    """Whether the agent has read what somebody outside may have written: so may be what it wants kept."""


class MemoryDoor(Protocol):
    """Where memories are kept."""

    async def call(self, call: MemoryCall) -> Done | Failed:
        """Make the call."""
        ...


class NoMemory:
    """The door of a world without memories."""

    async def call(self, call: MemoryCall) -> Done | Failed:
        """Nothing is kept here."""
        message = f"`{call.tool}` has no memory to work on here"
        return Failed(Error("unavailable", message, call.path), retryable=False, calls=0)
