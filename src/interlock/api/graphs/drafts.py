"""Drafts over HTTP: kept whatever is wrong with them, changed only by who has seen what they are now."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from interlock.api.actions import actions
from interlock.api.answers import NOTHING, answers, told
from interlock.api.bodies import Body
from interlock.api.desks import ActsOnGraphs, Desk, ReadsGraphs
from interlock.api.etags import IfMatch, IfNoneMatch, etag_of, refuse_unless_seen
from interlock.api.graphs.names import NewName
from interlock.api.graphs.texts import GraphText
from interlock.embedded.drafts import DraftNotFoundError, DraftRow
from interlock.embedded.graphs import CheckedGraph
from interlock.showing.graph_names import draft as draft_shown
from interlock.wire.graphs import Draft
from interlock.wire.runs import Actions

router = APIRouter(tags=["graphs"])


class DraftBody(Body):
    """The text of a graph, be it finished or not."""

    text: GraphText


@router.get("/graphs/{graph}/draft", **answers(Draft, "The draft, and what is wrong with it; its ETag is to be kept."))
async def get_draft(graph: NewName, desk: ReadsGraphs) -> Response:
    """The text that somebody is writing on."""
    row = await _there(desk, graph)
    registry = desk.interlock.registry
    return await _shown(desk, row, await registry.draft_text(row), await registry.check_draft(row))


@router.put(
    "/graphs/{graph}/draft",
    **answers(Draft, "It is kept.", also={201: "It is kept, and is the first."}),
)
async def save_draft(
    graph: NewName, body: DraftBody, desk: ActsOnGraphs, if_match: IfMatch = "", if_none_match: IfNoneMatch = ""
) -> Response:
    """Keep a text, also one with errors: they are answered. What runs is not touched until it is published."""
    registry = desk.interlock.registry
    seen = await registry.find_draft(graph)
    what = f"the draft of {graph}"
    refuse_unless_seen(None if seen is None else seen.tag, what=what, if_match=if_match, if_none_match=if_none_match)
    row, checked = await registry.save_draft(graph, body.text, by=desk.caller.name, seen=seen)
    return await _shown(desk, row, body.text, checked, status=201 if seen is None else 200)


@router.delete("/graphs/{graph}/draft", **answers(None, "It is forgotten.", status=NOTHING))
async def drop_draft(graph: NewName, desk: ActsOnGraphs, if_match: IfMatch = "") -> Response:
    """Forget a draft; versions stay."""
    row = await _there(desk, graph)
    refuse_unless_seen(row.tag, what=f"the draft of {graph}", if_match=if_match)
    await desk.interlock.registry.drop_draft(row)
    return Response(status_code=NOTHING)


async def _there(desk: Desk, graph: str) -> DraftRow:
    row = await desk.interlock.registry.find_draft(graph)
    if row is None:
        raise DraftNotFoundError(graph)
    return row


async def _shown(desk: Desk, row: DraftRow, text: str, checked: CheckedGraph, *, status: int = 200) -> Response:
    registry = desk.interlock.registry
    in_force = (await desk.interlock.releases_of(row.graph)).in_force
    may = _actions(desk, checked)
    return await registry.apart(
        lambda: told(draft_shown(row, text, checked, in_force, actions=may), status=status, headers=etag_of(row.tag))
    )


def _actions(desk: Desk, checked: CheckedGraph) -> Actions:
    wrong = "" if checked.is_valid else f"it has errors: {checked.errors}"
    return actions(desk.caller, "graphs", {"save": ("act", ""), "drop": ("act", ""), "publish": ("manage", wrong)})
