"""The graphs that a graph names, and those that they name: read, laid out, and free of cycles (rule 25)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct

from interlock.core import graph as g
from interlock.core.catalogue import Catalogue
from interlock.core.compiling.callees import graphs_called
from interlock.core.compiling.cycles import find_cycles, order, told_cycle
from interlock.core.compiling.documents import Document, read_document
from interlock.core.compiling.names import wrong_graph_name, wrong_secret_name
from interlock.core.compiling.scoping import GraphDraft, lay_out
from interlock.core.limits import REFERENCE_DEPTH_MAX, Limits
from interlock.core.problems import Place, Problem, nearest


class Family(Struct, frozen=True):
    """A graph with all that it names. The problems of those are told at the node through which they were reached."""

    root: GraphDraft
    named: dict[str, GraphDraft]
    reached_by: dict[str, Place]

    def drafts(self) -> list[GraphDraft]:
        """Every graph once, the root first."""
        return [self.root, *self.named.values()]

    @property
    def has_errors(self) -> bool:
        """Whether anything has to be mended in any of them."""
        return any(draft.errors for draft in self.drafts())

    def errors(self) -> Iterator[Problem]:
        """What has to be mended."""
        yield from self.root.errors
        for name, draft in self.named.items():
            yield from self._reached(name, draft.errors)

    def warnings(self) -> Iterator[Problem]:
        """What will surprise."""
        yield from self.root.warnings
        for name, draft in self.named.items():
            yield from self._reached(name, draft.warnings)

    def _reached(self, name: str, problems: list[Problem]) -> Iterator[Problem]:
        """Problems of a named graph, at the place in the root's document through which it was reached."""
        for problem in problems:
            where = ".".join(map(str, problem.place)) or "its beginning"
            message = f"in graph `{name}`, at {where}: {problem.message}"
            place = self.reached_by[name]
            yield Problem(place=place, message=message, advice=problem.advice, severity=problem.severity)


def gather(document: Mapping[str, Any], catalogue: Catalogue, limits: Limits) -> Family | tuple[Problem, ...]:
    """The graph of a document and all the graphs it needs; only problems if it cannot be read at all."""
    read = read_document(document)
    if read.graph is None:
        return read.problems
    root = _lay_out(read, read.graph, 0, limits, nodes_left=limits.nodes_max)
    family = Family(root, {}, {})
    scopes, nodes = len(root.scopes), _count(root)
    waiting = [(root, place, name, None) for place, name in references(root, catalogue)]
    names: dict[str, list[str]] = {root.name: []}
    while waiting:
        holder, place, name, reached_by = waiting.pop(0)
        names[holder.name].append(name)
        if name in family.named or (name == root.name and name not in catalogue.graphs):
            continue
        inner = _read_named(holder, place, name, catalogue)
        if inner is None or inner.graph is None:
            holder.errors += [] if inner is None else _unreadable(name, place, inner)
            continue
        draft = _lay_out(inner, inner.graph, scopes, limits, nodes_left=limits.nodes_max - nodes, name=name)
        scopes, nodes = scopes + len(draft.scopes), nodes + _count(draft)
        family.named[name] = draft
        family.reached_by[name] = reached_by or place
        names.setdefault(name, [])
        waiting += [
            (draft, inner_place, inner_name, reached_by or place)
            for inner_place, inner_name in references(draft, catalogue)
        ]
    _check_cycles(family, names)
    _check_unfolded(family, names, limits.unfolded_max)
    return family


def references(draft: GraphDraft, catalogue: Catalogue) -> Iterator[tuple[Place, str]]:
    """Every place where a graph names another, or an agent that may call one."""
    for scope in draft.scopes:
        for node in scope.nodes:
            if isinstance(node.model, g.GraphNode) and isinstance(node.model.graph, str):
                yield (*node.place, "graph"), node.model.graph
            if isinstance(node.model, g.AgentNode):
                for called in graphs_called(node.model.agent, catalogue.agents):
                    yield (*node.place, "agent"), called


