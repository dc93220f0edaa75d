"""A run as the answer of a tool: what somebody else's agent is told that has started it by calling a tool."""

from __future__ import annotations

from msgspec import UNSET, Struct, UnsetType

from interlock.wire.runs import Error, RunStatus, Wait
from interlock.wire.values import Value


class ToolRun(Struct, frozen=True, kw_only=True):
    """How a run stands: what it came to, or what it waits for."""

    run: str
    graph: str
    status: RunStatus
    outputs: Value = None
    """What it came to, once it has succeeded."""
    error: Error | UnsetType = UNSET
    waiting: list[Wait] | UnsetType = UNSET
    """What is asked of people, and what else it waits for."""
    simulated: bool = False
    """Whether scripts answered where models would."""
    next: str | UnsetType = UNSET
    """What can be done, where it has not ended."""
