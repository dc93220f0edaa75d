"""Watchers of the log: each knows one rule, counts for itself, and says when the rule is broken.

They see events and the shadow, never the state under test. These watch over ends, stops, verdicts and failures.
"""

# ruff: noqa: D102 - every `see` and `saw` does what the protocol says

from __future__ import annotations

from typing import Protocol

from interlock.core import events as e
from tests.simulation.broken_rule import BrokenRule
from tests.simulation.shadow import Instance, Scope, Shadow


class Checker(Protocol):
    """One rule, watched."""

    def see(self, event: e.Event) -> None:
        """An event, with the shadow as it was before."""
        ...


class LateChecker(Checker, Protocol):
    """One rule that has to look twice."""

    def saw(self, event: e.Event) -> None:
        """The same event, with the shadow as it is now."""
        ...


OF_NODES = (
    e.NodeStarted,
    e.NodeWaiting,
    e.NodeOpened,
    e.NodeRetrying,
    e.NodeSucceeded,
    e.NodeFailed,
    e.NodeSkipped,
    e.NodeCancelling,
    e.NodeCancelled,
    e.NodeClosing,
    e.NodeResult,
)


class EndsOnce:
    """Rule 2: whatever ends, ends once, and nothing lives in a scope that has ended."""

    def __init__(self, shadow: Shadow) -> None:
        self.shadow = shadow
        self.ended: e.RunEnded | None = None
        self.last: e.Event | None = None

    def see(self, event: e.Event) -> None:
        if self.ended is not None:
            raise BrokenRule(2, f"{event.type} {event.path} comes after the end of the run")
        if self.last is not None and (event.seq != self.last.seq + 1 or event.at < self.last.at):
            raise BrokenRule(2, f"event {event.seq} at {event.at} comes after {self.last.seq} at {self.last.at}")
        self.last = event
        if isinstance(event.body, OF_NODES):
            self._see_node(event)
        match event.body:
            case e.ScopeEnded() | e.RunEnded():
                self._see_end(self.shadow.scopes[event.path], event)
            case e.ScopeOpened():
                scope = self.shadow.scopes.get(event.path)
                if scope is not None and not scope.has_ended:
                    raise BrokenRule(2, f"the scope {event.path} is opened twice")
            case _:
                pass

    def _see_node(self, event: e.Event) -> None:
        instance = self.shadow.get(event.path)
        if instance.is_settled:
            raise BrokenRule(2, f"{event.type} at {event.path}, which has {instance.status}")
        if instance.scope.has_ended:
            raise BrokenRule(2, f"{event.type} at {event.path}, whose scope has ended")
        if instance.is_cancelling and isinstance(event.body, e.NodeStarted | e.NodeOpened | e.NodeRetrying):
            raise BrokenRule(2, f"{event.type} at {event.path}, which is being cancelled")
        if instance.is_done and isinstance(event.body, e.NodeFailed):
            raise BrokenRule(2, f"{event.path} fails although its effect is done")

    def _see_end(self, scope: Scope, event: e.Event) -> None:
        if scope.has_ended:
            raise BrokenRule(2, f"the scope {event.path!r} ends twice")
        for instance in self.shadow.within(scope):
            if instance.lives and not instance.scope.has_ended:
                raise BrokenRule(2, f"the scope {event.path!r} ends while {instance.path} is {instance.status}")
        unsettled = [instance.path for instance in scope.nodes if not instance.is_settled]
        if scope.stopping is None and unsettled:
            raise BrokenRule(2, f"the scope {event.path!r} ends and {unsettled} have not settled")
        final = self.shadow.scopes.get(f"{scope.key}finally/")
        if scope.body.finally_ is not None and (final is None or final.parent is not scope or not final.has_ended):
            raise BrokenRule(2, f"the graph {event.path!r} ends and its `finally` has not")
        if isinstance(event.body, e.RunEnded):
            self.ended = event.body


