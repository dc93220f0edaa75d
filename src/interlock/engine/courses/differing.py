"""How two runs differ: in what they were given and gave, in what was decided, in what they did to the world. Pure.

Nodes are matched by their paths. How long things took is told beside and is no difference: no two runs take as long.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, Literal, TypeAlias

from msgspec import UNSET, Struct, UnsetType

from interlock.core import events as e
from interlock.core.paths import node_of_step
from interlock.core.values import Value, encode, is_list, is_map
from interlock.engine.telling.history import NodeView, RunView
from interlock.store.rows import LedgerRow

DIFFERENCES_TOLD_MAX: Final = 100
"""How many differences are told of one run or node: beyond that, one is told something else."""

Side: TypeAlias = Literal["left", "right", "both"]


class Difference(Struct, frozen=True, omit_defaults=True):
    """One thing that is not the same; a side that has nothing of the kind is unset."""

    what: str
    left: Value | UnsetType = UNSET
    right: Value | UnsetType = UNSET


class NodeDifference(Struct, frozen=True, kw_only=True):
    """A node that only one of the runs has, or that went otherwise in the other."""

    path: str
    on: Side
    differences: tuple[Difference, ...]
    took: tuple[int | None, int | None]
    """Microseconds on either side."""


class RunDifference(Struct, frozen=True, kw_only=True):
    """All in which two runs differ."""

    left: str
    right: str
    run: tuple[Difference, ...]
    nodes: tuple[NodeDifference, ...]
    alike: int
    """How many nodes went alike."""
    took: tuple[int, int]

    @property
    def is_same(self) -> bool:
        """Whether nothing differs but time."""
        return not (self.run or self.nodes)


Edges: TypeAlias = dict[str, dict[str, bool]]
"""By node, the conditional edges that lead on from it, by their targets, and whether they were taken."""


class Course(Struct, frozen=True):
    """One run, as it is compared: with everything loaded. Of its events only that is kept which no view tells."""

    view: RunView
    edges: Edges
    ledger: Sequence[LedgerRow] = ()


def note_edge(edges: Edges, event: e.Event) -> None:
    """Keep what an event says of an edge, if it does."""
    if isinstance(event.body, e.EdgeDecided):
        edges.setdefault(event.path, {})[event.body.target] = event.body.taken


def edges_in(events: Iterable[e.Event]) -> Edges:
    """The edges that were decided in a log."""
    edges: Edges = {}
    for event in events:
        note_edge(edges, event)
    return edges


def difference(left: Course, right: Course) -> RunDifference:
    """What differs between two runs, in the order of the nodes on the left and then of those only on the right."""
    paths = dict.fromkeys([*left.view.nodes, *right.view.nodes])
    sides = _Sides(left), _Sides(right)
    nodes = [found for path in paths if (found := _node(path, *sides)) is not None]
    return RunDifference(
        left=left.view.run,
        right=right.view.run,
        run=_told(_run(left.view, right.view)),
        nodes=tuple(nodes),
        alike=len(paths) - len(nodes),
        took=(_lasted(left.view), _lasted(right.view)),
    )


class _Sides:
    """What is known of each node of one run."""

    def __init__(self, course: Course) -> None:
        self.nodes = course.view.nodes
        self.now = course.view.at
        self.edges = course.edges
        self.effects: dict[str, list[str]] = {}
        for line in course.ledger:
            self.effects.setdefault(node_of_step(line.path), []).append(f"{line.kind} {line.name}: {line.status}")

    def took(self, path: str) -> int | None:
        """How long a node took, if it is there."""
        node = self.nodes.get(path)
        return None if node is None else node.lasted(self.now)


def _run(left: RunView, right: RunView) -> Iterator[Difference]:
    for what in ("graph", "graph_hash", "status", "mode", "inputs", "outputs"):
        yield from value_differences(what, getattr(left, what), getattr(right, what))
    yield from _errors(left.error, right.error)


def _node(path: str, left: _Sides, right: _Sides) -> NodeDifference | None:
    ours, theirs = left.nodes.get(path), right.nodes.get(path)
    took = left.took(path), right.took(path)
    if ours is None or theirs is None:
        only = ours or theirs
        assert only is not None, "a path of one of the two"
        side: Side = "left" if theirs is None else "right"
        told = _told(_only(only, side))
        return NodeDifference(path=path, on=side, differences=told, took=took)
    found = _told(_both(path, ours, theirs, left, right))
    return NodeDifference(path=path, on="both", differences=found, took=took) if found else None


def _only(node: NodeView, side: Side) -> Iterator[Difference]:
    for what in ("status", "output"):
        value = getattr(node, what)
        if value is not None:
            yield Difference(what, **{side: value})


def _both(path: str, ours: NodeView, theirs: NodeView, left: _Sides, right: _Sides) -> Iterator[Difference]:
    is_adopted = bool(ours.adopted or theirs.adopted)
    # What was taken over was not asked for here, nor tried, nor decided.
    asked = () if is_adopted else ("tool", "attempts", "input")
    for what in ("kind", "status", *asked, "output"):
        yield from value_differences(what, getattr(ours, what), getattr(theirs, what))
    yield from value_differences("labels", list(ours.labels), list(theirs.labels))
    yield from _errors(ours.error, theirs.error)
    yield from value_differences("edge to", left.edges.get(path, {}), right.edges.get(path, {}))
    if not is_adopted:
        yield from value_differences("decision", _decision(ours), _decision(theirs))
        yield from value_differences("effects", left.effects.get(path, []), right.effects.get(path, []))


def _errors(ours: e.Error | None, theirs: e.Error | None) -> Iterator[Difference]:
    yield from value_differences("error", _error(ours), _error(theirs))


def _error(error: e.Error | None) -> Value:
    return None if error is None else {"kind": error.kind, "message": error.message, "path": error.path}


def _decision(node: NodeView) -> Value:
    if node.decision is None:
        return None
    options = {option.name: option.score for option in node.decision.options}
    return {"chosen": node.decision.chosen, "why": node.decision.why, "options": options}


def value_differences(what: str, left: Value, right: Value) -> Iterator[Difference]:
    """The innermost places in which two values differ; `what` is what they are called."""
    if encode(left) == encode(right):
        return
    if is_map(left) and is_map(right):
        for key in sorted({*left, *right}):
            yield from _in_map(f"{what}.{key}", key, left, right)
    elif is_list(left) and is_list(right):
        for index in range(max(len(left), len(right))):
            yield from _in_list(f"{what}[{index}]", index, left, right)
    else:
        yield Difference(what, left, right)


def _in_map(what: str, key: str, left: dict[str, Value], right: dict[str, Value]) -> Iterator[Difference]:
    if key not in left:
        yield Difference(what, right=right[key])
    elif key not in right:
        yield Difference(what, left=left[key])
    else:
        yield from value_differences(what, left[key], right[key])


def _in_list(what: str, index: int, left: list[Value], right: list[Value]) -> Iterator[Difference]:
    if index >= len(left):
        yield Difference(what, right=right[index])
    elif index >= len(right):
        yield Difference(what, left=left[index])
    else:
        yield from value_differences(what, left[index], right[index])


def _told(found: Iterable[Difference]) -> tuple[Difference, ...]:
    told: list[Difference] = []
    for each in found:
        if len(told) == DIFFERENCES_TOLD_MAX:
            told.append(Difference(f"and more: only the first {DIFFERENCES_TOLD_MAX} are told"))
            break
        told.append(each)
    return tuple(told)


def _lasted(view: RunView) -> int:
    return (view.ended_at or view.at) - view.started_at
