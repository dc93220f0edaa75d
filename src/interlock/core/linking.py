"""What a run that continues an ended one takes over from it: results for a retry, undos for a rollback (rule 42).

Reuse is by dependency and not by position in the log. What only computes (`value`, `choose`, `gate`, `fuse`) and what
holds scopes is not taken over: it comes out the same. Pure: it reads the plan and the events, and starts nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, TypeAlias

from msgspec import Struct

from interlock.core import events as e
from interlock.core.evolve import evolve
from interlock.core.lifecycle import NodeStatus
from interlock.core.paths import UNDO_SUFFIX, node_at, path_of
from interlock.core.plan import EachWork, GraphWork, LoopWork, Node, Plan
from interlock.core.state import Note, RunState, Scope
from interlock.core.values import Value

Adoption: TypeAlias = tuple[str, e.ResultAdopted]

_TAKEN_OVER: Final = frozenset({"tool", "human", "wait", "emit"})
"""The kinds whose result came from outside; of a gate it did where a person promoted it."""


_STOPPED: Final = frozenset({"failed", "cancelled", "blocked"})
"""Why a scope was stopped before its end: what it did meanwhile counts, since nothing has chosen against it."""


def results_to_adopt(plan: Plan, run: str, events: Iterable[e.Event]) -> list[Adoption]:
    """Every finished result of a run that depends on nothing which has to run again, in the order of the log.

    What failed, was cancelled by a person or was taken back runs again, and with it all that depends on it.
    """
    past = _Past(plan, run)
    for event in events:
        past.take(event)
    again = _Again(past)
    mine = [(path, result) for path, result in past.results.items() if not again.runs(path)]
    unused = [(path, result) for path, result in past.unused.items() if not again.runs(path)]
    return [*unused, *mine]


def undos_to_adopt(plan: Plan, run: str, events: Sequence[e.Event]) -> list[Adoption]:
    """Everything of a run that is still to be taken back; of a run that was itself a rollback, what it has left."""
    started = events[0].body
    if isinstance(started, e.RunStarted) and started.kind == "rollback":
        return _undos_left(events)
    state = RunState(run)
    for event in events:
        state = evolve(plan, state, event)
    return [(entry.path, _undo(entry)) for entry in state.scopes[""].undos]


def _undos_left(events: Iterable[e.Event]) -> list[Adoption]:
    left: dict[str, e.Undone] = {}
    for event in events:
        match event.body:
            case e.ResultAdopted(undo=e.Undone() as entry):
                left[entry.path] = entry
            case e.UndoResult(status="done") | e.EffectSettled(status="done"):
                left.pop(event.path.removesuffix(UNDO_SUFFIX), None)
            case _:
                pass
    return [(path, _undo(entry)) for path, entry in left.items()]


def _undo(entry: e.Undone) -> e.ResultAdopted:
    return e.ResultAdopted(entry.seq, undo=entry)


# --- what happened ---------------------------------------------------------------------------------------------------


class _PastScope(Struct, frozen=True):
    """A scope that was open at some time, and the path of the node that held it ("" of the root and of a `finally`)."""

    key: str
    body: int
    holder: str
    index: int


class _Past:
    """A run that has ended: its scopes, how its nodes ended, and the results that could be taken over."""

    def __init__(self, plan: Plan, run: str) -> None:
        self.plan = plan
        self.scopes: dict[str, _PastScope] = {}
        self.status: dict[str, NodeStatus] = {}
        self.results: dict[str, e.ResultAdopted] = {}
        self.unused: dict[str, e.ResultAdopted] = {}
        """What the run had taken over itself and came to no use of: its node was not reached."""
        self.undone: set[str] = set()
        self.intervened: set[str] = set()
        """What a person has cancelled or completed: left to itself it would have ended otherwise."""
        self._state = RunState(run)
        self._effects: dict[str, str] = {}
        self._sent: dict[str, Value] = {}
        self._done_though: dict[str, e.ResultAdopted] = {}
        """What was done by nodes that were being cancelled."""

    def take(self, event: e.Event) -> None:
        """One more event of the log."""
        self._state = evolve(self.plan, self._state, event)
        match event.body:
            case e.RunStarted():
                self._see_scope("")
            case e.ScopeOpened():
                self._see_scope(event.path)
            case e.ResultAdopted(undo=None) as adopted:
                self.unused[event.path] = adopted
            case e.NodeCancelAsked() | e.NodeCompleteAsked():
                self.intervened.add(event.path)
            case e.UndoResult(status="done"):
                self.undone.add(event.path.removesuffix(UNDO_SUFFIX))
            case e.EffectSettled(status="done") if event.path.endswith(UNDO_SUFFIX):
                self.undone.add(event.path.removesuffix(UNDO_SUFFIX))
            case _:
                self._see_node(event)

    def _see_scope(self, key: str) -> None:
        scope = self._state.scopes[key]
        holder = path_of(self.plan, self._state.scopes[scope.parent], scope.owner) if scope.owner >= 0 else ""
        self.scopes[key] = _PastScope(key, scope.body, holder, scope.index)

    def _see_node(self, event: e.Event) -> None:
        found = node_at(self.plan, self._state, event.path)
        if found is None:
            return
        scope, node = found
        path = event.path
        self.status[path] = status = NodeStatus(scope.status[node.index])
        match event.body:
            case e.NodeStarted() as body:
                self._effects[path] = body.effect
                if body.emits:
                    self._sent[path] = body.input
            case e.NodeResult(status="done") as body if status is NodeStatus.RUNNING:
                labels, effect = body.labels, body.effect
                self._done_though[path] = e.ResultAdopted(
                    event.seq, body.out, labels, effect, sent=self._sent.get(path)
                )
            case e.EffectSettled(status="done") as body if status is NodeStatus.WAITING:
                self._done_though[path] = e.ResultAdopted(event.seq, body.out, effect=body.effect)
            case e.NodeCancelled() if scope.stopping in _STOPPED and path in self._done_though:
                # Its scope was stopped while it was being done: that it was done is no less true.
                self.results[path] = self._done_though[path]
            case _:
                pass
        if status is NodeStatus.SUCCEEDED and path not in self.results and _is_from_outside(node.kind, event):
            self._keep(scope, node, event)

    def _keep(self, scope: Scope, node: Node, event: e.Event) -> None:
        path = event.path
        before = self.unused.pop(path, None)
        self.results[path] = e.ResultAdopted(
            parent_seq=event.seq,
            out=scope.values.get(node.index),
            labels=(scope.notes.get(node.index) or Note()).labels,
            effect=before.effect if before else self._effects.get(path, ""),
            attempts=before.attempts if before else (scope.notes.get(node.index) or Note()).attempts,
            sent=before.sent if before else self._sent.get(path),
        )


def _is_from_outside(kind: str, event: e.Event) -> bool:
    if kind == "gate":
        # A gate that passes by itself has the outcomes of its checks as options of its decision, all true.
        return isinstance(event.body, e.NodeSucceeded) and (event.body.adopted > 0 or not _passed_by_itself(event.body))
    return kind in _TAKEN_OVER


def _passed_by_itself(body: e.NodeSucceeded) -> bool:
    return body.decision is not None and all(option.score is True for option in body.decision.options)


# --- what has to run again -------------------------------------------------------------------------------------------


class _Again:
    """Which nodes have to run again: those that did not come to a good end, and all that depends on them.

    A node that holds scopes runs again if something inside it does; what else stands in it is still taken over, unless
    the holder depends on what runs again, or failed for a reason of its own.
    """

    def __init__(self, past: _Past) -> None:
        self._past = past
        self._inside: dict[str, list[_PastScope]] = {}
        self._again: set[str] = set()
        self._wholly: set[str] = set()
        """Nodes of which nothing inside is taken over either."""
        for scope in past.scopes.values():
            self._inside.setdefault(scope.holder, []).append(scope)
        finals = [scope for scope in past.scopes.values() if past.plan.scopes[scope.body].kind == "finally"]
        for scope in [past.scopes[""], *finals]:
            self._visit(scope)
        # The root's `finally` speaks of how its run ended, and the new run has an end of its own.
        self._finals = tuple(scope.key for scope in finals if scope.key == "finally/")
        self._finals += tuple(scope.key for scope in finals if scope.key != "finally/" and self._graph_runs(scope))

    def runs(self, path: str) -> bool:
        """Whether a node has to run again: for itself, or with all that stands in what holds it."""
        return (
            path in self._again or path.startswith(self._finals) or any(map(self._wholly.__contains__, _outwards(path)))
        )

    def _graph_runs(self, final: _PastScope) -> bool:
        return self.runs(final.key.removesuffix("/finally/"))

    def _visit(self, scope: _PastScope) -> bool:
        """Marks the nodes of a scope and of all scopes inside; whether any of them has to run again."""
        nodes = self._past.plan.scopes[scope.body].nodes
        again = [index for index in range(len(nodes)) if self._is_bad(scope, index)]
        self._again |= {self._path(scope, index) for index in again}
        waiting, downstream = list(again), set[int]()
        while waiting:
            node = nodes[waiting.pop()]
            fallback = () if node.fallback is None else (node.fallback,)
            reached = {*(edge.target for edge in node.edges), *fallback} - downstream
            downstream |= reached
            waiting.extend(reached)
        self._wholly |= {self._path(scope, index) for index in downstream}
        return bool(again)

    def _is_bad(self, scope: _PastScope, index: int) -> bool:
        """Whether a node has to run again for its own sake, or for that of something inside it."""
        path = self._path(scope, index)
        node = self._past.plan.scopes[scope.body].nodes[index]
        holds = isinstance(node.work, EachWork | LoopWork | GraphWork)
        inside_runs = holds and self._visit_inside(path)
        failed = self._past.status.get(path) is NodeStatus.FAILED
        if path in self._past.undone or (failed and not inside_runs and not self._was_cut_short(path)):
            self._wholly.add(path)
        return inside_runs or failed or path in self._past.undone or path in self._past.intervened

    def _visit_inside(self, path: str) -> bool:
        """The scopes that a node held, in their order. A later round of a loop depends on those before it."""
        runs = False
        for scope in sorted(self._inside.get(path, []), key=lambda scope: scope.index):
            if runs and self._past.plan.scopes[scope.body].kind == "round":
                self._wholly.add(scope.key.removesuffix("/"))
            runs = self._visit(scope) or runs
        return runs

    def _was_cut_short(self, path: str) -> bool:
        """Whether something in a node was stopped while it lived: what had ended in it is no cause of its failure."""
        inside = (f"{path}/", f"{path}:")
        return any(
            status is NodeStatus.CANCELLED for each, status in self._past.status.items() if each.startswith(inside)
        )

    def _path(self, scope: _PastScope, index: int) -> str:
        body = self._past.plan.scopes[scope.body]
        return scope.key if body.single else scope.key + body.nodes[index].name


def _outwards(path: str) -> Iterator[str]:
    """A path, and those of everything that holds it: `a/b:1/c` stands in `a/b:1`, that in `a/b`, and that in `a`."""
    while path:
        yield path
        head, slash, name = path.rpartition("/")
        copy = name.rpartition(":")
        if copy[1]:
            yield f"{head}{slash}{copy[0]}"
        path = head
