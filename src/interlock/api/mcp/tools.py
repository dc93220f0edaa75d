"""The tools of the server: one for each graph that a caller may run, and three for runs that are under way."""

from __future__ import annotations

from typing import Any, Final

import mcp_types as types

from interlock.api.pages import cursor_at, place_of
from interlock.api.visitors import Visitor
from interlock.core.plan import Plan
from interlock.embedded.known_graphs import NamedGraph

TOOLS_AT_ONCE: Final = 50
"""How many graphs are looked at for one page."""

RUN: Final = "interlock_run"
ANSWER: Final = "interlock_answer"
CANCEL: Final = "interlock_cancel"

OUTCOME: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {
        "run": {"type": "string", "description": "The id of the run, also of its resource interlock://runs/{run}."},
        "graph": {"type": "string"},
        "status": {"type": "string"},
        "outputs": {"description": "What it came to, once it has succeeded."},
        "error": {"type": "object"},
        "waiting": {"type": "array", "items": {"type": "object"}, "description": "What is asked of people."},
        "simulated": {"type": "boolean", "description": "Whether scripts answered where models would."},
        "next": {"type": "string", "description": "What can be done, where it has not ended."},
    },
    "required": ["run", "graph", "status"],
}
"""What every tool answers: how a run stands."""

_RUN_ID: Final = {"type": "string", "minLength": 1, "maxLength": 100, "description": "The id of a run."}
OWN_TOOLS: Final = (
    types.Tool(
        name=RUN,
        title="Look at a run",
        description="Tell how a run stands, waiting for its end for up to `wait_seconds`.",
        input_schema={
            "type": "object",
            "properties": {"run": _RUN_ID, "wait_seconds": {"type": "integer", "minimum": 0, "maximum": 50}},
            "required": ["run"],
            "additionalProperties": False,
        },
        output_schema=OUTCOME,
        annotations=types.ToolAnnotations(read_only_hint=True),
    ),
    types.Tool(
        name=ANSWER,
        title="Answer a run",
        description=(
            "Give a person's answer to what a run waits for. Ask the person: `waiting` of the run says what, "
            "with the choices or the form. Never decide for them."
        ),
        input_schema={
            "type": "object",
            "properties": {
                "run": _RUN_ID,
                "path": {"type": "string", "maxLength": 2000, "description": "As `waiting` names it."},
                "choice": {"type": "string", "maxLength": 1000, "description": "One of the choices."},
                "form": {"description": "The filled form, where one is asked for."},
                "why": {"type": "string", "maxLength": 2000, "description": "Their reason, for the record."},
            },
            "required": ["run", "path"],
            "additionalProperties": False,
        },
        output_schema=OUTCOME,
    ),
    types.Tool(
        name=CANCEL,
        title="Cancel a run",
        description="Stop a run: what is in flight is asked to end, and nothing more begins.",
        input_schema={
            "type": "object",
            "properties": {"run": _RUN_ID, "why": {"type": "string", "maxLength": 2000}},
            "required": ["run"],
            "additionalProperties": False,
        },
        output_schema=OUTCOME,
        annotations=types.ToolAnnotations(destructive_hint=True),
    ),
)
OWN_NAMES: Final = frozenset(each.name for each in OWN_TOOLS)
"""A graph of one of these names is no tool: it is run in other ways."""


async def listed_tools(visitor: Visitor, cursor: str | None) -> types.ListToolsResult:
    """A page of what the caller may call. Graphs that have errors, or are drafts alone, are none."""
    visitor.refuse_unless("read", "graphs")
    after = place_of(cursor, of="mcp tools") or ""
    page, goes_on = await visitor.interlock.registry.page(after=after, limit=TOOLS_AT_ONCE)
    own = OWN_TOOLS if cursor is None else ()
    found = [tool for named in page if (tool := await _tool_of(visitor, named)) is not None]
    following = None if goes_on is None else cursor_at(goes_on, of="mcp tools")
    return types.ListToolsResult(tools=[*own, *found], next_cursor=following)


def is_offered(named: NamedGraph) -> bool:
    """Whether a name means a graph that anybody may run: a draft is run by those alone who may publish it."""
    return named.sources[:1] != ["draft"] and named.name not in OWN_NAMES and named.is_valid is not False


async def _tool_of(visitor: Visitor, named: NamedGraph) -> types.Tool | None:
    if not is_offered(named):
        return None
    plan = (await visitor.interlock.registry.find(named.name)).plan
    if plan is None:
        return None
    description = named.description or f"Run the graph {named.name}."
    return types.Tool(name=named.name, description=description, input_schema=inputs_of(plan), output_schema=OUTCOME)


def inputs_of(plan: Plan) -> dict[str, Any]:
    """What a graph takes, as a schema of an object."""
    return {**(plan.root.inputs or {}), "type": "object"}
