"""Which nodes may end without a value although their scope goes on, and where that may come as a surprise (rule 7)."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from interlock.core import plan as p
from interlock.core.compiling.cycles import order
from interlock.core.compiling.dependencies import Use
from interlock.core.compiling.joining import Joining
from interlock.core.problems import Problem

_UNHAPPY = frozenset({"failed", "skipped", "cancelled"})


def absence_warnings(uses: list[Use], joining: Joining, nodes: tuple[p.Node, ...]) -> Iterator[Problem]:
    """A warning for every place where a value of this scope's nodes is taken as if it were surely there."""
    if not uses:
        return
    absence = _absence_in(joining, nodes)
    edges: dict[int, dict[int, p.Edge]] = {}
    for use in uses:
        reader = None if use.reader is None else _who_waits(use.reader.index, joining)
        if reader is not None and reader not in edges:
            edges[reader] = {edge.source: edge for edge in joining.leading[reader]}
        edge = None if reader is None else edges[reader].get(use.target.index)
        if _may_surprise(use, None if reader is None else nodes[reader], edge, absence):
            yield _warning(use)


def _who_waits(reader: int, joining: Joining) -> int:
    """A fallback waits for nothing itself: what it reads has settled for the node it stands in for."""
    while reader in joining.stands_in_for:
        reader = joining.stands_in_for[reader]
    return reader


def _may_surprise(use: Use, reader: p.Node | None, edge: p.Edge | None, absence: _Absence) -> bool:
    target = use.target.index
    if reader is None:
        # Outputs are read when all went well; `finally` runs whatever happened.
        return use.place[:1] == ("finally",) or absence.may_lack[target]
    if edge is None or absence.continues[target]:
        return absence.may_lack[target]
    if edge.on is not None and not edge.on.isdisjoint(_UNHAPPY):
        return True
    match reader.join.how:
        case "any" if edge.role == p.Role.CONTROL:
            return reader.control > 1 and absence.may_lack[target]
        case "quorum" if edge.role == p.Role.CONTROL:
            return reader.join.n < reader.control
        case _:
            return False


def _warning(use: Use) -> Problem:
    name = use.target.name
    return Problem(
        place=use.place,
        message=f"`{name}` may have no value here: it may not have run, or have failed",
        advice=f"ask first, `has({name}.field)`, or say what to take instead, `{name}.?field.orValue(…)`",
        severity="warning",
        offset=use.offset,
    )


# --- what may be absent ----------------------------------------------------------------------------------------------


class _Absence(Struct, frozen=True):
    """By node: whether it may never run to its end, may have no value, and goes on when it fails."""

    may_die: list[bool]
    may_lack: list[bool]
    continues: list[bool]


def _absence_in(joining: Joining, nodes: tuple[p.Node, ...]) -> _Absence:
    """What may be absent in a scope that does not fail."""
    stopped = {index for node in nodes for index in (*node.cancels, *node.cancels_rest)}
    found = _Absence([True] * len(nodes), [True] * len(nodes), [node.continues for node in nodes])
    for index in order([[edge.source for edge in edges] for edges in joining.leading]):
        node = nodes[index]
        found.may_die[index] = (
            node.when is not None
            or node.stands_in_for is not None
            or index in stopped
            or _may_starve(node, joining.leading[index], found)
        )
        is_caught = any(edge.handles for edge in node.edges)
        found.may_lack[index] = found.may_die[index] or node.continues or is_caught
    return found


def _may_starve(node: p.Node, edges: list[p.Edge], found: _Absence) -> bool:
    """Whether so many edges may be dead that the node is skipped."""
    if any(_may_be_dead(edge, found) for edge in edges if edge.role == p.Role.REQUIREMENT):
        return True
    if isinstance(node.work, p.FuseWork):
        return False  # without candidates it fails, and is not skipped
    sure = [not _may_be_dead(edge, found) for edge in edges if edge.role == p.Role.CONTROL]
    match node.join.how:
        case "all":
            return not all(sure)
        case "any":
            return not any(sure)
        case "quorum":
            return sum(sure) < node.join.n


def _may_be_dead(edge: p.Edge, found: _Absence) -> bool:
    if edge.when is not None:
        return True
    if edge.on is None:
        return found.may_die[edge.source]
    return not edge.on.issuperset(p.OUTCOMES)
