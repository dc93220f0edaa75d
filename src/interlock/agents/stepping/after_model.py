"""What the model said becomes calls, a question, an end, or something to be repaired. Nothing it said is dropped."""

from __future__ import annotations

from typing import Final

from msgspec import structs

from interlock.agents.actions import Action
from interlock.agents.context.tokens import clipped
from interlock.agents.control_tools import ASK, COMPLETE, completed
from interlock.agents.offering import Toolbox
from interlock.agents.state import AgentState, Turn
from interlock.agents.stepping.answering import read_answer
from interlock.agents.stepping.asking import ask_model
from interlock.agents.stepping.ending import failed, finished
from interlock.agents.stepping.judging import problem_of_call, with_own_names
from interlock.agents.stepping.progress import ANSWER, go_on_if_progress, troubled, untroubled
from interlock.agents.stepping.turn_calls import answered, make_calls
from interlock.core.agent_contract import AgentContract
from interlock.core.event_parts import Error, ErrorClass
from interlock.core.messages import AskedCall, ModelReply

_FINAL: Final[frozenset[ErrorClass]] = frozenset({"refused", "cancelled", "exhausted", "invalid"})
"""Errors of a model call that asking again cannot mend."""


def model_broke(
    contract: AgentContract, toolbox: Toolbox, state: AgentState, error: Error
) -> tuple[AgentState, Action]:
    """No model answered: asked again, as long as errors in a row are allowed. The model need not know of it."""
    if error.kind in _FINAL:
        return failed(state, error.kind, f"the agent `{contract.name}` got no answer: {error.message}", because=error)
    return ask_model(contract, toolbox, structs.replace(state, errors=state.errors + 1), because=error)


def model_said(
    contract: AgentContract, toolbox: Toolbox, state: AgentState, reply: ModelReply
) -> tuple[AgentState, Action]:
    """One turn of the model."""
    calls = with_own_names(contract, state, reply.calls)
    state = structs.replace(state, turns=(*state.turns, Turn(clipped(reply.text), calls)), steps=state.steps + 1)
    broken_off = _broken_off(contract, reply)
    if calls:
        return _calls_asked(contract, toolbox, state, broken_off)
    answer = broken_off or read_answer(contract, reply.text)
    return _repair(contract, toolbox, state, answer) if isinstance(answer, str) else finished(state, answer.out)


def _broken_off(contract: AgentContract, reply: ModelReply) -> str:
    match reply.finish:
        case "length":
            return f"it was cut off after {contract.model.tokens_max} tokens: say less at once"
        case "filtered":
            return "it was withheld by the provider's filter: say it in another way, or say that it cannot be done"
        case _:
            return ""


def _repair(contract: AgentContract, toolbox: Toolbox, state: AgentState, problem: str) -> tuple[AgentState, Action]:
    """The answer cannot be used: the model is told why, and asked again as long as repairs are left."""
    turn = structs.replace(state.turns[-1], told=f"Your answer could not be used: {problem}")
    state = structs.replace(state, turns=(*state.turns[:-1], turn), errors=state.errors + 1, repairs=state.repairs + 1)
    return go_on_if_progress(contract, toolbox, troubled(state, ANSWER, problem))


def _calls_asked(
    contract: AgentContract, toolbox: Toolbox, state: AgentState, broken_off: str
) -> tuple[AgentState, Action]:
    """What can be meant is done; what cannot is answered with what is wrong with it."""
    calls = state.turns[-1].calls
    good: list[AskedCall] = []
    problems: list[str] = []
    for place, call in enumerate(calls):
        problem = broken_off or problem_of_call(contract, toolbox, call, place=place, among=len(calls))
        if problem:
            problems.append(f"{call.tool}: {problem}")
            state = answered(state, call, f"Not called: {problem}", failed=True)
        else:
            good.append(call)
    if problems:
        state = structs.replace(state, repairs=state.repairs + 1)
        for problem in dict.fromkeys(problems):
            state = troubled(state, ANSWER, problem)
    else:
        state = structs.replace(untroubled(state, ANSWER), repairs=0)
    if good and good[0].tool == COMPLETE:
        return finished(state, *completed(contract, good[0].arguments))
    questions = tuple(call for call in good if call.tool == ASK)
    return make_calls(contract, toolbox, state, tuple(call for call in good if call.tool != ASK), questions)
