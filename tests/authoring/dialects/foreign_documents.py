"""Documents of other systems for property tests: good ones, and ones in which something was changed."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Sequence
from typing import Any

from hypothesis import strategies as st

from interlock.core.catalogue import Catalogue
from interlock.core.values import is_list, is_map
from tests.authoring.dialects.around import agent, around, tool
from tests.authoring.documents import json_data

Document = dict[str, Any]

PROJECT: Catalogue = around(
    agent("writer"),
    agent("any_map", gives={"type": "object", "properties": {}}),
    agent("checker", takes={"text": "string?", "draft": "any"}, gives={"passed": "boolean", "score": "number"}),
    agent("approver", gives={"approved": "boolean", "feedback": "string?", "event": "string?", "score": "number"}),
    tool("look", takes={"topic": "string", "feedback": {"default": ""}}),
    tool("tone", takes={"text": "string"}, gives={"events": "list"}, labels=("calm", "angry")),
)
CALLED = ("writer", "any_map", "checker", "approver", "look", "tone")
ANY_EVENT = ("tests_passed", "plan_ready", "own_type", "node_done", "error", "context_compiled")
EVENTS = {
    "any_map": ANY_EVENT,
    "approver": ANY_EVENT,
    "look": ANY_EVENT,
    "checker": ("tests_passed", "tests_failed", "node_done", "error"),
    "tone": ("calm", "angry", "own_type", "error"),
    "writer": ("node_done", "error"),
}
EXPRESSIONS = ("len(text) > 3", "score / 2", "ctx.get('x', 1) + 1", "{'a': [1, 2]}", "'a' if flag else None", "f'{x}!'")
names = st.text("abcdefghijk _-.Z9é", min_size=1, max_size=8)


@st.composite
def step_lists(draw: st.DrawFn) -> Document:
    """A step list in which nothing is wrong."""
    called = draw(st.lists(st.sampled_from(CALLED), min_size=1, max_size=5))
    steps = [{"agent_type": name} | draw(_some({"name": st.just(f"Step {at}")})) for at, name in enumerate(called)]
    document: Document = {"name": draw(names), "steps": steps}
    if draw(st.booleans()):
        steps[-1]["agent_type"] = "approver"
        checks = st.sampled_from(["assessment_approved", "quality_threshold", {"quality_threshold": 0.5}])
        document |= {"coordination_type": "iterative_refinement"}
        document |= draw(_some({"convergence_check": checks, "max_iterations": st.integers(1, 9)}))
    return document | draw(_some({"description": st.text(max_size=9)}))


@st.composite
def agentos_graphs(draw: st.DrawFn) -> Document:
    """An AgentOS graph in which nothing is wrong."""
    called = draw(st.lists(st.sampled_from(CALLED), min_size=1, max_size=6, unique=True))
    joins = {name: draw(st.sampled_from([None, "all", "any", "first", {"quorum": 1}])) for name in called}
    dag = [_edge(draw, called[one], called[other], joins) for one, other in draw(_pairs(len(called)))]
    agents = [draw(st.sampled_from([name, {"name": name, "description": "Works."}])) for name in called]
    return {"name": draw(names), "agents": agents, "dag": dag}


@st.composite
def node_lists(draw: st.DrawFn) -> Document:
    """A node list in which nothing is wrong."""
    count = draw(st.integers(1, 6))
    nodes = [{"id": f"n {at}"} | draw(st.sampled_from(_KINDS)) for at in range(count)]
    retry = _some({"max_attempts": st.integers(1, 5), "backoff_ms": st.integers(0, 500), "jitter": st.booleans()})
    edges: list[Document] = [{"from": f"n {one}", "to": f"n {other}"} for one, other in draw(_pairs(count))]
    if edges and draw(st.booleans()):
        edges[0]["retry"] = draw(retry)
    return {"id": draw(names), "nodes": nodes, "edges": edges}


documents = step_lists() | agentos_graphs() | node_lists()


@st.composite
def changed_documents(draw: st.DrawFn) -> Document:
    """A document in which one thing was replaced by something else, or was left out."""
    document = copy.deepcopy(draw(documents))
    holder, key = draw(st.sampled_from(_spots(document)))
    if draw(st.booleans()):
        holder[key] = draw(json_data)
    else:
        del holder[key]
    return document


_KINDS: Sequence[Document] = (
    *({"kind": "task", "expr": expression} for expression in EXPRESSIONS),
    {"kind": "task", "name": "look"},
    {"kind": "task", "name": "tone"},
    {"kind": "agent", "name": "writer"},
    {"kind": "agent", "name": "checker"},
    {"kind": "human", "name": "Is ${this} good?", "approval_key": "good"},
    {"kind": "human"},
)


def _edge(draw: st.DrawFn, source: str, target: str, joins: dict[str, Any]) -> Document:
    on = draw(st.lists(st.sampled_from(EVENTS[source]), max_size=3, unique=True))
    join = {} if joins[target] is None else {"join": joins[target]}
    return {"from": source, "to": target, "on": on, "parallel": draw(st.booleans())} | join


def _pairs(count: int) -> st.SearchStrategy[list[tuple[int, int]]]:
    """Edges from earlier to later nodes."""
    pairs = [(one, other) for other in range(count) for one in range(other)]
    return st.lists(st.sampled_from(pairs), max_size=8, unique=True) if pairs else st.just([])


def _some(keys: dict[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[Document]:
    return st.fixed_dictionaries({}, optional=keys)


def _spots(part: Any) -> list[tuple[Any, Any]]:  # noqa: ANN401 - JSON data
    """Every place of a document: a map or list, and a key or position in it."""
    keys = list(_items(part))
    return [spot for key in keys for spot in [(part, key), *_spots(part[key])]]


def _items(part: Any) -> Iterable[Any]:  # noqa: ANN401 - JSON data
    return part if is_map(part) else range(len(part)) if is_list(part) else ()
