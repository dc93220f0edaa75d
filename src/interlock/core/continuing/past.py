"""What became of a run, as far as a run that continues it has to know: its scopes, its nodes, its results. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Self

from msgspec import Struct

from interlock.core import events as e
from interlock.core.evolve import evolve
from interlock.core.lifecycle import NodeStatus
from interlock.core.paths import UNDO_SUFFIX, is_inside_step, node_at, path_of
from interlock.core.plan import Node, Plan
from interlock.core.state import Note, RunState, Scope
from interlock.core.values import Value

_TAKEN_OVER: Final = frozenset({"tool", "agent", "human", "wait", "emit"})
"""The kinds whose result came from outside, that of an agent whole; of a gate it did where a person promoted it."""

_STOPPED: Final = frozenset({"failed", "cancelled", "blocked"})
"""Why a scope was stopped before its end: what it did meanwhile counts, since nothing has chosen against it."""


class PastScope(Struct, frozen=True):
    """A scope that was open at some time, and the path of the node that held it ("" of the root and of a `finally`)."""

    key: str
    body: int
    holder: str
    index: int
    parent: str
    """The key of the scope in which the holder stands."""


class Past:
    """A run that has ended: its scopes, how its nodes ended, and the results that could be taken over."""

    def __init__(self, plan: Plan, run: str) -> None:
        self.plan = plan
        self.scopes: dict[str, PastScope] = {}
        self.status: dict[str, NodeStatus] = {}
        self.kinds: dict[str, str] = {}
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

    def after(self, events: Iterable[e.Event]) -> Self:
        """The same, with these events of the log taken in."""
        for event in events:
            self.take(event)
        return self

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
        self.scopes[key] = PastScope(key, scope.body, holder, scope.index, scope.parent)

    def _see_node(self, event: e.Event) -> None:
        if is_inside_step(event.path):
            return  # what an agent has called is taken over with the agent, or not at all
        found = node_at(self.plan, self._state, event.path)
        if found is None:
            return
        scope, node = found
        path = event.path
        self.status[path] = status = NodeStatus(scope.status[node.index])
        self.kinds[path] = node.kind
        match event.body:
            case e.NodeStarted() as body:
                self._effects[path] = body.effect
                if body.emits:
                    self._sent[path] = body.input
            case e.NodeResult(status="done") as body if status is NodeStatus.RUNNING:
                labels, effect = body.labels, body.effect
                self._done_though[path] = e.ResultAdopted(
                    event.seq, body.out, labels, effect, sent=self._sent.get(path), tainted=self._state.is_tainted
                )
            case e.EffectSettled(status="done") as body if status is NodeStatus.WAITING:
                self._done_though[path] = e.ResultAdopted(
                    event.seq, body.out, effect=body.effect, tainted=self._state.is_tainted
                )
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
            tainted=self._state.is_tainted,
        )


def _is_from_outside(kind: str, event: e.Event) -> bool:
    if kind == "gate":
        # A gate that passes by itself has the outcomes of its checks as options of its decision, all true.
        return isinstance(event.body, e.NodeSucceeded) and (event.body.adopted > 0 or not _passed_by_itself(event.body))
    return kind in _TAKEN_OVER


def _passed_by_itself(body: e.NodeSucceeded) -> bool:
    return body.decision is not None and all(option.score is True for option in body.decision.options)
