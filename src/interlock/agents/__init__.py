"""The agent door: what an agent is, how it steps, and what its model is told.

An agent is a contract (`core.agent_contract`) and a pure `step`: what came of its last action goes in, its next action
comes out. Nothing here calls a model, a tool or a person, reads a clock or draws a number: the same observations give
the same actions and byte-equal requests in any process.

What stands in `__all__` is for whoever declares agents, brings a step of its own, or performs what agents want done.
"""

from __future__ import annotations

from interlock.agents.actions import Action, AskModel, AskPerson, CallTools, Fail, Finish
from interlock.agents.agent import Agent, State, agent
from interlock.agents.collecting import Agents, AgentSource, collect_agents
from interlock.agents.errors import AgentError, AgentsNotLoaded, BadAgent, UnknownAgent
from interlock.agents.manifest import LeftOut, Manifest, SectionUse
from interlock.agents.observations import (
    Began,
    ModelBroke,
    ModelSaid,
    Observation,
    PersonAnswered,
    ToolAnswer,
    ToolsAnswered,
)
from interlock.agents.offering import Toolbox
from interlock.agents.state import AgentState

__all__ = [
    "Action",
    "Agent",
    "AgentError",
    "AgentSource",
    "AgentState",
    "Agents",
    "AgentsNotLoaded",
    "AskModel",
    "AskPerson",
    "BadAgent",
    "Began",
    "CallTools",
    "Fail",
    "Finish",
    "LeftOut",
    "Manifest",
    "ModelBroke",
    "ModelSaid",
    "Observation",
    "PersonAnswered",
    "SectionUse",
    "State",
    "ToolAnswer",
    "Toolbox",
    "ToolsAnswered",
    "UnknownAgent",
    "agent",
    "collect_agents",
]
