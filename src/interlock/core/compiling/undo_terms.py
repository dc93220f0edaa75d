"""The undo of a node whose tool says how it is taken back, where its author says nothing of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from interlock.core import graph as g
from interlock.core import plan as p
from interlock.core.compiling.parts import Parts
from interlock.core.compiling.scoping import NodeDraft
from interlock.core.undo_input import names_taken
from interlock.core.values import is_map


def undone_by(tools: Iterable[str], known: Mapping[str, p.ToolContract]) -> set[str]:
    """The tools that take back what these do."""
    terms = (known[name].terms for name in tools if name in known)
    return {each.undo for each in terms if each is not None and each.undo in known}


def undo_by_terms(node: NodeDraft, given: p.Template | None, parts: Parts) -> p.Undo | None:
    """What a tool's terms say, if that can be done with what the node gives and is given."""
    contract = parts.tools.get(node.model.tool) if isinstance(node.model, g.ToolNode) else None
    undo = parts.tools.get(contract.terms.undo) if contract is not None and contract.terms is not None else None
    if contract is None or undo is None:
        return None
    gives, _ = names_taken(p.ToolContract(name=contract.name, input=contract.output))
    names, required = names_taken(undo)
    taken: list[tuple[str, p.Template]] = []
    for name in names:
        template = p.BarePath((node.name, name)) if name in gives else _given(given, name)
        if template is not None:
            taken.append((name, template))
        elif name in required:
            return None
    return p.Undo(undo.name, p.MapOf(tuple(taken)), p.Retry(), None)


def _given(given: p.Template | None, name: str) -> p.Template | None:
    match given:
        case p.MapOf(items=items):
            return dict(items).get(name)
        case p.Constant(value=value) if is_map(value) and name in value:
            return p.Constant(value[name])
        case _:
            return None
