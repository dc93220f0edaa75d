"""How an agent ends: with a result, or with an error that says what it came to."""

from __future__ import annotations

from msgspec import structs

from interlock.agents.actions import Action, Fail, Finish
from interlock.agents.state import AgentState
from interlock.core.event_parts import Error, ErrorClass
from interlock.core.values import Value


def finished(state: AgentState, out: Value, labels: tuple[str, ...] = ()) -> tuple[AgentState, Action]:
    """The agent is done."""
    return _ended(state, Finish(out, labels))


def failed(
    state: AgentState, kind: ErrorClass, message: str, *, because: Error | None = None
) -> tuple[AgentState, Action]:
    """The agent has come to nothing."""
    return _ended(state, Fail(Error(kind, message, because=because)))


def _ended(state: AgentState, end: Finish | Fail) -> tuple[AgentState, Action]:
    return structs.replace(state, awaited="nothing", calls=(), questions=(), ended=end), end
