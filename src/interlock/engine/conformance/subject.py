"""What is inspected: a compiled graph with its agents, the tools as they are here, and the policy in force."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from interlock.agents.agent import Agent
from interlock.agents.offering import Toolbox
from interlock.core.agent_contract import AGENT_TOOL, AgentContract
from interlock.core.compiling.callees import callees
from interlock.core.plan import Node, Permissions, Plan, ScopePlan, ToolContract, ToolTerms
from interlock.core.verdicts import Judge, Movement, Verdict
from interlock.engine.agents.crew import toolbox_of
from interlock.tools.tool import Tool


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A graph to be judged. `agents` are those of the plan, each ready to step."""

    plan: Plan
    agents: Mapping[str, Agent]
    tools: Mapping[str, Tool]
    judge: Judge

    @property
    def contracts(self) -> list[AgentContract]:
        """The contracts of its agents, in the order of their names."""
        return [self.plan.agents[name] for name in sorted(self.plan.agents)]

    def toolbox(self, contract: AgentContract) -> Toolbox:
        """Everything that an agent may call."""
        return toolbox_of(self.plan, contract)

    def tools_of(self, contract: AgentContract) -> list[ToolContract]:
        """The tools proper that an agent may call: neither agents nor graphs."""
        return [self.plan.tools[name] for name in callees(contract) if name in self.plan.tools]

    def nodes(self) -> Iterator[tuple[ScopePlan, Node]]:
        """Every node of the plan, with the scope it stands in."""
        for scope in self.plan.scopes:
            for node in scope.nodes:
                yield scope, node

    def verdict(self, contract: AgentContract, tool: ToolContract, *, tainted: bool) -> Verdict:
        """What the policy says of a call by this agent, as far as the tool's contract tells."""
        terms = tool.terms or ToolTerms()
        return self.judge(
            Movement(
                point="tool",
                name=tool.name,
                graph=self.plan.name,
                agent=contract.name,
                effect=tool.effect,
                risk=terms.risk,
                permissions=terms.permissions,
                tainted=tainted,
                policies=contract.policies,
            )
        )


def is_lasting(tool: ToolContract) -> bool:
    """Whether a call may change something that cannot simply be done again or taken back."""
    terms = tool.terms or ToolTerms()
    return tool.effect == "once" or terms.risk == "high" or (terms.permissions or Permissions()).external


def is_risky(tool: ToolContract) -> bool:
    """Whether a call is one that nobody should make only because some text asked for it."""
    terms = tool.terms or ToolTerms()
    return terms.risk == "high" or (tool.effect == "once" and terms.permissions.external)


def called_agents(contract: AgentContract) -> list[str]:
    """The agents that an agent may call."""
    return [name.removeprefix(AGENT_TOOL) for name in contract.tools if name.startswith(AGENT_TOOL)]
