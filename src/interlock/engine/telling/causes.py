"""Why a run went as it did: each recorded event with the events that it follows from. Pure, and linear in the log.

What was decided names its cause; what came from outside answers the last thing that was said about its path; a node
that began follows from the nodes whose edges had fired; the end of a scope, or of a node that holds scopes, from all
that had ended in it. Nothing is guessed beyond that.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from msgspec import Struct

from interlock.core import events as e
from interlock.core.paths import node_of_step
from interlock.core.plan import Plan, Role
from interlock.engine.telling.events_in_words import what_happened
from interlock.engine.telling.plan_paths import planned_node

BEGINNINGS: Final = (e.NodeStarted, e.NodeOpened, e.NodeWaiting, e.NodeSucceeded)
"""Events with which a node may begin; with a join other than `all` they name the nodes whose edges had fired."""


class Cause(Struct, frozen=True, kw_only=True):
    """One event, what it says, and the numbers of the events it follows from."""

    seq: int
    at: int
    type: str
    path: str
    what: str
    actor: str = ""
    causes: tuple[int, ...] = ()
    decision: e.Decision | None = None


def cause(plan: Plan, event: e.Event, causes: Sequence[int]) -> Cause:
    """An event, with those it follows from as `Links` finds them."""
    return Cause(
        seq=event.seq,
        at=event.at,
        type=event.type,
        path=event.path,
        what=what_happened(event) + _condition(plan, event),
        actor=event.actor,
        causes=tuple(causes),
        decision=getattr(event.body, "decision", None),
    )


def _condition(plan: Plan, event: e.Event) -> str:
    """The condition that kept a node from running, as its author wrote it."""
    if not isinstance(event.body, e.NodeSkipped) or event.body.because != ("when",):
        return ""
    found = planned_node(plan, event.path)
    return f": {found[1].when.source}" if found is not None and found[1].when is not None else ""


class Sources(Struct, frozen=True):
    """The names of the nodes whose edges lead to one: those that its join counts, and those it cannot do without."""

    joined: tuple[str, ...] = ()
    needed: tuple[str, ...] = ()


class Links:
    """Says of each event of a log, from its first on, which events it follows from.

    Of a scope that has ended it remembers only the calls that were made in it: their results may come late.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._sources: dict[tuple[int, int], Sources] = {}
        """The nodes whose edges lead to a node of the plan, by its scope and index."""
        self._last: dict[str, int] = {}
        """The last event about each path to which something may still come from outside."""
        self._called: set[str] = set()
        """The paths at which something was called."""
        self._settled: dict[str, dict[str, int]] = {}
        """The event that settled each node, by the scope that it lies in."""
        self._edges: dict[str, list[int]] = {}
        """Conditional edges that were decided, by the path of their target."""
        self._ends: dict[str, dict[int, None]] = {}
        """What has ended in each scope and in each node that holds scopes, and was not followed by anything there."""

    def causes_of(self, event: e.Event) -> tuple[int, ...]:
        """The events that this one follows from; it is remembered for the next."""
        found = dict.fromkeys(seq for seq in self._found(event) if seq)
        ends = self._ends.get(_place_of(event), {})
        for seq in found:
            ends.pop(seq, None)
        self._remember(event)
        return tuple(found)

    def _found(self, event: e.Event) -> Iterable[int]:
        body, path = event.body, event.path
        if event.cause:
            yield event.cause
        elif path and isinstance(body, e.Outside):
            yield self._last_about(path)
        if isinstance(body, BEGINNINGS):
            scope = path.rpartition("/")[0]
            settled, sources = self._settled.get(scope, {}), self._sources_of(path)
            for name in (*(body.because or sources.joined), *sources.needed):
                yield settled.get(f"{scope}/{name}" if scope else name, 0)
        if isinstance(body, (*BEGINNINGS, e.NodeFailed, e.NodeSkipped)):
            yield from self._edges.pop(path, ())
        if isinstance(body, e.ScopeEnded | e.NodeSucceeded):
            # The last of them raised the matter, but all of them were waited for.
            yield from self._ends.pop(path.removesuffix("/"), ())

    def _sources_of(self, path: str) -> Sources:
        found = planned_node(self._plan, path)
        if found is None:
            return Sources()
        scope, node = found
        if (scope, node.index) not in self._sources:
            self._sources |= {(scope, index): each for index, each in _sources_in(self._plan, scope).items()}
        return self._sources[scope, node.index]

    def _last_about(self, path: str) -> int:
        return self._last.get(path) or self._last.get(node_of_step(path), 0)

    def _remember(self, event: e.Event) -> None:
        self._last[event.path] = event.seq
        match event.body:
            case e.NodeStarted():
                self._called.add(event.path)
            case e.NodeResult(status="done") | e.EffectSettled(status="done"):
                self._settle(event)
            case e.NodeSucceeded() | e.NodeFailed() | e.NodeSkipped() | e.NodeCancelled():
                self._settle(event)
                if event.path not in self._called:
                    del self._last[event.path]
            case e.ScopeEnded():
                self._end_scope(event)
            case e.EdgeDecided(target=target):
                scope = event.path.rpartition("/")[0]
                self._edges.setdefault(f"{scope}/{target}" if scope else target, []).append(event.seq)
            case _:
                pass

    def _settle(self, event: e.Event) -> None:
        place = _place_of(event)
        self._settled.setdefault(place, {})[event.path] = event.seq
        self._ends.setdefault(place, {})[event.seq] = None

    def _end_scope(self, event: e.Event) -> None:
        self._ends.setdefault(_place_of(event), {})[event.seq] = None
        self._settled.pop(event.path.removesuffix("/"), None)
        del self._last[event.path]


def _place_of(event: e.Event) -> str:
    """What an event's node or scope lies in, by its path: of a node its scope, of a scope the node that holds it."""
    path = event.path.removesuffix("/")
    outer, _, last = path.rpartition("/")
    is_copy = ":" in last
    if isinstance(event.body, e.ScopeOpened | e.ScopeEnded):
        return path.rpartition(":")[0] if is_copy else path
    return path if is_copy else outer  # the single node of an item has the item's own path


def _sources_in(plan: Plan, scope: int) -> dict[int, Sources]:
    nodes = plan.scopes[scope].nodes
    found = {node.index: Sources() for node in nodes}
    for source in nodes:
        for edge in source.edges:
            known = found[edge.target]
            if edge.role == Role.REQUIREMENT:
                found[edge.target] = Sources(known.joined, (*known.needed, source.name))
            else:
                found[edge.target] = Sources((*known.joined, source.name), known.needed)
    return found
