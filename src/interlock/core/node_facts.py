"""What `nodes.x` tells of a node, however it ended (rule 6). Of its value it says nothing."""

from __future__ import annotations

from interlock.core.events import Error
from interlock.core.lifecycle import NodeStatus, is_settled
from interlock.core.paths import path_of
from interlock.core.plan import EachWork, Plan
from interlock.core.state import Attempt, BackingOff, Calling, Note, Opened, Scope, Waiting
from interlock.core.values import Value


def node_facts(plan: Plan, scope: Scope, index: int) -> dict[str, Value]:
    """The facts about one node of an open scope."""
    return _facts(plan, scope, index, NodeStatus(scope.status[index]), scope.notes.get(index))


def facts_if_failed(plan: Plan, scope: Scope, index: int, error: Error, *, item: int | None = None) -> dict[str, Value]:
    """The same, as it would be if the node failed now; of an `each`, by the failure of an item."""
    note = note_of_failure(scope.live.get(index), error)
    if item is not None:
        note.errors = tuple(sorted({**dict(note.errors), item: error}.items()))
    return _facts(plan, scope, index, NodeStatus.FAILED, note)


def note_of_failure(live: object, error: Error) -> Note:
    """What is kept of a node that fails, of whatever it was doing."""
    return Note(error=error, attempts=attempts_of(live) or 1, errors=errors_of(live))


def errors_of(live: object) -> tuple[tuple[int, Error], ...]:
    """What the items of an `each` failed with, in their order; of a held `each`, as it was when it was held."""
    match live:
        case Opened(errors=errors):
            return tuple(sorted(errors.items()))
        case Waiting(errors=kept):
            return kept
        case _:
            return ()


def attempts_of(live: object) -> int:
    """How many attempts a live node has made; none where it has no effect."""
    match live:
        case Calling(attempt=Attempt(number=number)) | Waiting(attempt=Attempt(number=number)):
            return number
        case BackingOff(attempt=Attempt(number=upcoming)):
            return upcoming - 1
        case _:
            return 0


def _facts(plan: Plan, scope: Scope, index: int, status: NodeStatus, note: Note | None) -> dict[str, Value]:
    facts: dict[str, Value] = {
        "outcome": status.word if is_settled(status) else None,
        "labels": list(note.labels) if note else [],
        "error": error_value(note.error) if note and note.error else None,
        "attempts": note.attempts if note else int(status == NodeStatus.SUCCEEDED),
        "path": path_of(plan, scope, index),
    }
    if isinstance(plan.scopes[scope.body].nodes[index].work, EachWork):
        errors = note.errors if note else ()
        facts["errors"] = [{"index": position, "error": error_value(error)} for position, error in errors]
    return facts


def error_value(error: Error) -> dict[str, Value]:
    """An error as expressions see it."""
    return {"kind": error.kind, "message": error.message, "path": error.path}
