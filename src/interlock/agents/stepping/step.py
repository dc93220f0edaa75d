"""`begin` and `step`: the one place where an observation becomes the next action.

Neither raises, whatever the observation holds: what cannot be meant ends the agent with an error. Neither looks at a
clock, at chance or at anything outside its arguments.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from msgspec import structs, to_builtins

from interlock.agents.actions import Action, AskModel, CallTools, Fail, Finish
from interlock.agents.manifest import Manifest
from interlock.agents.observations import ModelBroke, ModelSaid, Observation, ToolsAnswered
from interlock.agents.state import AgentState, Turn
from interlock.core.agent_contract import AgentContract
from interlock.core.event_parts import Error
from interlock.core.messages import Answered, Instructions, Message, ModelReply, ModelRequest, OfferedTool, Said, Told
from interlock.core.plan import ToolContract
from interlock.core.values import Value, digest_of

Toolbox: TypeAlias = Mapping[str, ToolContract | AgentContract]
"""What there is to call, by the names that contracts use. What a contract does not allow is not offered."""


def begin(contract: AgentContract, toolbox: Toolbox, input: Value) -> tuple[AgentState, Action]:
    """The agent with its input, and its first action."""
    state = AgentState(input=input, instructions=contract.prompt, task=contract.task or str(input))
    return _ask_model(contract, toolbox, state)


def step(
    contract: AgentContract, toolbox: Toolbox, state: AgentState, observation: Observation
) -> tuple[AgentState, Action]:
    """What the agent knows now, and what it does next."""
    match observation:
        case ModelSaid(reply=reply):
            return _said(contract, state, reply)
        case ModelBroke(error=error):
            return state, Fail(error)
        case ToolsAnswered(answers=answers):
            last = state.turns[-1]
            answered = tuple(
                Answered(each.call_id, each.tool, each.text, failed=each.error is not None) for each in answers
            )
            state = structs.replace(state, turns=(*state.turns[:-1], structs.replace(last, answers=answered)))
            return _ask_model(contract, toolbox, state)
        case _:
            return state, Fail(Error("invalid", f"the agent `{contract.name}` was told what it did not ask for"))


def _said(contract: AgentContract, state: AgentState, reply: ModelReply) -> tuple[AgentState, Action]:
    turn = Turn(reply.text, reply.calls)
    state = structs.replace(state, turns=(*state.turns, turn), steps=state.steps + 1)
    if not reply.calls:
        return state, Finish(reply.text)
    if state.steps >= contract.limits.steps:
        return state, Fail(Error("exhausted", f"the agent `{contract.name}` has taken its {state.steps} steps"))
    return structs.replace(state, waiting=reply.calls, awaited="tools"), CallTools(reply.calls)


def _ask_model(contract: AgentContract, toolbox: Toolbox, state: AgentState) -> tuple[AgentState, Action]:
    messages: list[Message] = [Instructions(state.instructions), Told(state.task)]
    for turn in state.turns:
        messages += [Said(turn.text, turn.calls), *turn.answers]
    offered = tuple(
        OfferedTool(name, toolbox[name].description, toolbox[name].input or {"type": "object"})
        for name in contract.tools
        if name in toolbox
    )
    request = ModelRequest(tuple(messages), offered, contract.output, contract.model.temperature)
    manifest = Manifest(request=digest_of(to_builtins(request)), tokens=0, budget=contract.context.tokens)
    return structs.replace(state, awaited="model", waiting=()), AskModel(request, manifest)
