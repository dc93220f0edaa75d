"""Long work: `/v1/jobs`. It is begun and answered at once; how far it is, and what came of it, is asked for later."""

from __future__ import annotations

from typing import Annotated, Final, Literal, TypeAlias

from fastapi import APIRouter, Path
from pydantic import ConfigDict, Field, JsonValue
from starlette.responses import Response

from interlock.api.actions import actions
from interlock.api.answers import answers, told
from interlock.api.bodies import Body
from interlock.api.desks import ActsOnArtifacts, Desk, ReadsArtifacts
from interlock.api.errors import ApiError
from interlock.api.pages import LIMIT, Cursor, Limit, cursor_at, place_of
from interlock.api.runs.looking import WaitSeconds
from interlock.embedded.jobs import ExportJob, ImportJob, VerifyJob, Wanted
from interlock.embedded.jobs import Job as Found
from interlock.showing.jobs import job
from interlock.wire.jobs import Job, JobPage
from interlock.wire.runs import RunStatus

router = APIRouter(tags=["jobs"])

RunNamed: TypeAlias = Annotated[str, Field(min_length=1, max_length=100)]
Fingerprint: TypeAlias = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
CHOSEN: Final = ("graph", "status", "labels")
"""What runs have in common that are verified together."""
RUN_AND_CHOSEN: Final[dict[str, JsonValue]] = {
    "required": ["run"],
    "anyOf": [{"required": [each]} for each in CHOSEN],
}
"""How the schema says what does not go together."""
JobId = Annotated[str, Path(pattern="^[0-9a-f]{32}$", description="The id of a job.")]


class ExportBody(Body):
    """A run to be put into one signed file, which is kept as an artifact."""

    job: Literal["export"]
    run: RunNamed


class ImportBody(Body):
    """A run's file that was uploaded as an artifact, to be verified and kept."""

    job: Literal["import"]
    artifact: str = Field(pattern="^[0-9a-f]{64}$")
    trust: list[Fingerprint] = Field(default=[], max_length=20, description="One of these keys has to have signed it.")


class VerifyBody(Body):
    """Runs whose records are to be verified: one, or all that have this in common."""

    model_config = ConfigDict(json_schema_extra={"not": RUN_AND_CHOSEN})

    job: Literal["verify"]
    run: str = Field(default="", min_length=1, max_length=100, description="This one, and no other.")
    graph: str | None = Field(default=None, max_length=200)
    status: list[RunStatus] = Field(default=[], max_length=20, description="One of these.")
    labels: dict[str, str] = Field(default={}, max_length=20)


JobBody: TypeAlias = Annotated[ExportBody | ImportBody | VerifyBody, Field(discriminator="job")]
BEGUN = answers(Job, "It is on record, and worked on.", status=202)


@router.post("/jobs", **BEGUN)
async def begin_job(body: JobBody, desk: ActsOnArtifacts) -> Response:
    """Export a run as one signed file, import one, or verify the records of many runs."""
    wanted = await _wanted(desk, body)
    begun = await desk.reception.jobs.begin(desk.interlock, wanted, by=desk.caller.name)
    return told(_shown(desk, begun), status=202, headers={"location": f"/v1/jobs/{begun.id}"})


@router.get("/jobs", **answers(JobPage, "Jobs, the newest first."))
async def list_jobs(desk: ReadsArtifacts, limit: Limit = LIMIT, cursor: Cursor = None) -> Response:
    """What was asked for, how far it is, and what came of it."""
    found = await desk.interlock.job_records.listed(after=place_of(cursor, of="jobs") or "", limit=limit + 1)
    page = found[:limit]
    following = cursor_at(page[-1].id, of="jobs") if len(found) > limit else None
    return told(JobPage(jobs=[_shown(desk, each) for each in page], next=following))


@router.get("/jobs/{job_id}", **answers(Job, "The job as it stands."))
async def get_job(job_id: JobId, desk: ReadsArtifacts, wait: WaitSeconds = 0) -> Response:
    """One job: how far it is, and in the end what came of it."""
    return told(_shown(desk, await desk.reception.jobs.ended(desk.interlock, job_id, seconds=wait)))


@router.post("/jobs/{job_id}/cancel", **answers(Job, "Whoever works on it stops.", status=202))
async def cancel_job(job_id: JobId, desk: ActsOnArtifacts) -> Response:
    """Stop working on a job."""
    return told(_shown(desk, await desk.reception.jobs.cancel(desk.interlock, job_id)), status=202)


@router.post("/jobs/{job_id}/again", **BEGUN)
async def begin_job_again(job_id: JobId, desk: ActsOnArtifacts) -> Response:
    """Begin a job again that was lost, cancelled, or has failed."""
    begun = await desk.reception.jobs.begin_again(desk.interlock, job_id, by=desk.caller.name)
    return told(_shown(desk, begun), status=202)


async def _wanted(desk: Desk, body: JobBody) -> Wanted:
    """What is asked for, where the caller may and what it names is there."""
    match body:
        case ExportBody():
            desk.refuse_unless("read", "runs")
            return ExportJob(run=(await desk.interlock.open(body.run)).id)
        case ImportBody():
            desk.refuse_unless("act", "runs")
            return ImportJob(
                artifact=(await desk.interlock.artifacts.get(body.artifact)).digest, trust=tuple(body.trust)
            )
        case VerifyBody():
            desk.refuse_unless("read", "runs")
            return await _runs_to_verify(desk, body)


async def _runs_to_verify(desk: Desk, body: VerifyBody) -> VerifyJob:
    if body.run:
        if body.model_fields_set.intersection(CHOSEN):
            raise ApiError("invalid_request", "one run is named, and others are chosen: leave out one", field="run")
        await desk.interlock.open(body.run)
    return VerifyJob(run=body.run, graph=body.graph, statuses=tuple(body.status), labels=body.labels)


def _shown(desk: Desk, found: Found) -> Job:
    over = f"the job is {found.status}" if found.has_ended else ""
    settled = "" if found.status in {"lost", "cancelled", "failed"} else f"the job is {found.status}"
    allowed = actions(desk.caller, "artifacts", {"cancel": ("act", over), "again": ("act", settled)})
    return job(found, actions=allowed)
