"""A watcher of timers: each fires for something that waits for it, once, and not before its time (rules 26 and 31)."""

# ruff: noqa: D102 - every `see` and `saw` does what the protocol says

from __future__ import annotations

from interlock.core import events as e
from interlock.core.events import TimerKind
from tests.simulation.broken_rule import BrokenRule
from tests.simulation.shadow import Scope, Shadow


class FiresInTime:
    """Rule 2 for time: nothing is woken too early, twice, or after it has settled."""

    def __init__(self, shadow: Shadow) -> None:
        self.shadow = shadow
        self.due: dict[tuple[str, TimerKind], int] = {}

    def see(self, event: e.Event) -> None:
        match event.body:
            case e.TimerFired(kind=kind) if kind != "wall":
                due = self.due.pop((event.path, kind), None)
                if due is None or event.at < due:
                    raise BrokenRule(2, f"the {kind} of {event.path!r} fires at {event.at} and is due at {due}")
            case e.NodeWaiting(within=int() as within) as body:
                self.due[event.path, _kind_of(body)] = event.at + within
            case e.NodeWaiting(due=int() as due) as body:
                self.due[event.path, _kind_of(body)] = due
            case e.NodeOpened(within=int() as within):
                self.due[event.path, "timeout"] = event.at + within
            case e.NodeRetrying(delay=delay) | e.UndoRetrying(delay=delay) if delay:
                self.due[event.path, "retry"] = event.at + delay
            case e.ScopeStopping():
                self.due.pop((event.path, "timeout"), None)
            case _:
                pass

    def saw(self, event: e.Event) -> None:
        for instance in self.shadow.settled_last:
            for kind in ("timeout", "wait", "retry"):
                self.due.pop((instance.path, kind), None)
        if isinstance(event.body, e.RunStarted | e.ScopeOpened):
            self._see_deadline(self.shadow.scopes[event.path], event)

    def _see_deadline(self, scope: Scope, event: e.Event) -> None:
        """The deadline of a graph begins with its scope."""
        if scope.body.timeout is not None:
            self.due[scope.key, "timeout"] = event.at + scope.body.timeout


def _kind_of(waiting: e.NodeWaiting) -> TimerKind:
    return "wait" if waiting.reason == "time" else "timeout"
