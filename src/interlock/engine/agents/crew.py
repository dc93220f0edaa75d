"""What an agent works with: what its run is pinned to, the world, the policy, and who it works for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from interlock.agents.memory_tools import memory_contracts
from interlock.agents.offering import Toolbox
from interlock.core.agent_contract import AGENT_TOOL, GRAPH_TOOL, AgentContract
from interlock.core.plan import Plan, ToolContract
from interlock.core.values import Value
from interlock.core.verdicts import Judge
from interlock.engine.agents.deadline import Deadline
from interlock.engine.engine import Engine
from interlock.engine.performing import Performer, Whole
from interlock.tools.clock import Clock


@dataclass(frozen=True, kw_only=True)
class Crew:
    """What every agent of one call shares."""

    plan: Plan
    performer: Performer
    judge: Judge
    clock: Clock
    whole: Whole
    run: str
    tenant: str

    def toolbox(self, contract: AgentContract) -> Toolbox:
        """Everything that an agent may call, by the names it uses."""
        return toolbox_of(self.plan, contract)


def toolbox_of(plan: Plan, contract: AgentContract) -> Toolbox:
    """Everything that an agent of a plan may call, by the names it uses."""
    agents: Mapping[str, AgentContract] = {
        f"{AGENT_TOOL}{name}": agent for name, agent in plan.agents.items() if name != contract.name
    }
    return {**plan.tools, **agents, **memory_contracts(contract), **_graphs(plan)}


def _graphs(plan: Plan) -> dict[str, ToolContract]:
    """The graphs that agents may call, as they are offered to them."""
    graphs: dict[str, ToolContract] = {}
    for name, scope in plan.called_graphs.items():
        description = f"Runs the graph {name} to its end, and gives its outputs."
        inputs = plan.scopes[scope].inputs
        graphs[f"{GRAPH_TOOL}{name}"] = ToolContract(
            name=f"{GRAPH_TOOL}{name}", effect="idempotent", description=description, input=inputs
        )
    return graphs


@dataclass(frozen=True, kw_only=True)
class AgentCall:
    """One call of an agent: by a node, or by another agent."""

    agent: str
    path: str
    attempt: int
    """The attempt that first used the effect's id: the ids of its steps carry that number."""
    input: Value
    deadline: Deadline
    chain: tuple[str, ...] = ()
    """The agents that call it, the outermost first."""
    is_tainted: bool = False
    """Whether what it is given may hold what somebody outside has written."""


def crew_of(engine: Engine, performer: Performer, clock: Clock, plan: Plan, run: str) -> Crew:
    """What the agents of a run work with where it is performed."""
    return Crew(
        plan=plan,
        performer=performer,
        judge=engine.judge,
        clock=clock,
        whole=engine.whole,
        run=run,
        tenant=engine.tenant,
    )
