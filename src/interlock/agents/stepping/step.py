"""`begin` and `step`: the one place where an observation becomes the next action.

Neither raises, whatever the observation holds: what cannot be meant ends the agent with an error. Neither looks at a
clock, at chance or at anything outside its arguments. Limits in money, tokens, calls and time are no matter of theirs:
who performs the actions keeps them.
"""

from __future__ import annotations

from interlock.agents.actions import Action
from interlock.agents.observations import ModelBroke, ModelSaid, Observation, PersonAnswered, ToolsAnswered
from interlock.agents.offering import Toolbox
from interlock.agents.state import AgentState
from interlock.agents.stepping.after_calls import tools_answered
from interlock.agents.stepping.after_model import model_broke, model_said
from interlock.agents.stepping.after_person import leave_answered, person_answered
from interlock.agents.stepping.ending import failed
from interlock.agents.stepping.opening import facts_arrived, opened
from interlock.core.agent_contract import AgentContract
from interlock.core.values import Value


def begin(contract: AgentContract, toolbox: Toolbox, input: Value) -> tuple[AgentState, Action]:
    """The agent with its input, and its first action."""
    return opened(contract, toolbox, input)


def step(
    contract: AgentContract, toolbox: Toolbox, state: AgentState, observation: Observation
) -> tuple[AgentState, Action]:
    """What the agent knows now, and what it does next. An agent that has ended stays as it is."""
    if state.ended is not None:
        return state, state.ended
    match state.awaited, observation:
        case "model", ModelSaid(reply=reply):
            return model_said(contract, toolbox, state, reply)
        case "model", ModelBroke(error=error):
            return model_broke(contract, toolbox, state, error)
        case "tools", ToolsAnswered(answers=answers):
            return tools_answered(contract, toolbox, state, answers)
        case (("memory" | "prefetched"), ToolsAnswered(answers=answers)):
            return facts_arrived(contract, toolbox, state, answers)
        case "person", PersonAnswered():
            return person_answered(contract, toolbox, state, observation)
        case "leave", PersonAnswered():
            return leave_answered(contract, toolbox, state, observation)
        case _:
            told = type(observation).__name__
            message = f"the agent `{contract.name}` was told {told} while it waited for its {state.awaited}"
            return failed(state, "invalid", message)
