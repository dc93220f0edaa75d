"""What a graph takes: its `inputs` as a JSON Schema, whichever way they were written."""

from __future__ import annotations

from interlock.core.plan import JsonSchema
from interlock.core.scoping import GraphDraft


def inputs_schema(draft: GraphDraft) -> JsonSchema | None:
    """The schema of a graph's inputs; None if they could not be read."""
    if ("inputs",) in draft.document.broken:
        return None
    return {
        "type": "object",
        "properties": {name: {"type": kind} for name, kind in draft.model.inputs.items()},
        "required": list(draft.model.inputs),
        "additionalProperties": False,
    }
