"""What an AgentOS graph says: its agents, its edges and how they are joined, or what is wrong with any of them.

Several edges between the same two agents are one here. What follows from all that is written down by `agentos_nodes`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct
from pydantic import Field, ValidationError

from interlock.authoring.dialects import agentos_events as events
from interlock.authoring.dialects.callees import Callee, callee_named
from interlock.authoring.dialects.drafting import Drafting
from interlock.authoring.dialects.naming import NodeNames
from interlock.authoring.dialects.policies import PoliciesInForce
from interlock.authoring.dialects.shapes import WrittenElsewhere, read_shape
from interlock.core.catalogue import Catalogue
from interlock.core.compiling.spellings import JoinSpec
from interlock.core.problems import Place, nearest


class WrittenEdge(WrittenElsewhere):
    """An edge, as it is written."""

    from_: str = Field(alias="from", min_length=1)
    to: str = Field(min_length=1)
    on: list[str] = Field(default=[])
    parallel: bool = False
    join: Any = None


class WrittenAgent(WrittenElsewhere):
    """An agent class, as it is written."""

    name: str = Field(min_length=1)
    description: str = ""
    tools: list[str] | None = None
    policy_name: str | None = None
    context_profile: str | None = None


class WrittenGraph(WrittenElsewhere):
    """A graph, as it is written."""

    name: str = Field(min_length=1)
    description: str = ""
    agents: list[Any] = Field(min_length=1)
    dag: list[WrittenEdge]
    policy_name: str | None = None


class _Joined(WrittenElsewhere):
    """How edges are joined, as our own language has it."""

    join: JoinSpec


class Agent(Struct, frozen=True):
    """An agent of the graph, with the name of its node."""

    written: WrittenAgent
    node: str
    callee: Callee
    at: Place
    at_name: Place
    budget: dict[str, Any] | None


class Edge(Struct):
    """All edges from one agent to another as one."""

    source: Agent
    target: Agent
    index: int
    on: list[str]
    is_parallel: bool


class ReadGraph(Struct, frozen=True):
    """A graph as far as it could be read. `joins` are by the name of the target, with the place where it was said."""

    agents: list[Agent]
    edges: list[Edge]
    joins: dict[str, tuple[Any, Place]]


def read_graph_of_agents(
    written: WrittenGraph, names: NodeNames, around: Catalogue, policies: PoliciesInForce, draft: Drafting
) -> ReadGraph:
    """Everything that a graph says; what is wrong is told to the draft."""
    agents = _agents(written, names, around, policies, draft)
    return ReadGraph(list(agents.values()), _edges(written, agents, draft), _joins(written, draft))


# --- agents ----------------------------------------------------------------------------------------------------------


def _agents(
    written: WrittenGraph, names: NodeNames, around: Catalogue, policies: PoliciesInForce, draft: Drafting
) -> dict[str, Agent]:
    """The agents by the names that the document gives them."""
    agents: dict[str, Agent] = {}
    for index, item in enumerate(written.agents):
        if draft.has_enough:
            break
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
        agents[agent.name] = Agent(agent, node, callee_named(agent.name, around), at, at_name, budget)
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


# --- edges -----------------------------------------------------------------------------------------------------------


def _edges(written: WrittenGraph, agents: Mapping[str, Agent], draft: Drafting) -> list[Edge]:
    """The edges in their order; several between the same two are one."""
    edges: dict[tuple[str, str], Edge] = {}
    for index, edge in enumerate(written.dag):
        if draft.has_enough:
            break
        at: Place = ("dag", index)
        source = _end(edge.from_, (*at, "from"), agents, draft)
        target = _end(edge.to, (*at, "to"), agents, draft)
        if source is None or target is None:
            continue
        for number, kind in enumerate(edge.on):
            _check_type(kind, source, (*at, "on", number), draft)
        known = edges.setdefault((edge.from_, edge.to), Edge(source, target, index, [], is_parallel=False))
        known.on += [kind for kind in edge.on or [events.SUCCEEDED] if kind not in known.on]
        known.is_parallel |= edge.parallel
    return list(edges.values())


def _end(name: str, at: Place, agents: Mapping[str, Agent], draft: Drafting) -> Agent | None:
    if name in agents:
        return agents[name]
    meant = nearest(name, agents)
    advice = f"did you mean `{meant}`?" if meant else f"`agents` lists {', '.join(agents) or 'none that can be used'}"
    draft.problem(at, f"`agents` lists no `{name}`", advice)
    return None


def _check_type(kind: str, source: Agent, at: Place, draft: Drafting) -> None:
    if kind in events.OF_THE_RUN:
        draft.problem(at, f"`{kind}` is said of a run, and no agent emits it", "wait for what the agent emits")
    elif not events.may_emit(source.callee, kind):
        fields = ["event", "events", *events.SHOWN_BY_FIELDS.get(kind, ())]
        message = f"`{source.written.name}` never emits `{kind}`: its output has none of {', '.join(fields)}"
        draft.problem(at, message, "add the field `event` to its output, or the type to its labels")


def _joins(written: WrittenGraph, draft: Drafting) -> dict[str, tuple[Any, Place]]:
    """How many of its edges each target waits for, by its name; all edges that lead to it have to agree."""
    joins: dict[str, tuple[Any, Place]] = {}
    for index, edge in enumerate(written.dag):
        if edge.join is None:
            continue
        at: Place = ("dag", index, "join")
        if not _is_join(edge.join):
            draft.problem(at, "a join is `all`, `any`, `first` or `{quorum: n}`", "`all` waits for every edge")
            continue
        known, _ = joins.setdefault(edge.to, (edge.join, at))
        if known != edge.join:
            message = f"`{edge.to}` is joined in two ways"
            draft.problem(at, message, f"say the same at every edge to `{edge.to}`, or at one alone")
    return joins


def _is_join(written: object) -> bool:
    try:
        _Joined.model_validate({"join": written})
    except ValidationError:
        return False
    return True
