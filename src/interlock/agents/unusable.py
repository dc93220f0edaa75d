"""What of a model's answer could not be used: calls that cannot be meant, a result that does not fit. Pure.

What the model is told of it, and what follows, is decided by the step; of an agent with a step of its own nothing is
known here.
"""

from __future__ import annotations

from typing import Any

from interlock.agents.state import AgentState


def unusable(state: Any) -> tuple[str, ...]:  # noqa: ANN401 - the state of an own step is any data
    """What could not be used of the answer that an agent has just been told, each with why; nothing if all could."""
    if not isinstance(state, AgentState) or not state.turns:
        return ()
    turn = state.turns[-1]
    told = (turn.told,) if turn.told else ()
    return (*told, *(f"{answer.tool}: {answer.text}" for answer in turn.answers if answer.failed))
