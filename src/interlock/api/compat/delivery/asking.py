"""A query in, quality and cost out; runs and sessions looked at, files, tools, and replays."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field
from starlette.responses import Response

from interlock.api.answers import answers, told
from interlock.api.compat.platform.people import USER_HASH, hash_of
from interlock.api.desks import ActsOnRuns, Desk, ReadsArtifacts, ReadsRuns, ReadsTools
from interlock.api.runs.filters import LOOKED_AT_MAX
from interlock.api.runs.looking import RunId, rested
from interlock.embedded.graphs import Named
from interlock.embedded.handle import RunHandle
from interlock.engine.agents.memory.entries import SESSION_LABEL
from interlock.engine.run_filter import RunFilter
from interlock.showing.delivery import GRAPH, delivery_result, delivery_row, delivery_run
from interlock.wire.delivery import (
    DeliveryFile,
    DeliveryFiles,
    DeliveryReplay,
    DeliveryResult,
    DeliveryRun,
    DeliveryRuns,
    DeliverySession,
    DeliveryTool,
    DeliveryTools,
)

router = APIRouter(tags=["other systems"])

SYSTEM: Final = "system"
DELIVERY: Final = "delivery_os"
ANSWER_SECONDS: Final = 60
"""How long a query is waited for before it is told how far it is."""
LISTED_MAX: Final = 100
FILES_MAX: Final = 500

ListedLimit = Annotated[int, Query(ge=1, le=LISTED_MAX, description="How many at most.")]
SessionId = Annotated[str, Path(max_length=200, description="The session, as `session_id` of a query named it.")]


class QueryBody(BaseModel):
    """A query as the Delivery OS takes it. What it does not know it ignores, as it did there."""

    query: str = Field(min_length=1, examples=["What is machine learning?"])
    session_id: str | None = Field(default=None, max_length=200, description="Its agents share a memory.")
    user_id: str | None = Field(default=None, max_length=500, description="Kept as a keyed hash alone.")


@router.post("/run", **answers(DeliveryResult, "What came of it, or how far it is."))
async def answer_query(body: QueryBody, desk: ActsOnRuns) -> Response:
    """Answer a query and judge the answer. What takes longer than a minute is looked at with `GET /run/{run_id}`."""
    run = await start_query(desk, body, asks_back=False)
    await rested(run, ANSWER_SECONDS)
    return told(delivery_result(await run.view()))


async def start_query(desk: Desk, body: QueryBody, *, asks_back: bool) -> RunHandle:
    """Start a run that answers a query; `asks_back`: a person is asked where it is not clear what is wanted."""
    await desk.reception.backlog.refuse_if_full()
    labels = {SYSTEM: DELIVERY}
    if body.user_id:
        labels[USER_HASH] = await hash_of(desk, body.user_id)
    return await desk.interlock.start(
        Named(GRAPH),
        {"query": body.query, "asks_back": asks_back},
        labels=labels,
        session=body.session_id or "",
        by=desk.caller.name,
        detach=desk.detaches,
    )


@router.get("/run/{run_id}", **answers(DeliveryRun, "The run with its goal, plan, agents, tools and evidence."))
async def get_delivery_run(run_id: RunId, desk: ReadsRuns) -> Response:
    """One run, with the chain that led to its result."""
    run = await desk.interlock.open(run_id)
    return told(delivery_run(await run.view(whole=False), await run.plan()))


@router.get("/runs", **answers(DeliveryRuns, "Runs, the newest first."))
async def list_delivery_runs(desk: ReadsRuns, limit: ListedLimit = 20) -> Response:
    """List runs of any graph."""
    rows, _ = await desk.interlock.runs_page(RunFilter(), before=None, limit=limit, looked_at_max=LOOKED_AT_MAX)
    return told(DeliveryRuns(runs=[delivery_row(row) for row in rows]))


@router.get("/session/{session_id}", **answers(DeliverySession, "Its newest runs."))
async def get_session(session_id: SessionId, desk: ReadsRuns) -> Response:
    """One session with its newest runs."""
    chosen = RunFilter(labels={SESSION_LABEL: session_id})
    rows, _ = await desk.interlock.runs_page(chosen, before=None, limit=LISTED_MAX, looked_at_max=LOOKED_AT_MAX)
    return told(DeliverySession(session_id=session_id, runs=[delivery_row(row) for row in rows]))


@router.get("/artifacts/{run_id}", **answers(DeliveryFiles, "The files that it has made."))
async def list_delivery_files(run_id: RunId, desk: ReadsArtifacts) -> Response:
    """The files of a run, with where each is fetched."""
    files = await desk.interlock.files_of(run_id)
    found, more = await files.listed(after="", limit=FILES_MAX)
    told_files = [
        DeliveryFile(
            path=each.path, bytes=each.bytes, sha256=each.digest, url=f"/v1/runs/{run_id}/artifacts/{each.path}"
        )
        for each in found
    ]
    return told(DeliveryFiles(run_id=run_id, artifacts=told_files, complete=more is None))


@router.get("/tools", **answers(DeliveryTools, "Every tool that can be called."))
async def list_delivery_tools(desk: ReadsTools) -> Response:
    """List tools with what they may do."""
    contracts = desk.interlock.toolbox.contracts()
    tools = [
        DeliveryTool(
            id=name,
            description=contract.description,
            has_side_effects=contract.effect != "read",
            risk_tier=contract.terms.risk if contract.terms else "low",
            external_api=contract.terms.permissions.external if contract.terms else False,
        )
        for name, contract in sorted(contracts.items())
    ]
    return told(DeliveryTools(tools=tools))


@router.post("/replay/{run_id}", **answers(DeliveryReplay, "Whether the record holds."))
async def replay_delivery_run(run_id: RunId, desk: ReadsRuns) -> Response:
    """Decide a run anew from its record. There what was stored was printed."""
    found = await (await desk.interlock.open(run_id)).replay()
    return told(DeliveryReplay(run_id=run_id, verdict=found.verdict, what=found.what, events=found.events))
