"""Interlock: declare a graph of tools, gates and people; run it durably; know why each step was taken.

    from interlock import Interlock, tool

    @tool
    def greet(name: str) -> str:
        return f"Hello {name}"

    result = Interlock(tools=[greet]).run("graphs/hello.yaml", {"name": "Ada"})

What stands in `__all__` is public; everything else may be renamed on any afternoon.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from interlock.authoring.building.builder import GraphBuilder, graph
    from interlock.authoring.building.references import Node, Reference
    from interlock.authoring.building.scopes import Scope
    from interlock.client import (
        Interlock,
        InterlockError,
        InvalidGraphError,
        RequestRefusedError,
        RunHandle,
        RunNotFoundError,
        RunResult,
        UnknownGraphError,
    )
    from interlock.tools import AsyncToolContext, Labelled, ToolContext, ToolFailed, cannot_tell, done, not_done, tool

__all__ = [
    "AsyncToolContext",
    "GraphBuilder",
    "Interlock",
    "InterlockError",
    "InvalidGraphError",
    "Labelled",
    "Node",
    "Reference",
    "RequestRefusedError",
    "RunHandle",
    "RunNotFoundError",
    "RunResult",
    "Scope",
    "ToolContext",
    "ToolFailed",
    "UnknownGraphError",
    "cannot_tell",
    "done",
    "graph",
    "not_done",
    "tool",
]

# Loaded when first asked for: `import interlock` costs nothing, and the command line answers `--help` at once.
_OF_TOOLS = frozenset(
    {"AsyncToolContext", "Labelled", "ToolContext", "ToolFailed", "cannot_tell", "done", "not_done", "tool"}
)
_OF_AUTHORING = {
    "GraphBuilder": "interlock.authoring.building.builder",
    "Node": "interlock.authoring.building.references",
    "Reference": "interlock.authoring.building.references",
    "Scope": "interlock.authoring.building.scopes",
    "graph": "interlock.authoring.building.builder",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - the public names, each of its own type
    if name not in __all__:
        raise AttributeError(f"module 'interlock' has no attribute {name!r}")
    module = "interlock.tools" if name in _OF_TOOLS else _OF_AUTHORING.get(name, "interlock.client")
    value = getattr(import_module(module), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
