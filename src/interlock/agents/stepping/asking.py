"""Before the model is asked again: what stops the agent here, and the request if nothing does.

A cap that is reached is never success. Where the contract says so, a person is asked for leave to go on.
"""

from __future__ import annotations

from typing import Final

from msgspec import structs

from interlock.agents.actions import Action, AskModel, AskPerson
from interlock.agents.context.compiling import DoesNotFit, compile_context
from interlock.agents.context.errors_told import told_error
from interlock.agents.offering import Toolbox
from interlock.agents.state import AgentState, Limit
from interlock.agents.stepping.ending import failed
from interlock.core.agent_contract import AgentContract
from interlock.core.event_parts import Error, Question

GO_ON: Final = "continue"
STOP: Final = "stop"

LAST_STEPS_TOLD: Final = 2
"""In so many of its last turns the model is told that they are the last."""


def ask_model(
    contract: AgentContract, toolbox: Toolbox, state: AgentState, *, because: Error | None = None
) -> tuple[AgentState, Action]:
    """Ask the model, unless a limit is reached or its context has no room for what it needs.

    `because`: the error after which it is asked again, where the model itself is not told of it.
    """
    because = because or _open_error(state)
    if state.repairs > contract.repairs:
        what = f"{_counted(state.repairs, 'answer')} in a row could not be used"
        return failed(state, "exhausted", _stopped(contract, what, because), because=because)
    if state.errors >= contract.limits.errors:
        return _at_limit(
            contract, state, "errors", f"{_counted(state.errors, 'turn')} in a row came to nothing", because
        )
    if state.steps >= state.steps_max:
        return _at_limit(
            contract, state, "steps", f"it has taken its {_counted(state.steps, 'step')} without finishing", because
        )
    asking = structs.replace(state, notices=(*state.notices, *_last_steps(state)))
    match compile_context(contract, toolbox, asking):
        case DoesNotFit(tokens=tokens, budget=budget):
            message = (
                f"the context of the agent `{contract.name}` has room for {budget} tokens, and its instructions, tools "
                f"and task alone take {tokens}: raise `context.tokens`, or offer fewer tools"
            )
            return failed(state, "exhausted", message)
        case compiled:
            asked = structs.replace(state, awaited="model", calls=(), notices=())
            return asked, AskModel(compiled.request, compiled.manifest)


def _last_steps(state: AgentState) -> tuple[str, ...]:
    left = state.steps_max - state.steps
    if left > LAST_STEPS_TOLD or not state.turns:
        return ()
    return (
        ("This is your last turn: finish now with what you have.",)
        if left == 1
        else (f"You have {left} turns left: finish within them.",)
    )


def _at_limit(
    contract: AgentContract, state: AgentState, limit: Limit, what: str, because: Error | None
) -> tuple[AgentState, Action]:
    if contract.on_limit == "stop":
        return failed(state, "exhausted", _stopped(contract, what, because), because=because)
    last = f"\n\nIts last error: {because.message}" if because else ""
    question = Question(f"May the agent `{contract.name}` go on? So far, {what}.{last}", choices=(GO_ON, STOP))
    return structs.replace(state, awaited="leave", limit=limit), AskPerson(question)


def _stopped(contract: AgentContract, what: str, because: Error | None) -> str:
    return f"the agent `{contract.name}` is stopped: {what}" + (f": {because.message}" if because else "")


def _open_error(state: AgentState) -> Error | None:
    return Error("failed", told_error(state.troubles[-1])) if state.troubles else None


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'s' * (count != 1)}"
