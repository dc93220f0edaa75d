"""Whether an agent gets anywhere: it does not if it sees the same three times and nothing was changed meanwhile.

The same is one tool with the same arguments and the same result, or one error. First the model is told; if it does it
again, the agent is stopped. What succeeds and has an effect on the world changes things, for every call but itself: so
tests may be run any number of times between patches.
"""

from __future__ import annotations

from typing import Final

from msgspec import structs

from interlock.agents.actions import Action
from interlock.agents.context.errors_told import compacted_error
from interlock.agents.observations import ToolAnswer
from interlock.agents.offering import Toolbox
from interlock.agents.state import AgentState, Sighting, Trouble
from interlock.agents.stepping.asking import ask_model
from interlock.agents.stepping.ending import failed
from interlock.core.agent_contract import AgentContract
from interlock.core.messages import AskedCall
from interlock.core.values import digest_of

ANSWER: Final = "answer"
"""What stands for a tool where the model's own answer could not be used."""

REPEATS_MAX: Final = 3
TROUBLES_KEPT: Final = 20
SIGHTINGS_KEPT: Final = 200


def go_on_if_progress(contract: AgentContract, toolbox: Toolbox, state: AgentState) -> tuple[AgentState, Action]:
    """Ask the model, unless it goes on repeating itself although it was told."""
    for trouble in state.troubles:
        if trouble.count > REPEATS_MAX:
            message = f"the agent `{contract.name}` met the same error {trouble.count} times"
            return failed(state, "no_progress", f"{message}: {trouble.tool}: {trouble.message}")
    for seen in state.sightings:
        if seen.count > REPEATS_MAX:
            message = f"the agent `{contract.name}` called `{seen.tool}` {seen.count} times with the same"
            return failed(
                state, "no_progress", f"{message} arguments and the same result, and changed nothing meanwhile"
            )
    return ask_model(contract, toolbox, state)


# --- Errors ----------------------------------------------------------------------------------------------------------


def troubled(state: AgentState, tool: str, message: str) -> AgentState:
    """The state with an error more; the third time the model is told that it is the same."""
    told = compacted_error(message)
    known = next((each for each in state.troubles if each.tool == tool and each.message == told), None)
    trouble = Trouble(tool, told, 1 if known is None else known.count + 1)
    others = tuple(each for each in state.troubles if each is not known)
    state = structs.replace(state, troubles=(*others, trouble)[-TROUBLES_KEPT:])
    if trouble.count != REPEATS_MAX:
        return state
    return _noticed(state, f"You have met the same error {REPEATS_MAX} times ({tool}: {told}).")


def untroubled(state: AgentState, tool: str) -> AgentState:
    """The state with the errors of a tool resolved."""
    return structs.replace(state, troubles=tuple(each for each in state.troubles if each.tool != tool))


# --- Results ---------------------------------------------------------------------------------------------------------


def seen(state: AgentState, call: AskedCall, answer: ToolAnswer) -> AgentState:
    """The state with a result more; the third time the model is told that it is the same."""
    arguments = digest_of(call.arguments)
    if answer.effect != "read":
        state = _changed(state, call.tool, arguments)
    known = next(
        (
            each
            for each in state.sightings
            if (each.tool, each.arguments, each.result) == (call.tool, arguments, answer.digest)
        ),
        None,
    )
    sighting = Sighting(call.tool, arguments, answer.digest, 1 if known is None else known.count + 1)
    others = tuple(each for each in state.sightings if each is not known)
    state = structs.replace(state, sightings=(*others, sighting)[-SIGHTINGS_KEPT:])
    if sighting.count != REPEATS_MAX:
        return state
    what = f"`{call.tool}` {REPEATS_MAX} times with the same arguments, and it gave the same result each time"
    return _noticed(state, f"You have called {what}.")


def _changed(state: AgentState, tool: str, arguments: str) -> AgentState:
    """The world is not what it was: what was seen of it says nothing of what will be seen, but for this call itself."""
    return structs.replace(
        state,
        sightings=tuple(each for each in state.sightings if (each.tool, each.arguments) == (tool, arguments)),
        troubles=tuple(each if each.tool == tool else structs.replace(each, count=0) for each in state.troubles),
    )


def _noticed(state: AgentState, fact: str) -> AgentState:
    advice = "Doing it again will stop you. Try something else, ask a person, or finish with what you have."
    return structs.replace(state, notices=(*state.notices, f"{fact} {advice}"))
