"""A second reading of the log: scopes, nodes, edges and limits, told from events and the plan alone.

Written without looking at the state under test, so that the two can be held against each other. It knows the rules of
edges and joins (8 to 12), and decides nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct, field

from interlock.core import events as e
from interlock.core import plan as p

STARTS = (e.NodeStarted, e.NodeOpened)
"""With these, and with a first `node.waiting`, something new begins."""


class Instance(Struct):
    """One execution of a node."""

    path: str
    node: p.Node
    scope: Scope
    status: str = "pending"
    is_cancelling: bool = False
    is_done: bool = False
    """A result said that its effect took place."""
    fired: int = 0
    dead: int = 0
    unmet: int = 0
    dead_requirements: int = 0
    broken: bool = False
    undecided: int = 0
    """Conditional edges that could still handle its failure."""
    is_handled: bool = False
    waiting: e.NodeWaiting | None = None
    since: int = 0
    labels: tuple[str, ...] = ()
    has_value: bool = False
    calls: int = 0
    opened: int = 0
    open: int = 0

    @property
    def is_settled(self) -> bool:
        """Whether it has ended for good."""
        return self.status in p.OUTCOMES

    @property
    def lives(self) -> bool:
        """Whether it has begun and not ended."""
        return self.status in {"running", "waiting"}

    @property
    def is_ready(self) -> bool:
        """By the table of rule 10: what the edges that are decided so far say."""
        join, control = self.node.join, self.node.control
        if self.unmet:
            return False
        match join.how:
            case "all":
                return self.fired == control
            case "any":
                return self.fired >= 1 and self.fired + self.dead == control
            case "quorum":
                return self.fired >= join.n

    @property
    def can_never_be(self) -> bool:
        """Whether no edge can make it ready any more."""
        if self.dead_requirements:
            return True
        join, control = self.node.join, self.node.control
        match join.how:
            case "all":
                return self.dead >= 1
            case "any":
                return self.dead == control
            case "quorum":
                return control - self.dead < join.n


class Scope(Struct):
    """One copy of a list of nodes."""

    key: str
    body: p.ScopePlan
    owner: Instance | None = None
    parent: Scope | None = None
    index: int = 0
    """Which copy of what its owner holds."""
    nodes: list[Instance] = field(default_factory=list[Instance])
    stopping: e.ScopeStopping | None = None
    has_ended: bool = False
    calls: int = 0


class Shadow:
    """Everything that the log has told so far."""

    def __init__(self, plan: p.Plan) -> None:
        self.plan = plan
        self.scopes: dict[str, Scope] = {}
        self.settled_last: list[Instance] = []
        """What the last event has settled."""

    # --- finding ---

    def instance(self, path: str) -> Instance | None:
        """The node instance of a path, also of a scope that has ended."""
        scope = self.scopes.get(path)
        if scope is not None and scope.body.single:
            return scope.nodes[0]
        head, slash, name = path.rpartition("/")
        scope = self.scopes.get(head + slash)
        if scope is None or scope.body.single or name not in scope.body.index:
            return None
        return scope.nodes[scope.body.index[name]]

    def get(self, path: str) -> Instance:
        """The node instance of a path that must be there."""
        found = self.instance(path)
        assert found is not None, f"the log speaks of {path}, which was never opened"
        return found

    def above(self, scope: Scope) -> Iterator[Scope]:
        """The scope and those around it, innermost first."""
        here: Scope | None = scope
        while here is not None:
            yield here
            here = here.parent

    def live(self) -> Iterator[Instance]:
        """Every instance that has begun and not settled."""
        for scope in self.scopes.values():
            if not scope.has_ended:
                yield from (instance for instance in scope.nodes if instance.lives)

    def within(self, scope: Scope) -> Iterator[Instance]:
        """Every instance inside a scope, at any depth."""
        for inner in self.scopes.values():
            if any(outer is scope for outer in self.above(inner)):
                yield from inner.nodes

    # --- reading ---

    def read(self, event: e.Event) -> None:
        """One more event."""
        self.settled_last = []
        match event.body:
            case e.RunStarted():
                self._open("", self.plan.root, None, None)
            case e.ScopeOpened() as body:
                self._open_scope(event.path, body)
            case e.ScopeStopping() as body:
                self.scopes[event.path].stopping = body
            case e.ScopeEnded():
                self._end_scope(self.scopes[event.path])
            case e.EdgeDecided() as body:
                self._decide_edge(self.get(event.path), body)
            case _ if event.path and not event.path.endswith(("/", "!undo")):
                found = self.instance(event.path)
                if found is not None:
                    self._move(found, event)
            case _:
                pass

    def _move(self, on: Instance, event: e.Event) -> None:
        match event.body:
            case e.NodeStarted():
                on.status, on.waiting = "running", None
            case e.NodeOpened():
                on.status, on.waiting, on.opened = "running", None, 0
            case e.NodeWaiting() as body:
                on.status, on.waiting, on.since = "waiting", body, event.seq
            case e.NodeRetrying():
                on.status, on.waiting = "waiting", None
            case e.NodeCancelling():
                on.is_cancelling = True
            case e.NodeResult(status="done") | e.EffectSettled(status="done") as body:
                on.is_done = True
                if not on.is_cancelling:
                    labels = body.labels if isinstance(body, e.NodeResult) else ()
                    self._settle(on, "succeeded", labels=labels, has_value=body.out is not None)
            case e.NodeSucceeded() as body:
                self._settle(on, "succeeded", labels=body.labels, has_value=body.composed or body.out is not None)
            case e.NodeFailed():
                self._settle(on, "failed")
            case e.NodeSkipped():
                self._settle(on, "skipped")
            case e.NodeCancelled():
                self._settle(on, "cancelled")
            case _:
                pass

    # --- scopes ---

    def _open_scope(self, key: str, body: e.ScopeOpened) -> None:
        if body.outcome is not None:
            parent = self.scopes[key.removesuffix("finally/")]
            assert parent.body.finally_ is not None
            self._open(key, self.plan.scopes[parent.body.finally_], parent, None)
            return
        owner = self.owner(key)
        work = owner.node.work
        assert isinstance(work, p.EachWork | p.LoopWork | p.GraphWork)
        owner.opened += 1
        owner.open += 1
        self._open(key, self.plan.scopes[work.body], owner.scope, owner, body.index)

    def owner(self, key: str) -> Instance:
        """`a:0/` is a copy that `a` holds, unless `a:0` is itself the one node of an item, and holds a graph."""
        path = key.removesuffix("/")
        found = self.instance(path)
        return found if found is not None and found.lives else self.get(re.sub(r":\d+$", "", path))

    def _open(self, key: str, body: p.ScopePlan, parent: Scope | None, owner: Instance | None, index: int = 0) -> None:
        scope = Scope(key, body, owner, parent, index)
        for node in body.nodes:
            path = key if body.single else key + node.name
            scope.nodes.append(Instance(path, node, scope, unmet=node.requirements))
        self.scopes[key] = scope

    def _end_scope(self, scope: Scope) -> None:
        scope.has_ended = True
        if scope.owner is not None:
            scope.owner.open -= 1

    # --- edges ---

    def _settle(self, on: Instance, status: str, *, labels: tuple[str, ...] = (), has_value: bool = False) -> None:
        on.status, on.labels, on.has_value = status, labels, has_value
        self.settled_last.append(on)
        failed = status == "failed"
        if on.node.fallback is not None and failed:
            self._leave(on, [edge for edge in on.node.edges if edge.on is not None], status)
            on.is_handled = True
        else:
            self._leave(on, on.node.edges, status)
            on.is_handled |= on.node.continues
        if on.node.stands_in_for is not None:
            self._stand_in(on, status)

    def _stand_in(self, on: Instance, status: str) -> None:
        """A fallback has settled: the plain edges of what it stood in for are decided by it (rule 18)."""
        assert on.node.stands_in_for is not None
        failed = on.scope.nodes[on.node.stands_in_for]
        if failed.status != "failed":
            return
        failed.has_value = on.has_value
        plain = [edge for edge in failed.node.edges if edge.on is None]
        self._leave(failed, plain, "succeeded" if status == "succeeded" else "skipped")

    def _leave(self, on: Instance, edges: tuple[p.Edge, ...] | list[p.Edge], status: str) -> None:
        for edge in edges:
            fires = self._fires(on, edge, status)
            if fires and edge.when is not None:
                on.undecided += edge.handles
                continue
            on.is_handled |= edge.handles and (fires or edge.candidate)
            self._count(on, edge, fires=fires)

    @staticmethod
    def _fires(on: Instance, edge: p.Edge, status: str) -> bool:
        if edge.candidate:
            return status == "succeeded" and on.has_value
        if edge.on is None:
            return status == "succeeded" or (status == "failed" and on.node.continues)
        return status in edge.on or not edge.on.isdisjoint(on.labels)

    def _decide_edge(self, on: Instance, body: e.EdgeDecided) -> None:
        edge = on.node.edges[body.ordinal]
        on.undecided -= edge.handles
        on.is_handled |= edge.handles and body.taken
        if body.error is not None:
            on.scope.nodes[edge.target].broken = True
        self._count(on, edge, fires=body.taken)

    @staticmethod
    def _count(on: Instance, edge: p.Edge, *, fires: bool) -> None:
        target = on.scope.nodes[edge.target]
        match edge.role, fires:
            case p.Role.REQUIREMENT, True:
                target.unmet -= 1
            case p.Role.REQUIREMENT, False:
                target.dead_requirements += 1
            case _, True:
                target.fired += 1
            case _:
                target.dead += 1
