"""Node lists: nodes of three kinds and edges between them, as the Orchestration Builder has them.

    id: release
    nodes:
      - {id: score, name: Score, kind: task, expr: "len(text) > 10"}
      - {id: write, name: writer, kind: agent}
      - {id: approve, name: "Publish it?", kind: human, approval_key: publish_ok}
    edges:
      - {from: score, to: write, retry: {max_attempts: 3, backoff_ms: 200, jitter: true}}
      - {from: write, to: approve, policies: [publishing]}

A task computes its `expr`, or calls the tool of its name. What a person rejects fails the run. A policy that an edge
names has to be in force: it is asked at every edge, as every policy here.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from itertools import pairwise
from typing import Any, Final, Literal

from msgspec import Struct
from pydantic import Field

from interlock.authoring.dialects.callees import Callee, agent_named, tool_named
from interlock.authoring.dialects.drafting import Drafting
from interlock.authoring.dialects.handing import Giver, handed
from interlock.authoring.dialects.naming import NodeNames
from interlock.authoring.dialects.policies import PoliciesInForce
from interlock.authoring.dialects.python_expressions import NUMBER, Untranslatable, translated
from interlock.authoring.dialects.python_words import Names
from interlock.authoring.dialects.reading import Reading
from interlock.authoring.dialects.shapes import WrittenElsewhere, read_shape
from interlock.core.catalogue import Catalogue
from interlock.core.durations import duration_text
from interlock.core.problems import Place, Problem, nearest
from interlock.core.values import JsonSchema

NAME: Final = "node list"
APPROVE: Final = "approve"
REJECT: Final = "reject"

_BAGS: Final = frozenset({"context", "ctx", "bag", "inputs", "state"})
"""What expressions call all that there is: what the run was given, and what nodes gave, by their ids."""
_ANSWER: Final[JsonSchema] = {
    "type": "object",
    "properties": {field: {} for field in ("choice", "form", "by", "why")},
    "additionalProperties": False,
}
"""What is known of the value of a human node."""
_HANDED_MAX: Final = 30
"""Of how many nodes before it a node is handed the values."""
_MICROS_PER_MS: Final = 1_000


class WrittenNode(WrittenElsewhere):
    """A node, as it is written."""

    id: str = Field(min_length=1)
    name: str | None = Field(default=None, min_length=1)
    kind: Literal["task", "agent", "human"]
    expr: str | None = Field(default=None, min_length=1)
    approval_key: str | None = Field(default=None, min_length=1)


class WrittenRetry(WrittenElsewhere):
    """How often the node at the end of an edge is tried. Delays vary here always, so `jitter` changes nothing."""

    max_attempts: int = Field(default=1, ge=1, le=1_000)
    backoff_ms: int = Field(default=0, ge=0, le=86_400_000)
    jitter: bool | float | None = None


class WrittenEdge(WrittenElsewhere):
    """An edge, as it is written."""

    from_: str = Field(alias="from", min_length=1)
    to: str = Field(min_length=1)
    policies: list[str] = Field(default=[])
    retry: WrittenRetry | None = None


class WrittenNodeList(WrittenElsewhere):
    """A node list, as it is written."""

    id: str = Field(min_length=1)
    nodes: list[WrittenNode] = Field(min_length=1)
    edges: list[WrittenEdge] = Field(default=[])


class _Node(Struct):
    """A node on its way: what it is called here, the nodes before it, and how often it is tried."""

    written: WrittenNode
    name: str
    at: Place
    leads_on: str
    """The node that those behind it wait for."""
    callee: Callee | None
    """Who does its work; None where nobody is called."""
    before: dict[str, tuple[_Node, Place]]
    """The nodes that it waits for by name, and where that was written."""
    retry: tuple[WrittenRetry, Place] | None = None

    @property
    def output(self) -> JsonSchema | None:
        """What is known of its value."""
        if self.written.kind == "human":
            return _ANSWER
        return None if self.callee is None else self.callee.output


def is_node_list(document: Mapping[str, Any]) -> bool:
    """Whether a document has what no other shape has: a list of nodes, or edges."""
    return isinstance(document.get("nodes"), list) or "edges" in document


def read_node_list(document: Mapping[str, Any], around: Catalogue, policies: PoliciesInForce) -> Reading:
    """The graph that a node list means."""
    draft = Drafting(NAME)
    written = read_shape(WrittenNodeList, document, what="a node list")
    if not isinstance(written, WrittenNodeList):
        draft.problems += written
        return draft.reading()
    draft.head(written.id, at=("id",))
    nodes = _nodes(written, around, draft)
    _add_edges(written, nodes, policies, draft)
    if draft.has_errors:
        return draft.reading()
    names = Names({node.written.id: node.name for node in nodes.values()}, _BAGS)
    for node in nodes.values():
        if not draft.has_enough:
            _write(node, names, draft)
    followed = {before for node in nodes.values() for before in node.before}
    last = [node.name for node in nodes.values() if node.name not in followed]
    draft.key("outputs", {name: f"${{{name}}}" for name in last}, at=("nodes",))
    return draft.reading()


# --- reading ---------------------------------------------------------------------------------------------------------


def _nodes(written: WrittenNodeList, around: Catalogue, draft: Drafting) -> dict[str, _Node]:
    """The nodes by the ids that the document gives them."""
    names = NodeNames(NUMBER)
    nodes: dict[str, _Node] = {}
    for index, node in enumerate(written.nodes):
        at: Place = ("nodes", index)
        name = names.give(node.id)
        if name is None:
            draft.problem((*at, "id"), names.clash(node.id, "node"), "give each node an id of its own")
            continue
        for key in _without_effect(node):
            advice = "`expr` is computed by a task" if key == "expr" else "`approval_key` is of a human node"
            draft.problem(
                (*at, key), f"`{key}` is without effect at a node of the kind `{node.kind}`", advice, at_key=True
            )
        callee = _callee(node, around)
        if node.kind == "task" and node.expr is None and callee is None:
            message = f"the task `{node.id}` has no `expr`, and there is no tool of its name or id"
            draft.problem((*at, "id"), message, "add `expr: …`, or name the task like a tool")
        nodes[node.id] = _Node(node, name, at, name, callee, {})
    for node in nodes.values():
        if node.written.kind == "human":
            node.leads_on = names.beside(node.name, "approved")
    return nodes


def _callee(node: WrittenNode, around: Catalogue) -> Callee | None:
    """The agent or tool that a node calls: of its name, or else of its id."""
    names = [name for name in (node.name, node.id) if name is not None]
    if node.kind == "agent":
        return agent_named(next((name for name in names if name in around.agents), names[0]), around)
    found = next((name for name in names if name in around.tools), None)
    return tool_named(found, around) if node.kind == "task" and node.expr is None and found is not None else None


def _without_effect(node: WrittenNode) -> list[str]:
    meant = {"expr": "task", "approval_key": "human"}
    return [key for key, kind in meant.items() if getattr(node, key) is not None and node.kind != kind]


def _add_edges(
    written: WrittenNodeList, nodes: Mapping[str, _Node], policies: PoliciesInForce, draft: Drafting
) -> None:
    """What each node waits for; without any edges, the nodes run in the order of the list, as there they always did."""
    if not written.edges:
        for before, after in pairwise(nodes.values()):
            after.before[before.name] = (before, after.at)
        return
    for index, edge in enumerate(written.edges):
        if draft.has_enough:
            break
        at: Place = ("edges", index)
        source, target = (_end(end, (*at, key), nodes, draft) for end, key in ((edge.from_, "from"), (edge.to, "to")))
        for number, policy in enumerate(edge.policies):
            policies.check(policy, (*at, "policies", number), draft)
        if source is None or target is None:
            continue
        target.before.setdefault(source.name, (source, at))
        if edge.retry is not None:
            _add_retry(target, edge.retry, (*at, "retry"), draft)


def _end(end: str, at: Place, nodes: Mapping[str, _Node], draft: Drafting) -> _Node | None:
    if end in nodes:
        return nodes[end]
    meant = nearest(end, nodes)
    draft.problem(at, f"there is no node `{end}`", f"did you mean `{meant}`?" if meant else "edges lead between ids")
    return None


def _add_retry(node: _Node, retry: WrittenRetry, at: Place, draft: Drafting) -> None:
    if node.retry is not None and node.retry[0] != retry:
        message = f"`{node.written.id}` is tried again in two ways"
        draft.problem(at, message, "say it at one of the edges that lead to it", at_key=True)
    if node.callee is None:
        message = f"`{node.written.id}` calls nobody, so there is nothing to try again"
        draft.warning(at, message, "leave `retry` out", at_key=True)
    node.retry = (retry, at)


# --- writing ---------------------------------------------------------------------------------------------------------


def _write(node: _Node, names: Names, draft: Drafting) -> None:
    if node.callee is not None:
        _write_call(node, node.callee, draft)
    elif node.written.expr is not None:
        value = _computed(node.written.expr, (*node.at, "expr"), names, draft)
        _write_node(node, {"value": value}, {("value",): (*node.at, "expr")}, draft)
    else:
        _write_human(node, draft)


def _computed(expr: str, at: Place, names: Names, draft: Drafting) -> str:
    try:
        return f"${{{translated(expr, names)}}}"
    except Untranslatable as refused:
        problem = Problem(place=at, message=refused.message, advice=refused.advice, offset=refused.offset)
        draft.problems.append(problem)
        return ""


def _write_call(node: _Node, callee: Callee, draft: Drafting) -> None:
    givers = {before.name: Giver(before.name, before.output) for before in _nearest_before(node)}
    written = callee.node(handed(callee, givers))
    at_callee = (*node.at, "id" if node.written.name is None else "name")
    parts: dict[Place, Place] = {(callee.kind,): at_callee, ("input",): at_callee}
    if node.retry is not None and node.retry[0].max_attempts > 1:
        retry, parts[("retry",)] = node.retry
        backoff = {"backoff": duration_text(retry.backoff_ms * _MICROS_PER_MS)} if retry.backoff_ms else {}
        written["retry"] = {"attempts": retry.max_attempts, **backoff}
    _write_node(node, written, parts, draft)


def _nearest_before(node: _Node) -> list[_Node]:
    """The nodes before it, on every way, the nearest first: there all of them had put their values into one bag."""
    found = {node.name: node}
    waiting = deque([node])
    while waiting and len(found) <= _HANDED_MAX:
        for name, (before, _) in waiting.popleft().before.items():
            if name not in found:
                found[name] = before
                waiting.append(before)
    return list(found.values())[1 : _HANDED_MAX + 1]


def _write_human(node: _Node, draft: Drafting) -> None:
    question = (node.written.name or node.written.id).replace("${", "$${")
    written: dict[str, Any] = {"human": question, "choices": [APPROVE, REJECT]}
    parts: dict[Place, Place] = {}
    if node.written.approval_key is not None:
        written["labels"] = [node.written.approval_key]
        parts[("labels",)] = (*node.at, "approval_key")
    _write_node(node, written, parts, draft)
    gate = {"gate": [f"${{{node.name}.choice == '{APPROVE}'}}"], "description": "What is rejected goes no further."}
    draft.node(node.leads_on, gate, at=node.at)


def _write_node(node: _Node, written: dict[str, Any], parts: dict[Place, Place], draft: Drafting) -> None:
    """A node behind those that it waits for."""
    if node.before:
        written["after"] = [before.leads_on for before, _ in node.before.values()]
        parts |= {("after", before.leads_on): at for before, at in node.before.values()}
    draft.node(node.name, written, at=node.at, parts=parts)
