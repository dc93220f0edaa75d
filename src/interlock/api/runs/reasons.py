"""Why a run went as it did: its decisions, what led to what, the way it took, and what models were asked."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Query
from starlette.responses import Response

from interlock.api.answers import answers, told
from interlock.api.desks import ReadsRuns
from interlock.api.errors import ApiError
from interlock.api.pages import LIMIT, Cursor, Limit, cursor_at, number_of
from interlock.api.runs.looking import EVENTS, EVENTS_LOOKED_AT_MAX, EventLimit, RunId, Seq
from interlock.engine.telling.choices import ChoiceFilter
from interlock.showing.decisions import cause, prompts, recorded_decision, run_graph
from interlock.wire.decisions import Cause, CausePage, DecisionPage, Prompts, RunGraph

PATH_MAX: Final = 2_000

router = APIRouter(tags=["runs"])

Points = Annotated[list[str] | None, Query(alias="point", max_length=20, description="Only of these points: `policy`.")]
Verdicts = Annotated[
    list[str] | None, Query(alias="verdict", max_length=20, description="Only what chose one of these.")
]
NodePath = Annotated[str | None, Query(max_length=PATH_MAX, description="Only of this node and what is inside it.")]


@router.get("/runs/{run_id}/decisions", **answers(DecisionPage, "What was chosen, of what, by whom, and why."))
async def list_decisions(
    run_id: RunId,
    desk: ReadsRuns,
    point: Points = None,
    path: NodePath = None,
    verdict: Verdicts = None,
    limit: Limit = LIMIT,
    cursor: Cursor = None,
) -> Response:
    """Every recorded choice: of the policy, of models, gates, edges and people. A page may be short, or a bit long."""
    handle = await desk.interlock.open(run_id)
    chosen = ChoiceFilter(points=frozenset(point or ()), path=path, verdicts=frozenset(verdict or ()))
    question = [run_id, sorted(chosen.points), path, sorted(chosen.verdicts)]
    found, goes_on_at = await handle.decisions(
        chosen, after=number_of(cursor, of=question) or 0, limit=limit, looked_at_max=EVENTS_LOOKED_AT_MAX
    )
    following = None if goes_on_at is None else cursor_at(str(goes_on_at), of=question)
    return told(DecisionPage(run=run_id, decisions=[recorded_decision(each) for each in found], next=following))


@router.get("/runs/{run_id}/causes", **answers(CausePage, "Events in words, with what they follow from."))
async def list_causes(
    run_id: RunId,
    desk: ReadsRuns,
    path: Annotated[str | None, Query(max_length=PATH_MAX, description="Only what led to this node or step.")] = None,
    after: Seq = 0,
    limit: EventLimit = EVENTS,
) -> Response:
    """What led to what, in the whole run or to one node, from the start on."""
    handle = await desk.interlock.open(run_id)
    steps: list[Cause] = []
    is_known = path is None
    async for each in handle.causes(path):
        is_known = True
        if each.seq <= after:
            continue
        if len(steps) == limit:
            return told(CausePage(run=run_id, path=path, steps=steps, next=steps[-1].seq))
        steps.append(cause(each))
    if not is_known:
        raise _nothing_there(run_id, path)
    return told(CausePage(run=run_id, path=path, steps=steps))


@router.get("/runs/{run_id}/graph", **answers(RunGraph, "Nodes and edges, with how often each was executed and taken."))
async def get_run_graph(run_id: RunId, desk: ReadsRuns) -> Response:
    """The graph that the run is pinned to, ready to be drawn, with the way that was taken."""
    handle = await desk.interlock.open(run_id)
    return told(run_graph(await handle.row(), await handle.way_taken()))


@router.get("/runs/{run_id}/prompts", **answers(Prompts, "What was sent to models, to the letter."))
async def list_prompts(
    run_id: RunId,
    desk: ReadsRuns,
    path: Annotated[str, Query(min_length=1, max_length=PATH_MAX, description="An agent's node, or a step: `fix.3`.")],
) -> Response:
    """What the agent at a path has asked models: made again from the record, and held against its digests."""
    found = await (await desk.interlock.open(run_id)).prompts(path)
    if not found:
        raise _nothing_there(run_id, path)
    return told(prompts(run_id, path, found))


def _nothing_there(run: str, path: str | None) -> ApiError:
    return ApiError("node_not_found", f"nothing of that kind is on record of {path} in run {run}", field="path")
