"""The boundary to a `step` that a user wrote: what it returns is checked, and what it raises ends the agent.

Its state is plain data, so that a log can keep it; whether it is pure nobody can see here. A replay would tell.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias, cast, get_args

from interlock.agents.actions import Action, Fail
from interlock.agents.observations import Observation
from interlock.agents.offering import Toolbox
from interlock.core.agent_contract import AgentContract
from interlock.core.canonical import canonical
from interlock.core.event_parts import Error
from interlock.core.values import Value, ValueProblem

OwnStep: TypeAlias = Callable[[AgentContract, Toolbox, Value, Observation], tuple[Value, Action]]
"""`(contract, toolbox, state, observation) -> (state, action)`: at first the state is None, the observation `Began`."""


def taken_step(
    own: OwnStep, contract: AgentContract, toolbox: Toolbox, state: Value, observation: Observation
) -> tuple[Value, Action]:
    """One step of an agent's own making."""
    try:
        taken: Any = own(contract, toolbox, state, observation)
    except Exception as error:  # noqa: BLE001 - a boundary to foreign code
        return state, _failed(contract, f"its own step raised {type(error).__name__}: {error}")
    if not isinstance(taken, tuple) or len(cast("tuple[Any, ...]", taken)) != 2:
        return state, _failed(contract, "its own step has to return a state and an action")
    now, action = cast("tuple[Any, Any]", taken)
    if not isinstance(action, get_args(Action)):
        return state, _failed(contract, f"its own step returned a {type(action).__name__} in the place of an action")
    try:
        return canonical(now, where="state"), action
    except ValueProblem as problem:
        return state, _failed(contract, f"the state of its own step cannot be kept: {problem}")


def _failed(contract: AgentContract, message: str) -> Fail:
    return Fail(Error("failed", f"the agent `{contract.name}` has failed: {message}"))