class StartsNothing:
    """Rule 2: nothing starts after a recorded stop or cancel, and nothing is decided in a pause."""

    def __init__(self, shadow: Shadow) -> None:
        self.shadow = shadow
        self.is_paused = False
        self.cancelled: str | None = None
        """The key of the scope that a cancel of the run stops."""

    def see(self, event: e.Event) -> None:
        match event.body:
            case e.RunPaused():
                self.is_paused = True
            case e.RunResumed():
                self.is_paused = False
            case e.RunCancelAsked():
                self.is_paused = False
                self.cancelled = "finally/" if self._finishing() else ""
            case e.NodeStarted() | e.NodeOpened() | e.NodeWaiting() | e.NodeRetrying() | e.ScopeOpened():
                self._see_start(event)
            case _ if self.is_paused and isinstance(event.body, e.Decided):
                raise BrokenRule(2, f"{event.type} {event.path} is decided while the run is paused")
            case _:
                pass

    def _finishing(self) -> bool:
        found = self.shadow.scopes.get("finally/")
        return found is not None

    def _see_start(self, event: e.Event) -> None:
        if self.is_paused:
            raise BrokenRule(2, f"{event.type} {event.path} is decided while the run is paused")
        if isinstance(event.body, e.ScopeOpened):
            self._see_opened(event, event.body)
            return
        instance = self.shadow.get(event.path)
        if isinstance(event.body, e.NodeWaiting) and event.body.reason == "reconcile":
            return
        for scope in self.shadow.above(instance.scope):
            if scope.stopping is not None and not self._is_finally_of(instance.scope, scope):
                raise BrokenRule(2, f"{event.type} {event.path} after {scope.key!r} was stopped")
            if scope.key == self.cancelled and not self._is_finally_of(instance.scope, scope):
                raise BrokenRule(2, f"{event.type} {event.path} after the run was cancelled")

    def _see_opened(self, event: e.Event, body: e.ScopeOpened) -> None:
        if body.outcome is not None:
            return
        owner = self.shadow.owner(event.path)
        for scope in self.shadow.above(owner.scope):
            if scope.stopping is not None and not self._is_finally_of(owner.scope, scope):
                raise BrokenRule(2, f"the scope {event.path} opens after {scope.key!r} was stopped")

    def _is_finally_of(self, inner: Scope, scope: Scope) -> bool:
        """A `finally` runs although the graph it belongs to has been stopped."""
        return any(here.body.kind == "finally" and here.parent is scope for here in self.shadow.above(inner)) or any(
            here.body.kind == "finally" and here.parent is not None and scope in self.shadow.above(here.parent)
            for here in self.shadow.above(inner)
        )


class NothingSwallowed:
    """Rule 3: a verdict stops the run, a cancelled held gate is blocked, and no failure is forgotten."""

    def __init__(self, shadow: Shadow) -> None:
        self.shadow = shadow
        self.is_cancel_asked = False
        self.verdict: tuple[str, str] | None = None
        self.stopped_by_verdict: list[str] = []

    def see(self, event: e.Event) -> None:
        match event.body:
            case e.RunCancelAsked():
                self.is_cancel_asked = True
            case e.NodeFailed(verdict=str() as verdict):
                self._see_verdict(event.path, verdict)
            case e.NodeCancelled() if self._is_held_gate(event.path) and not self.is_cancel_asked:
                raise BrokenRule(3, f"the held gate {event.path} was cancelled and is not blocked")
            case e.NodeSkipped() if self._is_held_gate(event.path):
                raise BrokenRule(3, f"the held gate {event.path} was skipped")
            case e.NodeSucceeded() if self._is_in(event.path, self.stopped_by_verdict):
                raise BrokenRule(3, f"{event.path} succeeds after a verdict has stopped what it stands in")
            case e.ScopeEnded() | e.RunEnded():
                self._see_end(event.path, event.body.outcome)
            case _:
                pass

    def _is_held_gate(self, path: str) -> bool:
        instance = self.shadow.get(path)
        return instance.waiting is not None and instance.waiting.reason == "hold" and instance.status == "waiting"

    def _see_verdict(self, path: str, verdict: str) -> None:
        top = list(self.shadow.above(self.shadow.get(path).scope))
        key = next((scope.key for scope in top if scope.body.kind == "finally"), "")
        self.stopped_by_verdict.append(key)
        if key == "" and not self.is_cancel_asked and self.verdict is None:
            self.verdict = (path, verdict)

    def _is_in(self, path: str, keys: list[str]) -> bool:
        """Whether a verdict stops what a node stands in; what a `finally` does is not what the graph does."""
        scopes = [scope.key for scope in self.shadow.above(self.shadow.get(path).scope)]
        finallies = [key for key in scopes if key.endswith("finally/")]
        inner = scopes[: scopes.index(finallies[0]) + 1] if finallies else scopes
        return any(key in inner for key in keys)

    def _see_end(self, key: str, outcome: e.ScopeOutcome) -> None:
        scope = self.shadow.scopes[key]
        unhandled = [instance.path for instance in scope.nodes if _is_unhandled(instance)]
        if unhandled and outcome.status == "succeeded":
            raise BrokenRule(3, f"the scope {key!r} succeeds although {unhandled} failed and nothing handled it")
        if key == "" and self.verdict is not None and outcome.status not in {"failed", "rolled_back"}:
            raise BrokenRule(3, f"the run {outcome.status} although the gate {self.verdict[0]} said {self.verdict[1]}")
        wants_rollback = self.verdict is not None and self.verdict[1] == "rollback"
        if key == "" and wants_rollback and outcome.status != "rolled_back" and not outcome.not_undone:
            raise BrokenRule(3, f"the gate {self.verdict} said rollback and the run {outcome.status}")
        if outcome.status == "succeeded" and scope.stopping is not None:
            raise BrokenRule(3, f"the scope {key!r} succeeds although it was stopped")
        if outcome.status != "succeeded" and scope.stopping is None and not (key == "" and outcome.not_undone):
            raise BrokenRule(3, f"the scope {key!r} {outcome.status} and was never stopped")


def _is_unhandled(instance: Instance) -> bool:
    if instance.status != "failed":
        return False
    if instance.node.fallback is not None:
        # Whoever cancels what stands in for a node wants neither.
        fallback = instance.scope.nodes[instance.node.fallback]
        return _is_unhandled(fallback) if fallback.status == "failed" else fallback.status == "skipped"
    return not instance.is_handled
