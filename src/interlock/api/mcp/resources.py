"""Runs as resources: `interlock://runs/{run}` is what `GET /v1/runs/{run}` tells."""

from __future__ import annotations

from typing import Final

import mcp_types as types

from interlock.api.actions import actions_of_run
from interlock.api.errors import ApiError
from interlock.api.pages import cursor_at, place_of
from interlock.api.visitors import Visitor
from interlock.engine.run_filter import RunFilter
from interlock.showing.json import encoded
from interlock.showing.runs import run as run_shown
from interlock.store.rows import RunRow

RUNS: Final = "interlock://runs/"
RUNS_AT_ONCE: Final = 50
JSON: Final = "application/json"

TEMPLATE: Final = types.ResourceTemplate(
    name="run",
    uri_template=f"{RUNS}{{run}}",
    description="A run: its inputs, outputs and nodes, and what it waits for.",
    mime_type=JSON,
)


async def listed_runs(visitor: Visitor, cursor: str | None) -> types.ListResourcesResult:
    """A page of runs, the newest first."""
    visitor.refuse_unless("read", "runs")
    before = place_of(cursor, of="mcp runs")
    rows, goes_on = await visitor.interlock.runs_page(
        RunFilter(), before=before, limit=RUNS_AT_ONCE, looked_at_max=RUNS_AT_ONCE
    )
    following = None if goes_on is None else cursor_at(goes_on, of="mcp runs")
    return types.ListResourcesResult(resources=[_resource(row) for row in rows], next_cursor=following)


async def read_run(visitor: Visitor, uri: str) -> types.ReadResourceResult:
    """A run as a whole; large values in it are references."""
    visitor.refuse_unless("read", "runs")
    handle = await visitor.interlock.open(run_in(uri))
    view = await handle.view(whole=False)
    shown = run_shown(view, await handle.version(), actions=actions_of_run(view.status, visitor.caller))
    text = types.TextResourceContents(uri=uri, mime_type=JSON, text=encoded(shown).decode())
    return types.ReadResourceResult(contents=[text])


def run_in(uri: str) -> str:
    """The run that a URI names."""
    if not uri.startswith(RUNS) or len(uri) > 200:
        raise ApiError("run_not_found", f"{uri[:200]} is no run: resources are {RUNS}{{run}}")
    return uri.removeprefix(RUNS)


def _resource(row: RunRow) -> types.Resource:
    return types.Resource(
        name=row.run,
        title=f"{row.graph}: {row.status}",
        uri=f"{RUNS}{row.run}",
        mime_type=JSON,
    )
