"""What documents of other systems name in tests: agents and tools as contracts, and how such a document is compiled."""

from __future__ import annotations

from typing import Any

from interlock.authoring.dialects.policies import NONE_IN_FORCE, PoliciesInForce
from interlock.authoring.dialects.reading import Reading
from interlock.authoring.dialects.recognising import read_graph
from interlock.authoring.report import render_problems
from interlock.authoring.yaml_document import read_document
from interlock.core.agent_contract import AgentContract
from interlock.core.catalogue import Catalogue
from interlock.core.compile import compile_graph
from interlock.core.plan import ToolContract
from interlock.core.schemas import fields_schema

Fields = dict[str, Any]


def agent(
    name: str, *, takes: Fields | None = None, gives: Fields | None = None, calls: tuple[str, ...] = ()
) -> AgentContract:
    """An agent by what it declares; left out: it takes anything, and gives text."""
    return AgentContract(
        name=name,
        prompt="Work.",
        input=None if takes is None else fields_schema(takes),
        output=None if gives is None else fields_schema(gives),
        tools=calls,
    )


def tool(name: str, *, takes: Fields, gives: Fields | None = None, labels: tuple[str, ...] = ()) -> ToolContract:
    """A tool by what it declares; left out: it may give anything."""
    output = None if gives is None else fields_schema(gives)
    return ToolContract(name=name, effect="read", input=fields_schema(takes), output=output, labels=labels)


def around(*named: AgentContract | ToolContract) -> Catalogue:
    """A project with these."""
    return Catalogue(
        tools={each.name: each for each in named if isinstance(each, ToolContract)},
        agents={each.name: each for each in named if isinstance(each, AgentContract)},
    )


def any_agents(*names: str) -> Catalogue:
    """A project with agents of which nothing is known but that they take and give maps of anything."""
    anything: Fields = {"type": "object", "properties": {}}
    return around(*(AgentContract(name=name, prompt="Work.", output=anything) for name in names))


def read(text: str, project: Catalogue, policies: PoliciesInForce = NONE_IN_FORCE) -> Reading:
    """The reading of a document."""
    return read_graph(read_document(text).data or {}, project, policies=policies)


def problems_in(text: str, project: Catalogue, policies: PoliciesInForce = NONE_IN_FORCE) -> list[str]:
    """Each problem that is told of a document, with its line and column, errors and warnings alike."""
    document = read_document(text, source="")
    reading = read_graph(document.data or {}, project, policies=policies)
    compiled = () if reading.graph is None else compile_graph(reading.graph, project).problems
    found = (*document.problems, *reading.problems, *map(reading.at_origin, compiled))
    return [_said(line) for line in render_problems(found, document).splitlines() if _is_heading(line)]


def nodes_of(text: str, project: Catalogue, policies: PoliciesInForce = NONE_IN_FORCE) -> dict[str, Any]:
    """The nodes of the graph that a document means, which has to be without problems."""
    assert problems_in(text, project, policies) == []
    graph = read(text, project, policies).graph
    assert graph is not None
    return dict(graph["nodes"])


def _is_heading(line: str) -> bool:
    return ": error: " in line or ": warning: " in line


def _said(line: str) -> str:
    return line.replace(" error: ", " ")
