"""Graphs by name: what is known, what a name means, its versions, its picture."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Query
from starlette.responses import Response

from interlock.api.actions import actions
from interlock.api.answers import answers, told
from interlock.api.desks import Desk, ReadsGraphs
from interlock.api.errors import ApiError
from interlock.api.graphs.names import KnownName, NewName, VersionNumber
from interlock.api.pages import LIMIT, Cursor, Limit, cursor_at, number_of, place_of
from interlock.authoring.drawing.picture import boxes_in, picture_of
from interlock.authoring.drawing.svg import as_svg
from interlock.core.plan import Plan
from interlock.embedded.graph_registry import FoundGraph
from interlock.engine.errors import NoReleaseError
from interlock.showing.graph_differences import graph_difference
from interlock.showing.graph_names import graph as graph_shown
from interlock.showing.graph_names import graph_row
from interlock.showing.graph_names import version as version_shown
from interlock.showing.releases import version_row
from interlock.tenancy import Act
from interlock.wire.graphs import Graph, GraphDifference, GraphPage, Version, VersionPage
from interlock.wire.runs import Actions

DRAWN_NODES_MAX: Final = 500
"""Nobody could read a drawing of more nodes."""
SVG: Final = "image/svg+xml"
DRAFT: Final = "draft"
SIDE: Final = f"^({DRAFT}|[1-9][0-9]{{0,8}})$"
SVG_HEADERS: Final = {
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'",
    "x-content-type-options": "nosniff",
}

router = APIRouter(tags=["graphs"])


@router.get("/graphs", **answers(GraphPage, "What is known by name, by name."))
async def list_graphs(desk: ReadsGraphs, limit: Limit = LIMIT, cursor: Cursor = None) -> Response:
    """List every graph that has a name: released, in the project, coming along, drafted."""
    after = place_of(cursor, of="graphs") or ""
    page, goes_on = await desk.interlock.registry.page(after=after, limit=limit)
    following = None if goes_on is None else cursor_at(goes_on, of="graphs")
    return told(GraphPage(graphs=[graph_row(each) for each in page], next=following))


@router.get("/graphs/{graph}", **answers(Graph, "What the name means to a run that is started now."))
async def get_graph(graph: KnownName, desk: ReadsGraphs) -> Response:
    """What a name means: its nodes, what it takes and gives, what starts it, and what can be done with it."""
    registry = desk.interlock.registry
    found = await registry.find(graph)
    may = _actions(desk, found)
    return await registry.apart(lambda: told(graph_shown(found, actions=may)))


@router.get("/graphs/{graph}/versions", **answers(VersionPage, "Its versions, the newest first."))
async def list_versions(graph: KnownName, desk: ReadsGraphs, limit: Limit = LIMIT, cursor: Cursor = None) -> Response:
    """List what was ever published under a name, with who and why."""
    history = await desk.interlock.registry.history(graph)
    below = number_of(cursor, of=graph) or len(history.releases) + 1
    entries = history.releases[max(0, below - 1 - limit) : below - 1][::-1]
    goes_on = entries[-1].version if entries and entries[-1].version > 1 else None
    following = None if goes_on is None else cursor_at(str(goes_on), of=graph)
    return told(VersionPage(versions=[version_row(history, each) for each in entries], next=following))


@router.get("/graphs/{graph}/versions/{version}", **answers(Version, "The version with its text and its nodes."))
async def get_version(graph: NewName, version: VersionNumber, desk: ReadsGraphs) -> Response:
    """A version as it was published; it never changes."""
    registry = desk.interlock.registry
    found = await registry.version(graph, version)
    plan = await registry.plan(found.release)
    return await registry.apart(lambda: told(version_shown(found, plan)))


@router.get(
    "/graphs/{graph}/picture",
    status_code=200,
    responses={
        200: {
            "description": "A drawing, light or dark as the reader's page is.",
            "content": {SVG: {"schema": {"type": "string"}}},
        }
    },
)
async def draw_graph(
    graph: KnownName,
    desk: ReadsGraphs,
    version: Annotated[int | None, Query(ge=1, le=2**31, description="Else what the name means.")] = None,
) -> Response:
    """A drawing of a graph that needs nothing else: no script, no font, no file."""
    registry = desk.interlock.registry
    if version is None:
        plan = (await registry.find(graph)).plan
    else:
        plan = await registry.plan((await registry.version(graph, version)).release)
    if plan is None:
        raise ApiError("refused", f"{graph} has errors, and cannot be drawn: see GET /v1/graphs/{graph}")
    svg = await registry.apart(lambda: _drawn(plan))
    return Response(svg, media_type=SVG, headers=SVG_HEADERS)


@router.get("/graphs/{graph}/diff", **answers(GraphDifference, "In what they differ, by node and by line."))
async def diff_graphs(
    graph: NewName,
    desk: ReadsGraphs,
    before: Annotated[str | None, Query(alias="from", pattern=SIDE, description="Else the version in force.")] = None,
    after: Annotated[str, Query(alias="to", pattern=SIDE, description="A version's number, or `draft`.")] = DRAFT,
) -> Response:
    """Compare two versions of a graph, or one with what is being drafted."""
    registry = desk.interlock.registry
    if before is None:
        in_force = (await registry.history(graph)).in_force
        if in_force is None:
            raise NoReleaseError(graph)
        before = str(in_force.version)
    left, right = await registry.side(graph, _number(before)), await registry.side(graph, _number(after))
    return await registry.apart(lambda: told(graph_difference(left, right)))


def _number(side: str) -> int | None:
    return None if side == DRAFT else int(side)


def _drawn(plan: Plan) -> str:
    picture = picture_of(plan)
    count = sum(1 for _ in boxes_in(picture))
    if count > DRAWN_NODES_MAX:
        raise ApiError("refused", f"{plan.name} has {count} nodes, and a drawing at most {DRAWN_NODES_MAX}")
    return as_svg(picture)


def _actions(desk: Desk, found: FoundGraph) -> Actions:
    named = found.named
    before = named.history.before(named.in_force) if named.history and named.in_force else None
    no_way_back = "" if before is not None else "there is no version before the one in force"
    wrong = "" if found.plan is not None else "it has errors"
    unpublished = "only a draft of it is kept: publish it first" if named.sources == ["draft"] else wrong
    nothing = "" if named.known is not None or named.draft is not None else "there is no draft of it"
    on_graphs: dict[str, tuple[Act, str]]
    on_graphs = {"draft": ("act", ""), "publish": ("manage", nothing), "back": ("manage", no_way_back)}
    return actions(desk.caller, "graphs", on_graphs) | actions(desk.caller, "runs", {"run": ("act", unpublished)})
