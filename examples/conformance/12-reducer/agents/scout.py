"""An agent that looks at places in no order."""

from __future__ import annotations

from interlock.agents import Action, Began, CallTools, Finish, Observation, Toolbox, agent
from interlock.core.agent_contract import AgentContract
from interlock.core.messages import AskedCall
from interlock.core.values import Value

PLACES = {"attic", "cellar", "garden", "kitchen", "stable", "tower", "vault", "yard"}


def look_everywhere(contract: AgentContract, toolbox: Toolbox, state: Value, told: Observation) -> tuple[Value, Action]:
    """Look at all places at once, and be done."""
    if isinstance(told, Began):
        return None, CallTools(tuple(AskedCall(f"look-{place}", "look", {"place": place}) for place in PLACES))
    return None, Finish({"answer": "nothing"})


scout = agent(
    "scout", input={"question": "string"}, output={"answer": "string"}, tools=["look"], own_step=look_everywhere
)
