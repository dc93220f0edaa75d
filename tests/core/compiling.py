"""Graphs for the compiler's tests: written as people write them, with a few tools to call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from interlock.authoring.yaml_document import read_document
from interlock.core import plan as p
from interlock.core.catalogue import Catalogue
from interlock.core.compile import Compiled, compile_graph
from interlock.core.compiling.json_data import JsonMap
from interlock.core.limits import Limits
from interlock.core.plan import ToolContract
from interlock.core.problems import Problem

SCORED = ToolContract(
    name="score",
    effect="read",
    input={
        "type": "object",
        "properties": {"text": {"type": "string"}, "limit": {"type": "integer"}},
        "required": ["text"],
        "additionalProperties": False,
    },
    output={"type": "object", "properties": {"points": {"type": "number"}}, "additionalProperties": False},
    labels=("good", "poor"),
)
TOOLS = (
    ToolContract(name="look", effect="read"),
    ToolContract(name="write", effect="idempotent"),
    ToolContract(name="pay", effect="once"),
    SCORED,
)


def compiling(text: str, *, graphs: Mapping[str, str] | None = None, limits: Limits | None = None) -> Compiled:
    """What comes of a graph; without `graph:` it is called `test`."""
    catalogue = Catalogue(
        {tool.name: tool for tool in TOOLS}, {name: data_of(body) for name, body in (graphs or {}).items()}
    )
    return compile_graph(data_of(text), catalogue, limits=limits)


def planned(text: str, *, graphs: Mapping[str, str] | None = None) -> p.Plan:
    """The plan of a graph that has no error."""
    compiled = compiling(text, graphs=graphs)
    assert compiled.plan is not None, [said(problem) for problem in compiled.errors]
    return compiled.plan


def errors(text: str, *, graphs: Mapping[str, str] | None = None, limits: Limits | None = None) -> list[str]:
    """What is wrong with a graph, as `place: message`, in the order of the text."""
    return [said(problem) for problem in compiling(text, graphs=graphs, limits=limits).errors]


def warnings(text: str, *, graphs: Mapping[str, str] | None = None) -> list[str]:
    """What a good graph is warned of, as `place: message`."""
    compiled = compiling(text, graphs=graphs)
    assert compiled.plan is not None, [said(problem) for problem in compiled.errors]
    return [said(problem) for problem in compiled.warnings]


def said(problem: Problem) -> str:
    """A problem as one line."""
    return f"{'.'.join(map(str, problem.place))}: {problem.message}"


def data_of(text: str) -> JsonMap:
    """The document of a text in YAML."""
    document = read_document(text if text.lstrip().startswith(("graph:", "{graph:")) else f"graph: test\n{text}")
    assert not document.problems, document.problems
    return cast("JsonMap", document.data)
