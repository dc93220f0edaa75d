"""AgentOS graphs: agents, and edges that fire on the types of events that their source has emitted.

    name: git-to-prod
    agents: [planner, fixer, {name: tester, description: Runs the tests.}]
    dag:
      - {from: planner, to: fixer, on: [plan_ready], parallel: true}
      - {from: fixer, to: tester, on: [patch_created], join: all}

A node with such edges is followed by two more: `tester_emits`, which tells what it has emitted, and `tester_goes_on`, a
gate that fails the run if no edge waits for any of that, or if a check failed and no edge takes care of it. What a node
is given are the run's inputs and the outputs of the nodes whose edges lead to it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise
from typing import Any, Final

from msgspec import Struct
from pydantic import Field, ValidationError

from interlock.authoring.dialects import agentos_events as events
from interlock.authoring.dialects.callees import Callee, callee_named
from interlock.authoring.dialects.drafting import Drafting
from interlock.authoring.dialects.handing import Giver, handed
from interlock.authoring.dialects.naming import NodeNames
from interlock.authoring.dialects.policies import PoliciesInForce
from interlock.authoring.dialects.reading import Reading
from interlock.authoring.dialects.shapes import read_shape
from interlock.core.catalogue import Catalogue
from interlock.core.compiling.cycles import order
from interlock.core.compiling.spellings import JoinSpec, Written
from interlock.core.problems import Place, nearest

NAME: Final = "AgentOS graph"
KEYS: Final = frozenset({"dag", "agents", "policy_name"})
"""Keys that no other dialect has."""

_UNSURE: Final = "any"
"""How a node with several edges and no `join` starts: with what has come when no more can come."""


class WrittenEdge(Written):
    """An edge, as it is written."""

    from_: str = Field(alias="from", min_length=1)
    to: str = Field(min_length=1)
    on: list[str] = Field(default=[])
    parallel: bool = False
    join: Any = None


class WrittenAgent(Written):
    """An agent class, as it is written."""

    name: str = Field(min_length=1)
    description: str = ""
    tools: list[str] | None = None
    policy_name: str | None = None
    context_profile: str | None = None


class WrittenGraph(Written):
    """A graph, as it is written."""

    name: str = Field(min_length=1)
    description: str = ""
    agents: list[Any] = Field(min_length=1)
    dag: list[WrittenEdge]
    policy_name: str | None = None


class _Agent(Struct, frozen=True):
    """An agent of the graph, with the name of its node."""

    written: WrittenAgent
    node: str
    callee: Callee
    at: Place
    at_name: Place
    budget: dict[str, Any] | None


class _Edge(Struct):
    """All edges from one agent to another as one."""

    source: _Agent
    target: _Agent
    index: int
    on: list[str]
    is_parallel: bool


def read_agentos_graph(document: Mapping[str, Any], around: Catalogue, policies: PoliciesInForce) -> Reading:
    """The graph that an AgentOS graph means."""
    draft = Drafting(NAME)
    written = read_shape(WrittenGraph, document, what="an AgentOS graph")
    if not isinstance(written, WrittenGraph):
        draft.problems += written
        return draft.reading()
    draft.head(written.name, at=("name",), description=written.description)
    _limit_graph(written, policies, draft)
    names = NodeNames()
    agents = _agents(written, names, around, policies, draft)
    edges = _edges(written, agents, draft)
    joins = _joins(written, draft)
    if draft.has_errors:
        return draft.reading()
    _Writer(agents, edges, joins=joins, names=names, draft=draft).write()
    return draft.reading()


# --- reading ---------------------------------------------------------------------------------------------------------


def _limit_graph(written: WrittenGraph, policies: PoliciesInForce, draft: Drafting) -> None:
    if written.policy_name is not None and policies.check(written.policy_name, ("policy_name",), draft):
        budget = policies.budget_of(written.policy_name)
        if budget is not None:
            draft.key("budget", budget, at=("policy_name",))


def _agents(
    written: WrittenGraph, names: NodeNames, around: Catalogue, policies: PoliciesInForce, draft: Drafting
) -> dict[str, _Agent]:
    """The agents by the names that the document gives them."""
    agents: dict[str, _Agent] = {}
    for index, item in enumerate(written.agents):
        at: Place = ("agents", index)
        is_name = isinstance(item, str)
        agent = read_shape(WrittenAgent, {"name": item} if is_name else item, what=f"agent {index + 1}", at=at)
        if not isinstance(agent, WrittenAgent):
            draft.problems += agent
            continue
        at_name = at if is_name else (*at, "name")
        if (node := names.give(agent.name)) is None:
            draft.problem(at_name, names.clash(agent.name, "agent"), "name each agent once")
            continue
        _check_tools(agent, around, at, draft)
        name = agent.policy_name
        is_limited = name is not None and policies.check(name, (*at, "policy_name"), draft)
        budget = policies.budget_of(name) if name is not None and is_limited else None
        agents[agent.name] = _Agent(agent, node, callee_named(agent.name, around), at, at_name, budget)
    return agents


def _check_tools(agent: WrittenAgent, around: Catalogue, at: Place, draft: Drafting) -> None:
    """What a document lets an agent use binds: a contract that allows more is no such agent."""
    contract = around.agents.get(agent.name)
    if agent.tools is None or contract is None:
        return
    for tool in contract.tools:
        if tool not in agent.tools:
            message = f"the contract of `{agent.name}` lets it call `{tool}`, and this list does not"
            draft.problem((*at, "tools"), message, "take the tool out of the contract, or add it here")


def _edges(written: WrittenGraph, agents: Mapping[str, _Agent], draft: Drafting) -> list[_Edge]:
    """The edges in their order; several between the same two are one."""
    edges: dict[tuple[str, str], _Edge] = {}
    for index, edge in enumerate(written.dag):
        at: Place = ("dag", index)
        source = _end(edge.from_, (*at, "from"), agents, draft)
        target = _end(edge.to, (*at, "to"), agents, draft)
        if source is None or target is None:
            continue
        for number, kind in enumerate(edge.on):
            _check_type(kind, source, (*at, "on", number), draft)
        known = edges.setdefault((edge.from_, edge.to), _Edge(source, target, index, [], is_parallel=False))
        known.on += [kind for kind in edge.on or [events.SUCCEEDED] if kind not in known.on]
        known.is_parallel |= edge.parallel
    return list(edges.values())


def _end(name: str, at: Place, agents: Mapping[str, _Agent], draft: Drafting) -> _Agent | None:
    if name in agents:
        return agents[name]
    meant = nearest(name, agents)
    advice = f"did you mean `{meant}`?" if meant else f"`agents` lists {', '.join(agents) or 'none that can be used'}"
    draft.problem(at, f"`agents` lists no `{name}`", advice)
    return None


def _check_type(kind: str, source: _Agent, at: Place, draft: Drafting) -> None:
    if kind in events.OF_THE_RUN:
        draft.problem(at, f"`{kind}` is said of a run, and no agent emits it", "wait for what the agent emits")
    elif not events.may_emit(source.callee, kind):
        fields = ["event", "events", *events.SHOWN_BY_FIELDS.get(kind, ())]
        message = f"`{source.written.name}` never emits `{kind}`: its output has none of {', '.join(fields)}"
        draft.problem(at, message, "add the field `event` to its output, or the type to its labels")


def _joins(written: WrittenGraph, draft: Drafting) -> dict[str, Any]:
    """How many of its edges each target waits for, by its name; all edges that lead to it have to agree."""
    joins: dict[str, Any] = {}
    for index, edge in enumerate(written.dag):
        if edge.join is None:
            continue
        at: Place = ("dag", index, "join")
        try:
            _Joined.model_validate({"join": edge.join})
        except ValidationError:
            draft.problem(at, "a join is `all`, `any`, `first` or `{quorum: n}`", "`all` waits for every edge")
            continue
        if joins.setdefault(edge.to, edge.join) != edge.join:
            message = f"`{edge.to}` is joined in two ways"
            draft.problem(at, message, f"say the same at every edge to `{edge.to}`, or at one alone")
    return joins


class _Joined(Written):
    join: JoinSpec


# --- writing ---------------------------------------------------------------------------------------------------------


class _Writer:
    """Writes the nodes of a graph in which nothing is wrong."""

    def __init__(
        self,
        agents: Mapping[str, _Agent],
        edges: Sequence[_Edge],
        *,
        joins: Mapping[str, Any],
        names: NodeNames,
        draft: Drafting,
    ) -> None:
        self._agents = list(agents.values())
        self._joins = joins
        self._draft = draft
        self._leaving: dict[str, list[_Edge]] = {agent.node: [] for agent in self._agents}
        self._leading: dict[str, list[_Edge]] = {agent.node: [] for agent in self._agents}
        for edge in edges:
            self._leaving[edge.source.node].append(edge)
            self._leading[edge.target.node].append(edge)
        self._emits = {
            agent.node: names.beside(agent.node, "emits")
            for agent in self._agents
            if any(_is_conditional(edge) for edge in self._leaving[agent.node])
        }
        self._goes_on = {
            agent.node: names.beside(agent.node, "goes_on")
            for agent in self._agents
            if agent.node in self._emits or events.may_fail_a_check(agent.callee)
        }
        self._turns = _turns(self._agents, self._leaving)

    def write(self) -> None:
        for agent in self._agents:
            self._write_agent(agent)
            if agent.node in self._emits:
                self._write_emits(agent)
            if agent.node in self._goes_on:
                self._write_gate(agent)
        self._write_outputs()

    def _write_agent(self, agent: _Agent) -> None:
        leading = self._leading[agent.node]
        node: dict[str, Any] = agent.callee.node(self._given(agent, leading))
        if leading:
            node["after"] = {self._source(edge): self._condition(edge) for edge in leading}
        if len(leading) > 1:
            node["join"] = self._joins.get(agent.written.name, _UNSURE)
        if (earlier := self._turns.get(agent.node)) is not None:
            # To mention how a node ended is to wait for its end, and needs nothing else of it.
            ended = " && ".join(f"nodes.{name}.outcome != ''" for name in earlier)
            node["when"] = f"${{{ended}}}"
        if agent.written.description:
            node["description"] = agent.written.description
        if agent.budget is not None:
            node["budget"] = agent.budget
        parts: dict[Place, Place] = {(agent.callee.kind,): agent.at_name, ("input",): agent.at_name}
        parts |= {("after", self._source(edge)): ("dag", edge.index) for edge in leading}
        self._draft.node(agent.node, node, at=agent.at, parts=parts)

    def _given(self, agent: _Agent, leading: Sequence[_Edge]) -> Any:  # noqa: ANN401 - a template: JSON data
        return handed(agent.callee, {edge.source.node: self._value(edge) for edge in leading})

    def _value(self, edge: _Edge) -> Giver:
        """What a source gave, read where the edge comes from: to mention the source itself would be to need it."""
        output = edge.source.callee.output
        return Giver(f"{self._source(edge)}.output" if _is_conditional(edge) else edge.source.node, output)

    def _source(self, edge: _Edge) -> str:
        return self._emits[edge.source.node] if _is_conditional(edge) else edge.source.node

    def _condition(self, edge: _Edge) -> dict[str, Any]:
        if not _is_conditional(edge):
            return {}
        return {"when": f"${{{self._emits[edge.source.node]}.types.exists(it, {events.is_one_of(edge.on)})}}"}

    def _write_emits(self, agent: _Agent) -> None:
        wanted = self._types_waited_for(agent)
        types = f"${{{events.emitted(agent.node, agent.callee, wanted)}}}"
        on = {"on": ["failed", "succeeded"]} if events.FAILED in wanted else {}
        node = {"value": {"types": types, "output": f"${{{agent.node}}}"}, "after": {agent.node: on}}
        self._draft.node(self._emits[agent.node], node, at=agent.at)

    def _write_gate(self, agent: _Agent) -> None:
        wanted = self._types_waited_for(agent)
        if agent.node in self._emits:
            types = f"{self._emits[agent.node]}.types"
            checks = [f"${{{types}.exists(it, {events.is_one_of([*wanted, events.ENDS_WELL])})}}"]
        else:
            types, checks = f"({events.emitted(agent.node, agent.callee, [])})", []
        bad = f"type(it) == string && it.endsWith('{events.BAD}')"
        taken = f" && !({events.is_one_of(wanted)})" if wanted else ""
        checks.append(f"${{!{types}.exists(it, {bad}{taken})}}")
        description = f"What `{agent.written.name}` emits is waited for, and no failed check is passed over."
        gate = {"gate": checks, "description": description}
        self._draft.node(self._goes_on[agent.node], gate, at=agent.at)

    def _types_waited_for(self, agent: _Agent) -> Collection[str]:
        """Each once, in the order of the edges."""
        return dict.fromkeys(kind for edge in self._leaving[agent.node] for kind in edge.on).keys()

    def _write_outputs(self) -> None:
        """What the agents gave from which nothing leads on."""
        last = [agent.node for agent in self._agents if not self._leaving[agent.node]]
        outputs = {node: f"${{nodes.{node}.outcome == 'succeeded' ? {node} : null}}" for node in last}
        self._draft.key("outputs", outputs, at=("dag",))


def _is_conditional(edge: _Edge) -> bool:
    """Whether it takes something else than that its source has succeeded."""
    return events.FAILED in edge.on or events.DONE.isdisjoint(edge.on)


def _turns(agents: Sequence[_Agent], leaving: Mapping[str, Sequence[_Edge]]) -> dict[str, list[str]]:
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
