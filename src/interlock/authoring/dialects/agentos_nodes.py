"""The nodes of a graph of ours that the agents and edges of an AgentOS graph come to, where nothing is wrong with them.

For each agent: its node, what it emits (if an edge asks), and the gate behind it (if it may fail a check). The gate
stands before all that follows, so that where it blocks nothing else has begun.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise
from typing import Any, Final

from interlock.authoring.dialects import agentos_events as events
from interlock.authoring.dialects.agentos_reading import Agent, Edge, ReadGraph
from interlock.authoring.dialects.drafting import Drafting
from interlock.authoring.dialects.handing import Giver, handed
from interlock.authoring.dialects.naming import NodeNames
from interlock.core.compiling.cycles import order
from interlock.core.problems import Place

_UNSAID: Final = "any"
"""How a node with several edges and no `join` starts: with what has come when no more can come."""


def write_nodes(read: ReadGraph, names: NodeNames, draft: Drafting) -> None:
    """Write down the nodes of a graph, and what it gives."""
    _Writer(read, names, draft).write()


class _Writer:
    """What is known of a graph while its nodes are written down."""

    def __init__(self, read: ReadGraph, names: NodeNames, draft: Drafting) -> None:
        self._agents = read.agents
        self._joins = read.joins
        self._draft = draft
        self._leaving: dict[str, list[Edge]] = {agent.node: [] for agent in read.agents}
        self._leading: dict[str, list[Edge]] = {agent.node: [] for agent in read.agents}
        for edge in read.edges:
            self._leaving[edge.source.node].append(edge)
            self._leading[edge.target.node].append(edge)
        self._emits = {
            agent.node: names.beside(agent.node, "emits")
            for agent in read.agents
            if any(_is_conditional(edge) for edge in self._leaving[agent.node])
        }
        self._goes_on = {
            agent.node: names.beside(agent.node, "goes_on")
            for agent in read.agents
            if agent.node in self._emits or events.may_fail_a_check(agent.callee)
        }
        self._turns = _turns(read.agents, self._leaving)

    def write(self) -> None:
        for agent in self._agents:
            self._write_agent(agent)
            if agent.node in self._emits:
                self._write_emits(agent)
            if agent.node in self._goes_on:
                self._write_gate(agent)
        self._write_outputs()

    def _write_agent(self, agent: Agent) -> None:
        leading = self._leading[agent.node]
        node: dict[str, Any] = agent.callee.node(self._given(agent, leading))
        if leading:
            node["after"] = {self._source(edge): self._condition(edge) for edge in leading}
        join, at_join = self._joins.get(agent.written.name, (_UNSAID, agent.at))
        if len(leading) > 1 or isinstance(join, dict):
            node["join"] = join
        if (earlier := self._turns.get(agent.node)) is not None:
            # To mention how a node ended is to wait for its end, and needs nothing else of it.
            ended = " && ".join(f"nodes.{name}.outcome != ''" for name in earlier)
            node["when"] = f"${{{ended}}}"
        if agent.written.description:
            node["description"] = agent.written.description
        if agent.budget is not None:
            node["budget"] = agent.budget
        parts: dict[Place, Place] = {(agent.callee.kind,): agent.at_name, ("input",): agent.at_name, ("join",): at_join}
        parts |= {("after", self._source(edge)): ("dag", edge.index) for edge in leading}
        self._draft.node(agent.node, node, at=agent.at, parts=parts)

    def _given(self, agent: Agent, leading: Sequence[Edge]) -> Any:  # noqa: ANN401 - a template: JSON data
        return handed(agent.callee, {edge.source.node: self._value(edge) for edge in leading})

    def _value(self, edge: Edge) -> Giver:
        """What a source gave, read where the edge comes from: to mention the source itself would be to need it."""
        output = edge.source.callee.output
        return Giver(f"{self._source(edge)}.output" if _is_conditional(edge) else edge.source.node, output)

    def _source(self, edge: Edge) -> str:
        return self._emits[edge.source.node] if _is_conditional(edge) else edge.source.node

    def _condition(self, edge: Edge) -> dict[str, Any]:
        if not _is_conditional(edge):
            return {}
        return {"when": f"${{{events.some_is(self._types(edge.source), edge.on)}}}"}

    def _types(self, agent: Agent) -> str:
        """The expression that gives what an agent has emitted."""
        return f"{self._emits[agent.node]}.types"

    def _write_emits(self, agent: Agent) -> None:
        wanted = self._types_waited_for(agent)
        types = f"${{{events.emitted(agent.node, agent.callee, wanted)}}}"
        on = {"on": ["failed", "succeeded"]} if events.FAILED in wanted else {}
        node = {"value": {"types": types, "output": f"${{{agent.node}}}"}, "after": {agent.node: on}}
        self._draft.node(self._emits[agent.node], node, at=agent.at)

    def _write_gate(self, agent: Agent) -> None:
        wanted = self._types_waited_for(agent)
        if agent.node in self._emits:
            types = self._types(agent)
            checks = [f"${{{events.some_is(types, [*wanted, events.ENDS_WELL])}}}"]
        else:
            types, checks = f"({events.emitted(agent.node, agent.callee, [])})", []
        checks.append(f"${{!{events.some_is_bad(types, wanted)}}}")
        description = f"What `{agent.written.name}` emits is waited for, and no failed check is passed over."
        gate = {"gate": checks, "description": description}
        self._draft.node(self._goes_on[agent.node], gate, at=agent.at)

    def _types_waited_for(self, agent: Agent) -> Collection[str]:
        """Each once, in the order of the edges."""
        return dict.fromkeys(kind for edge in self._leaving[agent.node] for kind in edge.on).keys()

    def _write_outputs(self) -> None:
        """What the agents gave from which nothing leads on."""
        last = [agent.node for agent in self._agents if not self._leaving[agent.node]]
        outputs = {node: f"${{nodes.{node}.outcome == 'succeeded' ? {node} : null}}" for node in last}
        self._draft.key("outputs", outputs, at=("dag",))


def _is_conditional(edge: Edge) -> bool:
    """Whether it takes something else than that its source has succeeded."""
    return events.FAILED in edge.on or events.DONE.isdisjoint(edge.on)


def _turns(agents: Sequence[Agent], leaving: Mapping[str, Sequence[Edge]]) -> dict[str, list[str]]:
    """For nodes that do not run in parallel with their siblings: those that have to have ended before.

    Of the targets of one source each waits for the one before it, in an order in which nobody waits for a later one.
    """
    index = {agent.node: position for position, agent in enumerate(agents)}
    sources: list[list[int]] = [[] for _ in agents]
    for source, edges in leaving.items():
        for edge in edges:
            sources[index[edge.target.node]].append(index[source])
    rank = {agents[position].node: number for number, position in enumerate(order(sources))}
    turns: dict[str, list[str]] = {}
    for edges in leaving.values():
        alone = sorted(
            (edge.target.node for edge in edges if not edge.is_parallel and edge.target.node in rank),
            key=rank.__getitem__,
        )
        for before, after in pairwise(alone):
            turns.setdefault(after, []).append(before)
    return turns
