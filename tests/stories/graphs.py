"""The graphs of stories: compiled as a user's would be, with a few tools to call; or refused, with why."""

from __future__ import annotations

from collections.abc import Mapping
from textwrap import dedent
from typing import TypeAlias, cast

from interlock.authoring.yaml_document import read_document
from interlock.core.agent_contract import AgentContract
from interlock.core.bundle import Bundle
from interlock.core.catalogue import Catalogue
from interlock.core.compile import Compiled, compile_graph
from interlock.core.compiling.json_data import JsonMap
from interlock.core.plan import EffectClass, Plan, ToolContract
from interlock.core.problems import Problem

Graphs: TypeAlias = Mapping[str, str]
"""Named graphs that others call, as text."""


def tool(name: str, effect: EffectClass = "read", *, labels: tuple[str, ...] = ()) -> ToolContract:
    """A tool's contract; its code is the story's business."""
    return ToolContract(name=name, effect=effect, labels=labels)


TOOLS = (
    tool("work"),
    tool("other"),
    tool("write", "idempotent"),
    tool("pay", "once"),
    tool("unpay", "idempotent"),
)


def compiled(
    text: str,
    *,
    tools: tuple[ToolContract, ...] = TOOLS,
    graphs: Graphs | None = None,
    agents: tuple[AgentContract, ...] = (),
) -> Plan:
    """The plan of a graph that has no error."""
    found = _compile(text, tools, graphs or {}, agents)
    assert found.plan is not None, [_said(problem) for problem in found.errors]
    return found.plan


def bundled(
    text: str,
    *,
    tools: tuple[ToolContract, ...] = TOOLS,
    graphs: Graphs | None = None,
    agents: tuple[AgentContract, ...] = (),
) -> Bundle:
    """What a run of a graph is pinned to."""
    found = _compile(text, tools, graphs or {}, agents)
    assert found.bundle is not None, [_said(problem) for problem in found.errors]
    return found.bundle


def refusals(
    text: str,
    *,
    tools: tuple[ToolContract, ...] = TOOLS,
    graphs: Graphs | None = None,
    agents: tuple[AgentContract, ...] = (),
) -> list[str]:
    """Why a graph is refused, in the order of its text: `place: message`."""
    return [_said(problem) for problem in _compile(text, tools, graphs or {}, agents).errors]


def warnings(text: str, *, tools: tuple[ToolContract, ...] = TOOLS, graphs: Graphs | None = None) -> list[str]:
    """What a good graph is warned of, in the order of its text: `place: message`."""
    compiled(text, tools=tools, graphs=graphs)
    return [_said(problem) for problem in _compile(text, tools, graphs or {}).warnings]


def _said(problem: Problem) -> str:
    return f"{'.'.join(map(str, problem.place))}: {problem.message}"


def _compile(
    text: str, tools: tuple[ToolContract, ...], graphs: Graphs, agents: tuple[AgentContract, ...] = ()
) -> Compiled:
    catalogue = Catalogue(
        {each.name: each for each in tools},
        {name: _data(body) for name, body in graphs.items()},
        {each.name: each for each in agents},
    )
    return compile_graph(_data(text), catalogue)


def _data(text: str) -> JsonMap:
    """The document of a text in YAML; without `graph:` it is called `story`."""
    text = dedent(text)
    document = read_document(text if text.lstrip().startswith("graph:") else f"graph: story\nlanguage: 1\n{text}")
    assert not document.problems, document.problems
    return cast("JsonMap", document.data)
