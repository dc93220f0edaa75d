"""What another system calls an agent, as it is known here: an agent's contract, or a tool of that name."""

from __future__ import annotations

from typing import Any, Final, Literal

from msgspec import Struct

from interlock.core.catalogue import Catalogue
from interlock.core.values import JsonSchema

_TEXT: Final[JsonSchema] = {"type": "string"}
"""What an agent gives that declares no output."""


class Callee(Struct, frozen=True):
    """Who does the work of a node, and what is declared of what it takes and gives. None: nothing is known."""

    kind: Literal["agent", "tool"]
    name: str
    input: JsonSchema | None = None
    output: JsonSchema | None = None
    labels: tuple[str, ...] = ()

    def node(self, given: Any) -> dict[str, Any]:  # noqa: ANN401 - a template: JSON data
        """A node that lets it work on what it is given."""
        return {self.kind: self.name, "input": given}


def callee_named(name: str, around: Catalogue) -> Callee:
    """The agent of that name, or else the tool; one that nobody knows is an agent of which the compiler tells."""
    is_tool = name not in around.agents and name in around.tools
    return tool_named(name, around) if is_tool else agent_named(name, around)


def agent_named(name: str, around: Catalogue) -> Callee:
    """The agent of that name. Of one that nobody knows the compiler tells."""
    agent = around.agents.get(name)
    return (
        Callee("agent", name)
        if agent is None
        else Callee("agent", name, agent.input, agent.output or _TEXT, agent.labels)
    )


def tool_named(name: str, around: Catalogue) -> Callee:
    """The tool of that name, which is known."""
    tool = around.tools[name]
    return Callee("tool", name, tool.input, tool.output, tool.labels)
