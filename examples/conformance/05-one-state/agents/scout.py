"""An agent that counts in its module how often it has looked."""

from __future__ import annotations

from interlock.agents import Action, CallTools, Finish, Observation, Toolbox, agent
from interlock.core.agent_contract import AgentContract
from interlock.core.messages import AskedCall
from interlock.core.values import Value

LOOKED: list[int] = []


def look_three_times(
    contract: AgentContract, toolbox: Toolbox, state: Value, told: Observation
) -> tuple[Value, Action]:
    """Look three times, and be done."""
    LOOKED.append(1)
    if len(LOOKED) > 3:
        return None, Finish({"answer": "nothing"})
    return None, CallTools((AskedCall(f"look-{len(LOOKED)}", "look", {"place": "here"}),))


scout = agent(
    "scout", input={"question": "string"}, output={"answer": "string"}, tools=["look"], own_step=look_three_times
)
