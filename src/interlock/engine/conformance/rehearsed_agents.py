"""An agent rehearsed: its real step, told made-up observations. No model, no tool, no clock.

The observations follow from what it asks for, so that the same agent is told the same wherever it is rehearsed. Among
them are a call of a tool that is not there, arguments that cannot be read, and a call that fails at length.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any, Final

import msgspec
from msgspec import Struct

from interlock.agents.actions import Action, AskModel, AskPerson, CallTools, Fail, Finish
from interlock.agents.agent import Agent, State
from interlock.agents.control_tools import ASK, COMPLETE
from interlock.agents.observations import ModelSaid, Observation, PersonAnswered, ToolAnswer, ToolsAnswered
from interlock.agents.offering import Toolbox, allowed_tools, offered_name, schema_of
from interlock.agents.state import AgentState
from interlock.core.agent_contract import CONTROL_TOOLS, AgentContract
from interlock.core.event_parts import Error
from interlock.core.messages import AskedCall, ModelReply
from interlock.core.plan import ToolContract
from interlock.core.values import Value, digest_of
from interlock.engine.conformance.made_up import CannotMakeUp, made_up

STEPS_MAX: Final = 24
CALLS_AT_ONCE: Final = 6
SCRAWLS_BORNE: Final = 2
"""With fewer errors in a row allowed, the rehearsal would end where it is to show something."""

NOT_THERE: Final = "a_tool_that_is_not_there"
LONG_ERROR: Final = "it failed, and here is all that is known of it: " + "a line of a long trace; " * 100


class Taken(Struct, frozen=True):
    """A step that was taken: what the agent knows now, what it wants, and what it is told of that."""

    state: State
    action: Action
    told: Observation | None = None


class RehearsedAgent(Struct, frozen=True):
    """All steps of one rehearsal."""

    agent: str
    steps: tuple[Taken, ...]

    @property
    def traces(self) -> list[str]:
        """A digest of each step: equal bytes have equal ones."""
        return [trace(step.state, step.action) for step in self.steps]

    @property
    def asked(self) -> list[tuple[State, AskModel]]:
        """The requests to a model, each with what the agent knew then."""
        return [(step.state, step.action) for step in self.steps if isinstance(step.action, AskModel)]


def rehearse(agent: Agent, toolbox: Toolbox) -> RehearsedAgent:
    """The agent from a made-up input to its end, or so many steps. `CannotMakeUp` if no input of it can be made up."""
    state, action = agent.begin(toolbox, made_up(agent.contract.input))
    steps: list[Taken] = []
    while len(steps) < STEPS_MAX and not isinstance(action, Finish | Fail):
        told = _told(agent.contract, toolbox, action, turn=sum(isinstance(each.action, AskModel) for each in steps))
        steps.append(Taken(state, action, told))
        state, action = agent.step(toolbox, state, told)
    return RehearsedAgent(agent.name, (*steps, Taken(state, action)))


def go_on(agent: Agent, toolbox: Toolbox, state: State, told: Sequence[Observation]) -> list[str]:
    """The digests of the steps that an agent takes from a state on."""
    traces: list[str] = []
    for observation in told:
        state, action = agent.step(toolbox, state, observation)
        traces.append(trace(state, action))
    return traces


def trace(state: State, action: Action) -> str:
    """The digest of the bytes of a step."""
    return hashlib.sha256(msgspec.msgpack.encode([state, action], enc_hook=repr)).hexdigest()


def encoded_state(state: State) -> bytes:
    """What an agent knows, as bytes."""
    return msgspec.msgpack.encode(state)


def decoded_state(agent: Agent, data: bytes) -> State:
    """The same from bytes."""
    return msgspec.msgpack.decode(data, type=AgentState) if agent.own_step is None else msgspec.msgpack.decode(data)


# --- What it is told -------------------------------------------------------------------------------------------------


def _told(contract: AgentContract, toolbox: Toolbox, action: Action, *, turn: int) -> Observation:
    match action:
        case AskModel():
            return ModelSaid(_reply(contract, toolbox, turn))
        case CallTools():
            return ToolsAnswered(
                tuple(_answer(toolbox, call, place, turn - 1) for place, call in enumerate(action.calls))
            )
        case AskPerson(question=question):
            form = made_up(question.form) if question.form is not None else None
            return PersonAnswered(question.choices[0] if question.choices else None, form)
        case _:
            raise AssertionError(action)


def _reply(contract: AgentContract, toolbox: Toolbox, turn: int) -> ModelReply:
    """Calls that are good and calls that are not, good ones of which one fails, a scrawl, a person, and the end."""
    calls = _calls(contract, toolbox, turn)
    match turn:
        case 0:
            wrong = AskedCall("wrong", NOT_THERE, {})
            torn = [AskedCall("torn", name, raw="{", problem="it ends too early") for name in _offered(contract)]
            return ModelReply("", (*calls, wrong, *torn[:1]), "calls")
        case 1 if calls:
            return ModelReply("", calls, "calls")
        case 2 if calls and contract.limits.errors > SCRAWLS_BORNE:
            return ModelReply("", (AskedCall("scrawl", NOT_THERE, {}),), "calls")
        case 3 if ASK in contract.tools:
            return ModelReply("", (AskedCall("ask", ASK, {"question": "Shall it be so?"}),), "calls")
        case _:
            return _end(contract, toolbox, turn)


def _calls(contract: AgentContract, toolbox: Toolbox, turn: int) -> tuple[AskedCall, ...]:
    """Calls of what it may call, as far as arguments can be made up."""
    calls: list[AskedCall] = []
    for name in contract.tools:
        if name in CONTROL_TOOLS or name not in toolbox:
            continue
        try:
            arguments = made_up(schema_of(contract, toolbox, name))
        except CannotMakeUp:
            continue
        calls.append(AskedCall(f"call-{turn}-{len(calls)}", offered_name(name), arguments))
    return tuple(calls[:CALLS_AT_ONCE])


def _offered(contract: AgentContract) -> list[str]:
    return [offered_name(name) for name in allowed_tools(contract)]


def _end(contract: AgentContract, toolbox: Toolbox, turn: int) -> ModelReply:
    if COMPLETE in allowed_tools(contract):
        arguments = made_up(schema_of(contract, toolbox, COMPLETE))
        return ModelReply("", (AskedCall(f"end-{turn}", COMPLETE, arguments),), "calls")
    out = made_up(contract.output)
    return ModelReply(out if contract.output is None else json.dumps(out, sort_keys=True))


def _answer(toolbox: Toolbox, call: AskedCall, place: int, turn: int) -> ToolAnswer:
    """The first call of the second turn fails at length, every other one gives something made up."""
    known = toolbox.get(call.tool)
    effect = known.effect if isinstance(known, ToolContract) else "idempotent"
    if turn == 1 and place == 0:
        return ToolAnswer(call_id=call.id, tool=call.tool, error=Error("failed", LONG_ERROR), effect=effect)
    out = _out(known.output if known is not None else None)
    return ToolAnswer(
        call_id=call.id, tool=call.tool, out=out, digest=digest_of(out), text=json.dumps(out), effect=effect
    )


def _out(schema: dict[str, Any] | None) -> Value:
    try:
        return made_up(schema)
    except CannotMakeUp:
        return None
