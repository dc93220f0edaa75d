"""The boundary to a `step` that a user wrote: what it returns is checked, and what it raises ends the agent.

Its state and its actions are plain data, so that a log can keep them. Whether the step is pure nobody can see here (a
replay would tell), and whether its calls may be made is asked where they are made.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeAlias, cast, get_args

import msgspec
from msgspec import structs

from interlock.agents.actions import Action, AskPerson, CallTools, Fail, Finish
from interlock.agents.observations import Observation
from interlock.agents.offering import Toolbox
from interlock.agents.schemas_at_hand import schema_at_hand
from interlock.core.agent_contract import AgentContract
from interlock.core.canonical import canonical
from interlock.core.event_parts import Error
from interlock.core.messages import AskedCall
from interlock.core.schemas import SchemaRefused, check_schema
from interlock.core.values import ENCODER, Value, ValueProblem, decode_leaf

OwnStep: TypeAlias = Callable[[AgentContract, Toolbox, Value, Observation], tuple[Value, Action]]
"""`(contract, toolbox, state, observation) -> (state, action)`: at first the state is None, the observation `Began`."""

_ACTIONS: Final = msgspec.msgpack.Decoder(Action, ext_hook=decode_leaf)


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
        known = canonical(now, where="state")
    except ValueProblem as problem:
        return state, _failed(contract, f"the state of its own step cannot be kept: {problem}")
    try:
        wanted = _as_data(action)
    except (msgspec.MsgspecError, TypeError, ValueError, OverflowError, RecursionError) as problem:
        return state, _failed(contract, f"the action of its own step cannot be recorded: {problem}")
    if wrong := _problem_of(wanted, contract):
        return known, _failed(contract, f"its own step {wrong}")
    return known, wanted


def _as_data(action: Action) -> Action:
    """The action as a log holds it, every part of its type: Python has let the step put anything there."""
    made = _ACTIONS.decode(ENCODER.encode(action))
    match made:
        case Finish(out=out):
            return structs.replace(made, out=canonical(out, where="result"))
        case CallTools(calls=calls):
            return structs.replace(made, calls=tuple(map(_canonical_call, calls)))
        case _:
            return made


def _canonical_call(call: AskedCall) -> AskedCall:
    return structs.replace(call, arguments=canonical(call.arguments, where=f"the arguments of `{call.tool}`"))


def _problem_of(action: Action, contract: AgentContract) -> str:
    """Why an action that can be recorded is none to be performed; nothing if it is."""
    match action:
        case Finish():
            return _problem_of_end(action, contract)
        case CallTools(calls=()):
            return "wants tools called, and names none"
        case AskPerson(question=question) if question.form is not None and (problems := check_schema(question.form)):
            return f"asks for a form that cannot be used: {problems[0].message}"
        case _:
            return ""


def _problem_of_end(end: Finish, contract: AgentContract) -> str:
    strange = next((label for label in end.labels if label not in contract.labels), None)
    if strange is not None:
        return f"ended with the label `{strange}`, which its contract does not have"
    if contract.output is None:
        return ""
    try:
        problems = schema_at_hand(contract.output).problems(end.out, where="result")
    except SchemaRefused as refused:
        return f"ended, and the schema of its result cannot be used: {refused}"
    return f"ended with what is no result of its contract: {'; '.join(problems)}" if problems else ""


def _failed(contract: AgentContract, message: str) -> Fail:
    return Fail(Error("failed", f"the agent `{contract.name}` has failed: {message}"))
