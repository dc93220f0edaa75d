"""The same asked of many runs: which are meant, what became of it in each.

What is asked of many is planned first. The token of the plan holds for its act, its filter and its instant: runs that
are started later are not meant by it. So many are asked at a time; `next` says how it goes on.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from typing import Final, Literal, TypeAlias, assert_never

import msgspec
from fastapi import APIRouter
from msgspec.structs import replace
from pydantic import ConfigDict, Field, JsonValue
from starlette.responses import Response

from interlock.api.answers import answers, told
from interlock.api.bodies import Body, RunNamed
from interlock.api.desks import ActsOnRuns, Desk
from interlock.api.errors import ApiError
from interlock.api.pages import CURSOR_MAX, cursor_at, place_of
from interlock.api.runs.filters import LOOKED_AT_MAX, filter_of
from interlock.embedded.selection import Selection
from interlock.engine.asking import Asked
from interlock.engine.run_filter import RunFilter
from interlock.showing.acts import act_plan, act_report
from interlock.wire.acts import ActPlan, ActReport
from interlock.wire.runs import RunStatus

RUNS_COUNTED_MAX: Final = 10_000
"""How many runs a plan counts, and how many it looks at for that."""
RUNS_ASKED_MAX: Final = 200
"""How many runs are asked for one answer."""
RUNS_NAMED_MAX: Final = 500
EVER: Final = 2**62
"""An instant that no run is started behind."""
FILTERS: Final = ("graph", "status", "labels", "session", "started_from", "started_to")
RUNS_OR_FILTER: Final[list[JsonValue]] = [
    {"required": ["runs"]},
    {"anyOf": [{"required": [each]} for each in FILTERS]},
]
"""How the schema says that runs are named, or have something in common."""

Act: TypeAlias = Literal["pause", "resume", "cancel", "cancel_with_rollback", "retry", "rollback"]
STARTS_RUNS: Final = frozenset({"retry", "rollback"})

router = APIRouter(tags=["runs"])


class PlanActBody(Body):
    """An act, and the runs that it would be asked of: those that are named, or those that have all of this in common.

    Runs of which it cannot be asked now, such as a paused one to pause, are not among them.
    """

    model_config = ConfigDict(json_schema_extra={"oneOf": RUNS_OR_FILTER})

    act: Act
    runs: list[RunNamed] = Field(default=[], min_length=1, max_length=RUNS_NAMED_MAX, description="And no filter.")
    graph: str = Field(default="", min_length=1, max_length=200, examples=["hello"])
    status: list[RunStatus] = Field(default=[], min_length=1, max_length=20, description="One of these.")
    labels: dict[str, str] = Field(default={}, min_length=1, max_length=20)
    session: str = Field(default="", min_length=1, max_length=200)
    started_from: int = Field(default=0, ge=1, lt=EVER, description="Microseconds since 1970.")
    started_to: int = Field(default=EVER, ge=0, lt=EVER)


class ActBody(PlanActBody):
    """An act as it was planned."""

    model_config = ConfigDict(json_schema_extra={"oneOf": RUNS_OR_FILTER, "required": ["act", "token"]})

    why: str = Field(default="", max_length=2_000, description="For the record of each run.")
    token: str = Field(default="", min_length=1, max_length=100, description="The token of the plan.")
    cursor: str | None = Field(default=None, max_length=CURSOR_MAX, description="The `next` of the answer before.")


@router.post("/runs/actions/plan", **answers(ActPlan, "How many runs are meant; nothing is done."))
async def plan_act(body: PlanActBody, desk: ActsOnRuns) -> Response:
    """How many runs of which graph and status an act would be asked of."""
    at = desk.reception.served.clock.now()
    meant = await _meant(desk, body, at)
    some, goes_on_at = await meant.some(before=None, limit=RUNS_COUNTED_MAX, looked_at_max=RUNS_COUNTED_MAX)
    counted = await some.counted()
    return told(act_plan(body.act, counted, is_more=goes_on_at is not None, token=_token(body, at)))


@router.post("/runs/actions", **answers(ActReport, "What became of it in each run that was asked."))
async def act_on_runs(body: ActBody, desk: ActsOnRuns) -> Response:
    """Ask it of the runs that were planned, some of them at a time: go on with `next` until it is null."""
    at = _planned_at(body)
    if body.act in STARTS_RUNS:
        await desk.reception.backlog.refuse_if_full()
    meant = await _meant(desk, body, at)
    some, goes_on_at = await meant.some(
        before=place_of(body.cursor, of=body.token), limit=RUNS_ASKED_MAX, looked_at_max=LOOKED_AT_MAX
    )
    following = None if goes_on_at is None else cursor_at(goes_on_at, of=body.token)
    return told(await _reported(body.act, _asked(body, some, by=desk.caller.name), following))


async def _meant(desk: Desk, body: PlanActBody, at: int) -> Selection:
    chosen = filter_of(
        graph=body.graph or None,
        statuses=body.status,
        labels=body.labels,
        session=body.session,
        started_from=body.started_from or None,
        started_to=body.started_to,
    )
    is_filtered = chosen != RunFilter(started_upto=EVER)
    if bool(body.runs) == is_filtered:
        raise ApiError("invalid_request", "name `runs`, or say what they have in common: one of both", field="runs")
    selected = await desk.interlock.these(body.runs) if body.runs else desk.interlock.chosen(_upto(chosen, at))
    return selected.that_can(body.act.partition("_")[0])


def _upto(chosen: RunFilter, at: int) -> RunFilter:
    """Without the runs that are started after the plan."""
    return replace(chosen, started_upto=min(at, chosen.started_upto or at))


def _asked(body: ActBody, meant: Selection, *, by: str) -> AsyncIterator[Asked]:
    match body.act:
        case "pause":
            return meant.pause(by=by, why=body.why)
        case "resume":
            return meant.resume(by=by, why=body.why)
        case "cancel":
            return meant.cancel(by=by, why=body.why)
        case "cancel_with_rollback":
            return meant.cancel(rollback=True, by=by, why=body.why)
        case "retry":
            return meant.retry(by=by, why=body.why)
        case "rollback":
            return meant.rollback(by=by, why=body.why)
        case _ as never:
            assert_never(never)


async def _reported(act: str, outcomes: AsyncIterator[Asked], following: str | None) -> ActReport:
    became: Counter[str] = Counter()
    started: dict[str, str] = {}
    wrong: list[Asked] = []
    async for asked in outcomes:
        became[asked.became] += 1
        if asked.became == "started":
            started[asked.run] = asked.told
        elif asked.told:
            wrong.append(asked)
    return act_report(act, became, started=started, wrong=wrong, next=following)


# --- the token of a plan ---------------------------------------------------------------------------------------------


def _token(body: PlanActBody, at: int) -> str:
    meant: Mapping[str, object] = body.model_dump(include=set(PlanActBody.model_fields))
    return f"{at}.{hashlib.sha256(msgspec.json.encode([at, meant], order='deterministic')).hexdigest()[:32]}"


def _planned_at(body: ActBody) -> int:
    """When the plan was made that is presented; it has to be of this very act."""
    if not body.token:
        raise ApiError("plan_required", "ask for the plan of this act and present its token", field="token")
    instant = body.token.partition(".")[0]
    at = int(instant) if instant.isascii() and instant.isdecimal() else 0
    if body.token != _token(body, at):
        raise ApiError("plan_outdated", "the token is of another plan: it would mean other runs", field="token")
    return at