def _lay_out(
    read: Document, model: g.Graph, first: int, limits: Limits, *, nodes_left: int, name: str = ""
) -> GraphDraft:
    nodes_max = max(nodes_left, 0)
    draft = lay_out(name or model.graph, read, model, first=first, nodes_max=nodes_max, depth_max=limits.depth_max)
    if ("graph",) not in read.broken and (wrong := wrong_graph_name(model.graph)) is not None:
        draft.errors.append(Problem(place=("graph",), message=wrong[0], advice=wrong[1]))
    for secret in model.secrets:
        if (wrong := wrong_secret_name(secret)) is not None:
            draft.errors.append(Problem(place=("secrets", secret), message=wrong[0], advice=wrong[1]))
    return draft


def _count(draft: GraphDraft) -> int:
    return sum(len(scope.nodes) for scope in draft.scopes)


def _read_named(holder: GraphDraft, place: Place, name: str, catalogue: Catalogue) -> Document | None:
    document = catalogue.graphs.get(name)
    if document is not None:
        return read_document(document)
    meant = nearest(name, catalogue.graphs)
    known = ", ".join(sorted(catalogue.graphs)[:10])
    advice = f"did you mean `{meant}`?" if meant else f"the graphs are {known}" if known else "no graphs are known here"
    holder.errors.append(Problem(place=place, message=f"there is no graph `{name}`", advice=advice))
    return None


def _unreadable(name: str, place: Place, inner: Document) -> list[Problem]:
    return [
        Problem(place=place, message=f"in graph `{name}`: {problem.message}", advice=problem.advice)
        for problem in inner.problems
    ]


def _check_cycles(family: Family, names: dict[str, list[str]]) -> None:
    """No graph may reach itself, and no chain of graphs may be too long: what a run costs could not be bounded."""
    known = list(names)
    named_by = _named_by(names)
    for cycle in find_cycles(named_by):
        told = [known[position] for position in (cycle[0], *reversed(cycle[1:]))]
        message = f"graphs name one another in a circle: {told_cycle(told)}"
        advice = "repeat with `loop` or `each` instead"
        place = next((family.reached_by[name] for name in told if name in family.reached_by), ("graph",))
        family.root.errors.append(Problem(place=place, message=message, advice=advice))
    depth = [0] * len(known)
    for position in order(named_by):
        depth[position] = 1 + max((depth[inner] for inner in named_by[position]), default=-1)
    if depth[0] > REFERENCE_DEPTH_MAX:
        message = f"graphs name one another {depth[0]} deep, and at most {REFERENCE_DEPTH_MAX} are allowed"
        family.root.errors.append(Problem(place=("graph",), message=message, advice="join some of them"))


def _check_unfolded(family: Family, names: dict[str, list[str]], unfolded_max: int) -> None:
    """A run opens a graph anew wherever it is named: twenty graphs that each name the next twice are a million."""
    sizes = {draft.name: _count(draft) for draft in family.drafts()}
    known = list(names)
    unfolded: dict[str, int] = {}
    for name in (known[position] for position in order(_named_by(names))):
        unfolded[name] = sizes.get(name, 0) + sum(unfolded.get(inner, 0) for inner in names[name])
    if unfolded.get(family.root.name, 0) > unfolded_max:
        message = f"with every graph written out where it is named, there are more than {unfolded_max} nodes"
        advice = "name graphs less often, or raise the limit `unfolded_max`"
        family.root.errors.append(Problem(place=("graph",), message=message, advice=advice))


def _named_by(names: dict[str, list[str]]) -> list[list[int]]:
    """For each graph the positions of those that it names."""
    index = {name: position for position, name in enumerate(names)}
    return [sorted({index[inner] for inner in inners if inner in index}) for inners in names.values()]
