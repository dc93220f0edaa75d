"""What is drawn of a graph: a box for each node, an arrow for each edge that says something, boxes within boxes.

A plain edge that a longer way implies is left out: it would only hide the others. Knows nothing of places and colours.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, assert_never

from msgspec import Struct

from interlock.core import plan as p
from interlock.core.durations import duration_text

STANDS_IN: Final = "stands in"
"""The label of the arrow to what takes the place of a node that fails."""


class Box(Struct, frozen=True):
    """A node. `inside` is what it holds."""

    name: str
    kind: str
    what: str
    notes: tuple[str, ...] = ()
    """What is worth knowing besides: joins, retries, undo."""
    inside: Picture | None = None


class Arrow(Struct, frozen=True):
    """An edge between two boxes of one picture, by their indexes. The label is its condition."""

    source: int
    target: int
    label: str = ""


class Picture(Struct, frozen=True):
    """The boxes of one scope in the order of the document, and the arrows between them."""

    title: str
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]
    afterwards: Picture | None = None
    """What is done in any case, at the end."""


def picture_of(plan: p.Plan) -> Picture:
    """The picture of a whole graph."""
    return _picture(plan, p.ROOT, plan.name)


def boxes_in(picture: Picture) -> Iterator[Box]:
    """Every box, with those inside others."""
    for box in picture.boxes:
        yield box
        if box.inside is not None:
            yield from boxes_in(box.inside)
    if picture.afterwards is not None:
        yield from boxes_in(picture.afterwards)


def _picture(plan: p.Plan, index: int, title: str) -> Picture:
    scope = plan.scopes[index]
    boxes = tuple(_box(plan, node) for node in scope.nodes)
    afterwards = None if scope.finally_ is None else _picture(plan, scope.finally_, "finally")
    return Picture(title, boxes, tuple(_arrows(scope)), afterwards)


def _box(plan: p.Plan, node: p.Node) -> Box:
    inside: Picture | None = None
    match node.work:
        case p.EachWork(body=body) | p.LoopWork(body=body) | p.GraphWork(body=body):
            inside = _picture(plan, body, node.name)
        case _:
            pass
    return Box(node.name, node.kind, _what(node.work), tuple(_notes(node)), inside)


def _what(work: p.Work) -> str:
    """What a node does, in a few words."""
    match work:
        case p.ToolWork(tool=tool):
            return f"tool {tool}"
        case p.ValueWork():
            return "value"
        case p.AgentWork(agent=agent):
            return f"agent {agent}"
        case p.GateWork(checks=checks, otherwise=otherwise):
            return f"gate of {len(checks)}, else {otherwise}"
        case p.HumanWork(choices=choices):
            return f"human: {' | '.join(choices) or 'a form'}"
        case p.FuseWork(how=how):
            return f"fuse {how}"
        case p.EachWork(parallel=parallel):
            return f"each, {parallel} at a time"
        case p.LoopWork(max=rounds):
            return f"loop, at most {rounds} rounds"
        case p.GraphWork(name=name):
            return f"graph {name}" if name else "graph"
        case p.WaitWork(event=str(event)):
            return f"wait for {event}"
        case p.WaitWork(duration=int(duration)):
            return f"wait {duration_text(duration)}"
        case p.WaitWork():
            return "wait until an instant"
        case p.EmitWork(event=event):
            return f"emit {event}"
        case p.ChooseWork(cases=cases):
            return f"choose {' | '.join(case.label for case in cases)}"
        case _ as never:
            assert_never(never)


def _notes(node: p.Node) -> Iterator[str]:
    if node.join.how == "any" and not isinstance(node.work, p.FuseWork):
        yield "any"
    if node.join.how == "quorum":
        yield "the first" if node.join.n == 1 else f"any {node.join.n}"
    if node.when is not None:
        yield f"when {node.when.source}"
    if node.retry.attempts > 1:
        yield f"{node.retry.attempts} attempts"
    if node.undo is not None:
        yield f"undo {node.undo.tool}"


# --- arrows ----------------------------------------------------------------------------------------------------------


def _arrows(scope: p.ScopePlan) -> Iterator[Arrow]:
    beyond = _reached_beyond(scope)
    for node in scope.nodes:
        for edge in node.edges:
            label = edge_label(edge)
            counts = scope.nodes[edge.target].join.how != "all" and edge.role == p.Role.CONTROL
            if label or counts or not beyond[edge.source] >> edge.target & 1:
                yield Arrow(edge.source, edge.target, label)
        if node.fallback is not None:
            yield Arrow(node.index, node.fallback, STANDS_IN)


def edge_label(edge: p.Edge) -> str:
    """On what an edge fires, as it is written beside its arrow."""
    parts = [" | ".join(sorted(edge.on))] if edge.on else []
    if edge.when is not None:
        parts.append(edge.when.source)
    return ", ".join(parts)


def _reached_beyond(scope: p.ScopePlan) -> list[int]:
    """For each node those that a way of two edges or more leads to, as bits: one pass, against the edges."""
    reached, beyond = [0] * len(scope.nodes), [0] * len(scope.nodes)
    for index in reversed(in_order(scope)):
        for edge in scope.nodes[index].edges:
            beyond[index] |= reached[edge.target]
            reached[index] |= reached[edge.target] | 1 << edge.target
    return beyond


def in_order(scope: p.ScopePlan) -> list[int]:
    """The nodes so that each comes after all that lead to it."""
    waiting = [0] * len(scope.nodes)
    for node in scope.nodes:
        for edge in node.edges:
            waiting[edge.target] += 1
    ready = [index for index, count in enumerate(waiting) if count == 0]
    for index in ready:
        for edge in scope.nodes[index].edges:
            waiting[edge.target] -= 1
            if waiting[edge.target] == 0:
                ready.append(edge.target)
    return ready
