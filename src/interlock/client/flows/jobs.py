"""Long work that is asked for and looked at again: runs put into files, files taken in, records verified."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Final

from interlock.client.errands import Flow, Telling, made, now
from interlock.client.errors import StillGoing
from interlock.client.paging import listed
from interlock.client.requests import RunLike, ask, id_of, look
from interlock.wire.jobs import Job, JobPage
from interlock.wire.runs import RunStatus

WAIT_SECONDS: Final = 50
"""How long a server is asked to wait at a time."""


def list_jobs() -> Telling[Job]:
    """Jobs, the newest first: how far each is, and what came of it."""
    return listed("jobs", shape=JobPage, rows_of=lambda page: page.jobs)


def get_job(job: str) -> Flow[Job]:
    """A job as it stands."""
    return made(look("jobs", job, shape=Job))


def wait(job: str, *, timeout_seconds: float | None = None) -> Flow[Job]:
    """Wait for a job's end, for ever or for so long. Raises `StillGoing`."""
    until = None if timeout_seconds is None else (yield from now()) + timeout_seconds
    while True:
        left = WAIT_SECONDS if until is None else max(0, min(WAIT_SECONDS, math.ceil(until - (yield from now()))))
        found = yield from made(look("jobs", job, shape=Job, query={"wait": left}, longer=left))
        if found.status != "running":
            return found
        if until is not None and (yield from now()) >= until:
            raise StillGoing(f"job {job} has not ended in time", code="still_going", advice="wait for it again")


def export(run: RunLike) -> Flow[Job]:
    """Put a run into one signed file, which is kept as an artifact."""
    return made(ask("jobs", shape=Job, body={"job": "export", "run": id_of(run)}))


def import_run(artifact: str, *, trust: Iterable[str] = ()) -> Flow[Job]:
    """Verify a run's file that was uploaded, and keep its run. `trust` names keys of which one has to have signed."""
    return made(ask("jobs", shape=Job, body={"job": "import", "artifact": artifact, "trust": list(trust)}))


def verify(
    run: RunLike | None = None,
    *,
    graph: str | None = None,
    status: Iterable[RunStatus] = (),
    labels: Mapping[str, str] | None = None,
) -> Flow[Job]:
    """Verify the record of a run, or of all that have this in common."""
    named = None if run is None else id_of(run)
    body = {"job": "verify", "run": named, "graph": graph, "status": list(status) or None, "labels": labels}
    return made(ask("jobs", shape=Job, body=body))


def cancel(job: str) -> Flow[Job]:
    """Stop working on a job."""
    return made(ask("jobs", job, "cancel", shape=Job, body={}))


def again(job: str) -> Flow[Job]:
    """Begin a job again that was lost, cancelled, or has failed."""
    return made(ask("jobs", job, "again", shape=Job, body={}))
