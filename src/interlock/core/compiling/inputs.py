"""What a graph takes: its `inputs` as a JSON Schema, whichever way they were written."""

from __future__ import annotations

from msgspec import structs

from interlock.core.canonical import canonical
from interlock.core.compiling.scoping import GraphDraft
from interlock.core.plan import JsonSchema
from interlock.core.problems import Place, Problem
from interlock.core.schemas import check_fields, fields_schema, misspelt_in_fields


def inputs_schema(draft: GraphDraft) -> JsonSchema | None:
    """The schema of a graph's inputs; None, and problems with the graph, if they cannot be read."""
    written = draft.model.inputs
    if ("inputs",) in draft.document.broken:
        return None
    found = check_fields(written)
    draft.errors += [within(problem, ("inputs",)) for problem in found]
    if found:
        return None
    draft.warnings += [within(problem, ("inputs",)) for problem in misspelt_in_fields(written)]
    # What is wrong with inputs is told in the order of the schema, whether it comes from a document or from a bundle.
    return canonical(fields_schema(written))


def within(problem: Problem, place: Place) -> Problem:
    """A problem of a part, at its place in the whole."""
    return structs.replace(problem, place=(*place, *problem.place))
