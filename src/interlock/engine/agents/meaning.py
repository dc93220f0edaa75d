"""What a call means that an agent asks for: a tool, another agent, a graph or a memory of what the run is pinned to.

Whether it may be made is not asked here; that it is one of those in the agent's contract is.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from interlock.agents.memory_tools import memory_contracts
from interlock.agents.offering import allowed_tools
from interlock.core.agent_contract import AGENT_DEPTH_MAX, AGENT_TOOL, GRAPH_TOOL, MEMORY_TOOLS
from interlock.core.event_parts import Error
from interlock.core.messages import AskedCall
from interlock.core.plan import EffectClass, ToolTerms
from interlock.core.schemas import compile_schema
from interlock.core.verdicts import Movement
from interlock.engine.agents.crew import AgentCall, Crew
from interlock.engine.agents.judging import Asker


class Meant(Struct, frozen=True):
    """A call that an agent asks for, and what it means."""

    call: AskedCall
    kind: Literal["tool", "agent", "graph", "memory"]
    name: str
    effect: EffectClass
    movement: Movement
    terms: ToolTerms
    foreign_source: str = ""
    """Where its results come from, if somebody outside may have written them."""


class Meanings:
    """What the calls of one agent mean, each under an id of its own."""

    def __init__(self, crew: Crew, call: AgentCall) -> None:
        self._crew = crew
        self._call = call
        self._contract = crew.plan.agents[call.agent]
        self._toolbox = crew.toolbox(self._contract)
        self._allowed = frozenset(
            [*allowed_tools(self._contract), *(wanted.tool for wanted in self._contract.context.prefetch)]
        )
        self._ids: set[str] = set()
        """Of all calls so far: each is found on record by its own."""

    def of(self, call: AskedCall, *, tainted: bool) -> Meant | Error:
        """What a call means here: a tool or another agent of what the run is pinned to, and of the agent's contract."""
        wrong = self._why_not(call)
        self._ids.add(call.id)
        if wrong is not None:
            return wrong
        asker = Asker(self._crew, self._call.agent, self._call.path, tainted)
        if call.tool.startswith(AGENT_TOOL):
            if len(self._call.chain) + 1 >= AGENT_DEPTH_MAX:
                message = f"agents call agents at most {AGENT_DEPTH_MAX} deep, and `{call.tool}` would be deeper"
                return Error("exhausted", message, self._call.path)
            name = call.tool.removeprefix(AGENT_TOOL)
            return Meant(call, "agent", name, "idempotent", asker.about_inner(call.tool, call.arguments), ToolTerms())
        if call.tool.startswith(GRAPH_TOOL):
            name = call.tool.removeprefix(GRAPH_TOOL)
            return Meant(call, "graph", name, "idempotent", asker.about_inner(call.tool, call.arguments), ToolTerms())
        if call.tool in MEMORY_TOOLS and self._contract.memory:
            return self._of_memory(call, asker)
        contract, tool = self._crew.plan.tools[call.tool], self._crew.performer.find(call.tool)
        needs = tool.permissions(call.arguments) if tool else None
        movement = asker.about_tool(contract, needs, call.arguments)
        source = tool.source if tool is not None and tool.is_foreign else ""
        return Meant(call, "tool", call.tool, contract.effect, movement, contract.terms or ToolTerms(), source)

    def _why_not(self, call: AskedCall) -> Error | None:
        """Why a call means nothing here: a step of an agent's own may hand on whatever a model has asked for."""
        if call.id in self._ids:
            return Error(
                "invalid", f"two calls of the agent have the id `{call.id}`: give each its own", self._call.path
            )
        if call.tool not in self._toolbox:
            return Error("unavailable", f"there is no tool `{call.tool}` here", self._call.path)
        if call.tool not in self._allowed:
            return Error("refused", f"the contract of `{self._call.agent}` has no tool `{call.tool}`", self._call.path)
        return None

    def _of_memory(self, call: AskedCall, asker: Asker) -> Meant | Error:
        tool = memory_contracts(self._contract)[call.tool]
        problems = compile_schema(tool.input or {}).problems(call.arguments, where="arguments")
        if problems:
            return Error("invalid", f"`{call.tool}` cannot be called so: {'; '.join(problems)}", self._call.path)
        movement = asker.about_memory(tool, call.arguments["memory"], call.arguments)
        return Meant(call, "memory", call.tool, tool.effect, movement, ToolTerms())
