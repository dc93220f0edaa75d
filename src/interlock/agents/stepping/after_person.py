"""What a person said: to the model's question, or to the agent's own for leave to go on."""

from __future__ import annotations

from msgspec import structs

from interlock.agents.actions import Action
from interlock.agents.context.tokens import json_text
from interlock.agents.observations import PersonAnswered
from interlock.agents.offering import Toolbox
from interlock.agents.state import AgentState
from interlock.agents.stepping.asking import GO_ON, ask_model
from interlock.agents.stepping.ending import failed
from interlock.agents.stepping.turn_calls import answered, ask_or_end_turn
from interlock.core.agent_contract import AgentContract


def person_answered(
    contract: AgentContract, toolbox: Toolbox, state: AgentState, answer: PersonAnswered
) -> tuple[AgentState, Action]:
    """The answer goes to the model as what came of its call."""
    call, *rest = state.questions
    state = structs.replace(answered(state, call, _in_words(answer)), questions=tuple(rest))
    return ask_or_end_turn(contract, toolbox, state)


def _in_words(answer: PersonAnswered) -> str:
    said = [
        answer.choice or "",
        "" if answer.form is None else json_text(answer.form),
        f"(why: {answer.why})" if answer.why and (answer.choice or answer.form is not None) else answer.why,
    ]
    return " ".join(filter(None, said)) or "(nothing was said)"


def leave_answered(
    contract: AgentContract, toolbox: Toolbox, state: AgentState, answer: PersonAnswered
) -> tuple[AgentState, Action]:
    """With leave, the agent goes on as if it had just begun to count; without it, it ends."""
    if answer.choice != GO_ON:
        who = answer.by or "a person"
        said = f", and {who} said: {answer.why}" if answer.why else f", and {who} did not let it go on"
        return failed(state, "exhausted", f"the agent `{contract.name}` has reached its limit of {state.limit}{said}")
    granted = contract.limits.steps if state.limit == "steps" else 0
    told = (f"A person lets you go on: {answer.why}",) if answer.why else ()
    state = structs.replace(
        state, steps_max=state.steps_max + granted, errors=0, repairs=0, limit=None, notices=(*state.notices, *told)
    )
    return ask_model(contract, toolbox, state)
