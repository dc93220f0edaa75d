"""Matters that time has overtaken: the node has settled, its scope is gone or stopping, somebody else has answered.

Part of `evolve`: they are dropped from the front of the agendas, so that `decide` always finds a live matter there.
"""

from __future__ import annotations

from interlock.core.evolving.mailbox import find_received
from interlock.core.evolving.scopes import can_go_on
from interlock.core.lifecycle import NodeStatus, is_settled
from interlock.core.paths import body_of
from interlock.core.plan import Plan
from interlock.core.state import BackingOff, Calling, Live, Matter, Opened, RunState, Scope, Waiting


def drop_stale(plan: Plan, state: RunState) -> None:
    """Drops overtaken matters until the first of each agenda is live."""
    if state.outcome is not None:
        state.stops.clear()
        state.matters.clear()
        return
    for agenda in (state.stops, state.matters):
        while (matter := agenda.first()) is not None and not _is_live(plan, state, matter):
            agenda.drop_first()


def _is_live(plan: Plan, state: RunState, matter: Matter) -> bool:
    if matter.kind == "offer":
        name, event_id = matter.detail
        return find_received(state, name, event_id) is not None
    scope = state.scopes.get(matter.scope)
    if scope is None:
        return False
    match matter.kind:
        case "ready" | "dead" | "broken":
            return not scope.stopping and scope.status[matter.node] == NodeStatus.PENDING
        case "edge":
            return not scope.stopping
        case "again":
            return _waits_to_try(scope.live.get(matter.node))
        case "tried":
            return _has_been_tried(scope, matter.node)
        case "due":
            return _is_open_to_time(scope, matter)
        case "got":
            live = scope.live.get(matter.node)
            return isinstance(live, Waiting) and live.given is not None
        case "next":
            held = scope.live.get(matter.node)
            return isinstance(held, Opened) and can_go_on(body_of(plan, scope).nodes[matter.node], held)
        case "cancel":
            return _can_be_cancelled(scope, matter.node)
        case "stop":
            return not scope.stopping
        case "undo":
            return True
        case "end":
            return scope.end_queued and not scope.compensating
        case "compensate":
            return scope.compensating
    return True


def _waits_to_try(live: Live | None) -> bool:
    return isinstance(live, BackingOff) or (isinstance(live, Waiting) and live.reason == "budget")


def _has_been_tried(scope: Scope, node: int) -> bool:
    live = scope.live.get(node)
    return isinstance(live, Calling | Waiting) and live.attempt is not None and live.attempt.status != ""


def _is_open_to_time(scope: Scope, matter: Matter) -> bool:
    match scope.live.get(matter.node):
        case Opened() as held:
            return not (held.closing or held.cancelling)
        case Waiting() as live:
            return live.reason != "reconcile" and matter.detail != "complete"
        case _:
            return False


def _can_be_cancelled(scope: Scope, node: int) -> bool:
    """A node that never started is skipped, unless its scope stops: there that needs no event."""
    live = scope.live.get(node)
    if live is None:
        return not scope.stopping and not is_settled(scope.status[node])
    return not live.cancelling
