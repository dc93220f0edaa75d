"""What `nodes.x` tells of a node, however it ended (rule 6). Of its value it says nothing."""

from __future__ import annotations

from interlock.core.events import Error
from interlock.core.lifecycle import NodeStatus, is_settled
from interlock.core.paths import path_of
from interlock.core.plan import EachWork, Plan
from interlock.core.state import Scope
from interlock.core.values import Value


def node_facts(plan: Plan, scope: Scope, index: int) -> dict[str, Value]:
    """The facts about one node of an open scope."""
    status = NodeStatus(scope.status[index])
    note = scope.notes.get(index)
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
