"""The default tools as a table, read from the tools themselves."""

from __future__ import annotations

from pathlib import Path

from interlock.core.plan import JsonSchema
from interlock.tools.outgoing import OutgoingRequest, OutgoingResponse
from interlock.tools.sandbox import NoSandbox
from interlock.tools.standard import ToolEnvironment, standard_tools
from interlock.tools.tool import Tool
from interlock.tools.workspace import Workspaces


def standard_tool_table() -> str:
    """One row for each tool: what it takes, what a repeat would do, its risk, and what takes it back."""
    rows = [_row(made) for made in standard_tools(_nowhere())]
    return "\n".join(["| tool | takes | effect | risk | undo |", "|---|---|---|---|---|", *rows])


def _row(made: Tool) -> str:
    takes = ", ".join(_argument(name, made.contract.input or {}) for name in _names(made.contract.input or {}))
    effect = f"{made.contract.effect}{', sandboxed' if made.terms.sandbox else ''}"
    undo = f"`{made.terms.undo}`" if made.terms.undo else ""
    return f"| `{made.name}` | {takes} | {effect} | {made.terms.risk} | {undo} |"


def _names(schema: JsonSchema) -> list[str]:
    return list(schema.get("properties", {}))


def _argument(name: str, schema: JsonSchema) -> str:
    """An argument that has to be given stands in bold."""
    return f"**`{name}`**" if name in schema.get("required", ()) else f"`{name}`"


def _nowhere() -> ToolEnvironment:
    """An environment in which nothing is called."""

    async def no_sandbox() -> NoSandbox:
        return NoSandbox(reasons=())

    async def no_way_out(request: OutgoingRequest) -> OutgoingResponse:
        raise AssertionError(request.url)

    return ToolEnvironment(workspaces=Workspaces(Path("nowhere")), sandbox=no_sandbox, fetch=no_way_out)
