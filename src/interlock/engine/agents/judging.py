"""What a policy is asked about what an agent wants, and how its verdict is recorded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from interlock.core.agent_contract import AGENT_TOOL
from interlock.core.event_parts import Decision, Error, Option
from interlock.core.plan import Permissions, ToolContract, ToolTerms
from interlock.core.values import Value
from interlock.core.verdicts import Movement, Point, Verdict
from interlock.engine.agents.crew import Crew
from interlock.engine.agents.model_door import Candidate

POLICY: Final = "policy"
"""The point of a decision that a policy has made."""


class Asker(Struct, frozen=True):
    """Who asks: an agent in a node of a run, and whether untrusted text may speak through it."""

    crew: Crew
    agent: str
    path: str
    tainted: bool

    def about_tool(self, contract: ToolContract, needs: Permissions | None, arguments: Value) -> Movement:
        """A call of a tool."""
        terms = contract.terms or ToolTerms()
        return replace(
            self._asks_for("tool", contract.name, arguments),
            effect=contract.effect,
            risk=terms.risk,
            permissions=terms.permissions if needs is None else needs,
        )

    def about_memory(self, tool: ToolContract, memory: str, arguments: Value) -> Movement:
        """A call of a memory tool: its name is the memory that is meant."""
        access = "read" if tool.effect == "read" else "write"
        return replace(self._asks_for("memory", memory, arguments), effect=tool.effect, access=access)

    def about_inner(self, name: str, arguments: Value) -> Movement:
        """A call of another agent or of a graph, where everything that it wants itself will be asked about."""
        asked = self._asks_for("tool", name, arguments)
        called = self.crew.plan.agents.get(name.removeprefix(AGENT_TOOL)) if name.startswith(AGENT_TOOL) else None
        return replace(asked, effect="read", policies=(*asked.policies, *(called.policies if called else ())))

    def about_model(self, candidate: Candidate) -> Movement:
        """A call of a model."""
        return replace(
            self._asks_for("model", candidate.name),
            effect="paid",
            permissions=Permissions(hosts=(candidate.host,) if candidate.host else (), external=bool(candidate.host)),
            safety=candidate.safety,
        )

    def _asks_for(self, point: Point, name: str, arguments: Value = None) -> Movement:
        return Movement(
            point=point,
            name=name,
            tenant=self.crew.tenant,
            graph=self.crew.plan.name,
            run=self.crew.run,
            path=self.path,
            agent=self.agent,
            tainted=self.tainted,
            arguments=arguments,
            policies=self.crew.plan.agents[self.agent].policies,
        )


def decision_of(verdict: Verdict, options: Sequence[Option] = ()) -> Decision:
    """A verdict, as it is recorded."""
    return Decision(POLICY, verdict.verdict, tuple(options), verdict.why, verdict.rule, verdict.policy)


def refusal_of(verdict: Verdict, what: str, path: str) -> Error:
    """What is told of a call that a policy does not allow."""
    why = f": {verdict.why}" if verdict.why else ""
    return Error("refused", f"the policy does not allow {what} (rule {verdict.rule}){why}", path)
