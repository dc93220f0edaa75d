"""Effects of all runs: `GET /v1/effects`. Those of one run are at the run."""

from __future__ import annotations

from typing import Annotated, Final, TypeAlias

from fastapi import APIRouter, Query
from msgspec import UNSET
from starlette.responses import Response

from interlock.api.actions import actions
from interlock.api.answers import answers, told
from interlock.api.desks import Desk, ReadsRuns
from interlock.api.pages import LIMIT, Cursor, Limit, cursor_at, number_in, place_of
from interlock.api.runs.filters import OfGraph
from interlock.engine.telling.effects_of_runs import EffectFilter, EffectPlace
from interlock.showing.effects import effect_of_run
from interlock.store.rows import LineKind, LineStatus, RunEffect
from interlock.wire.effects import EffectOfRun, EffectPage

LOOKED_AT_MAX: Final = 5_000
"""How many runs and effects are looked at for one page: a page may be short, and still have a next one."""
IN_DOUBT_MAX: Final = 100

router = APIRouter(tags=["runs"])

Statuses: TypeAlias = Annotated[list[LineStatus] | None, Query(alias="status", description="One of these.")]


@router.get("/effects", **answers(EffectPage, "Effects, the newest run first."))
async def list_all_effects(
    desk: ReadsRuns,
    status: Statuses = None,
    kind: Annotated[LineKind | None, Query(description="Of this kind.")] = None,
    name: Annotated[str | None, Query(max_length=500, description="The tool, the model or the event.")] = None,
    graph: OfGraph = None,
    limit: Limit = LIMIT,
    cursor: Cursor = None,
) -> Response:
    """What runs have done in the world. The first page begins with what nobody knows the end of and somebody must say.

    Say it at the run: `POST /v1/runs/{run}/settlements`.
    """
    chosen = EffectFilter(graph=graph, statuses=frozenset(status or ()), kind=kind, name=name)
    place = place_of(cursor, of=chosen)
    found, goes_on_behind = await desk.interlock.effects.page(
        chosen, behind=None if place is None else _read(place), limit=limit, looked_at_max=LOOKED_AT_MAX
    )
    doubted = await desk.interlock.effects.in_doubt(limit=IN_DOUBT_MAX) if place is None else None
    page = EffectPage(
        effects=[effect_of_run(each) for each in found],
        in_doubt=UNSET if doubted is None else [_to_be_settled(desk, each) for each in doubted],
        next=None if goes_on_behind is None else cursor_at(_written(goes_on_behind), of=chosen),
    )
    return told(page)


def _to_be_settled(desk: Desk, effect: RunEffect) -> EffectOfRun:
    return effect_of_run(effect, actions=actions(desk.caller, "questions", {"settle": ("act", "")}))


def _written(place: EffectPlace) -> str:
    return f"{place.seq} {place.run}"


def _read(place: str) -> EffectPlace:
    seq, _, run = place.partition(" ")
    return EffectPlace(run=run, seq=number_in(seq))
