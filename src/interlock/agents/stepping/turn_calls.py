"""The calls of a turn, one stage after another: tools are called at once, then people are asked one by one.

The turn is over when each of its calls is answered.
"""

from __future__ import annotations

from msgspec import structs

from interlock.agents.actions import Action, AskPerson, CallTools
from interlock.agents.control_tools import question_in
from interlock.agents.offering import Toolbox
from interlock.agents.state import AgentState
from interlock.agents.stepping.progress import go_on_if_progress
from interlock.core.agent_contract import AgentContract
from interlock.core.event_parts import Question
from interlock.core.messages import Answered, AskedCall


def make_calls(
    contract: AgentContract,
    toolbox: Toolbox,
    state: AgentState,
    calls: tuple[AskedCall, ...],
    questions: tuple[AskedCall, ...],
) -> tuple[AgentState, Action]:
    """Make the calls; then ask the questions."""
    state = structs.replace(state, questions=questions)
    if not calls:
        return ask_or_end_turn(contract, toolbox, state)
    return structs.replace(state, awaited="tools", calls=calls), CallTools(calls)


def ask_or_end_turn(contract: AgentContract, toolbox: Toolbox, state: AgentState) -> tuple[AgentState, Action]:
    """Ask the next question, if one is open; else the turn is over."""
    state = structs.replace(state, calls=())
    if not state.questions:
        return _turn_over(contract, toolbox, state)
    call = state.questions[0]
    match question_in(call.arguments):
        case Question() as question:
            return structs.replace(state, awaited="person"), AskPerson(question, call=call.id)
        case problem:
            state = answered(state, call, f"Not asked: {problem}", failed=True)
            return ask_or_end_turn(contract, toolbox, structs.replace(state, questions=state.questions[1:]))


def answered(state: AgentState, call: AskedCall, text: str, *, failed: bool = False) -> AgentState:
    """The state with what came of one call of the last turn, in the order of the calls."""
    turn = state.turns[-1]
    order = {each.id: place for place, each in enumerate(turn.calls)}
    answers = sorted((*turn.answers, Answered(call.id, call.tool, text, failed)), key=lambda each: order[each.call])
    return structs.replace(state, turns=(*state.turns[:-1], structs.replace(turn, answers=tuple(answers))))


def _turn_over(contract: AgentContract, toolbox: Toolbox, state: AgentState) -> tuple[AgentState, Action]:
    """A turn in which everything failed came to nothing; any success begins the count anew."""
    came_to_nothing = all(answer.failed for answer in state.turns[-1].answers)
    state = structs.replace(state, errors=state.errors + 1 if came_to_nothing else 0)
    return go_on_if_progress(contract, toolbox, state)
