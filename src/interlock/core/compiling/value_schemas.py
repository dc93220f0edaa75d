"""What is known of a node's value before it has one: enough to find a misspelt field when the graph is compiled.

A schema here says which fields there are, not that all of them are. None: nothing is known, and nothing is checked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, cast

from interlock.core import graph as g
from interlock.core.catalogue import Catalogue
from interlock.core.compiling.scoping import GraphDraft, NodeDraft
from interlock.core.expressions import TIMESTAMP, FieldType
from interlock.core.plan import JsonSchema, ScopeKind

_TEXT: Final[JsonSchema] = {"type": "string"}
_UNKNOWN: Final[JsonSchema] = {}

ANSWER_FIELDS: Final = ("choice", "form", "by", "why")
OUTCOME_FIELDS: Final = ("outcome", "labels", "error", "attempts", "path")
"""What `nodes.x` tells of any node; of an `each` also `errors`."""


def closed(fields: Mapping[str, FieldType]) -> JsonSchema:
    """A map with these fields and no others."""
    return {"type": "object", "properties": dict(fields), "additionalProperties": False}


_INTEGER: Final[JsonSchema] = {"type": "integer"}
RUN_SCHEMA: Final = closed({"id": _TEXT, "mode": _TEXT, "started_at": TIMESTAMP, "status": _TEXT})
EVENT_SCHEMA: Final = closed({"id": _TEXT, "name": _TEXT, "data": _UNKNOWN})
_VARIABLES: Final[dict[ScopeKind, tuple[JsonSchema | None, ...]]] = {
    "item": (None, _INTEGER),
    "round": (closed({"index": _INTEGER, "last": _UNKNOWN}),),
}
"""What is known of the variables of a body, in their order."""


def known_names(draft: GraphDraft, inputs: JsonSchema | None, catalogue: Catalogue) -> dict[str, FieldType]:
    """Every name of a graph's expressions, wherever it can be seen, and what is known of its value.

    One name may stand for nodes in scopes that do not see each other; then only what is true of all of them is known.
    """
    names: dict[str, FieldType] = {
        "inputs": inputs,
        "run": RUN_SCHEMA,
        "nodes": None,
        "now": TIMESTAMP,
        "event": EVENT_SCHEMA,
        "candidate": None,
        "candidates": None,
    }
    for scope in draft.scopes:
        _add(names, zip(scope.variables, _VARIABLES.get(scope.kind, ()), strict=True))
        if not scope.single:
            _add(names, ((node.name, value_schema(draft, node, catalogue)) for node in scope.nodes))
    return names


def _add(names: dict[str, FieldType], found: Iterable[tuple[str, JsonSchema | None]]) -> None:
    for name, schema in found:
        names[name] = schema if name not in names or names[name] == schema else None


def value_schema(draft: GraphDraft, node: NodeDraft, catalogue: Catalogue) -> JsonSchema | None:
    """What is known of the value of one node."""
    if node.is_broken:
        return None
    match node.model:
        case g.ToolNode(tool=tool):
            contract = catalogue.tools.get(tool)
            return contract.output if contract else None
        case g.AgentNode(agent=agent):
            contract = catalogue.agents.get(agent)
            return contract.output if contract else None
        case g.ValueNode(value=value):
            return _fields(cast("dict[str, object]", value)) if isinstance(value, dict) else None
        case g.GateNode():
            return closed({"verdict": _TEXT})
        case g.HumanNode(form=form):
            return closed(dict.fromkeys(ANSWER_FIELDS, _UNKNOWN) | ({"form": form} if form else {}))
        case g.ChooseNode():
            return closed({"choice": _TEXT})
        case g.FuseNode(fuse="best_of" | "vote" | "weighted", from_=sources):
            return _common(draft, node, sources, catalogue)
        case g.EachNode():
            return {"type": "array"}
        case g.LoopNode(outputs=None, loop=nodes):
            return _fields(nodes)
        case g.LoopNode(outputs=dict() as outputs) | g.GraphNode(graph=g.Block(outputs=dict() as outputs)):
            return _fields(outputs)
        case _:
            return None


def _fields(fields: Iterable[str]) -> JsonSchema:
    return closed(dict.fromkeys(fields, _UNKNOWN))


def _common(draft: GraphDraft, node: NodeDraft, sources: Iterable[str], catalogue: Catalogue) -> JsonSchema | None:
    """What the values of all candidates have in common: everything or nothing."""
    found: list[Any] = []
    for source in sources:
        candidate = node.scope.by_name.get(source)
        # A fuse of fuses is not followed: two that name each other would never end.
        known = candidate is not None and candidate.kind != "fuse"
        found.append(value_schema(draft, candidate, catalogue) if candidate and known else None)
    return found[0] if found and all(schema == found[0] for schema in found) else None
