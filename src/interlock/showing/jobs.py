"""Jobs, and runs carried as files, as programs are shown them."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import UNSET, UnsetType, structs

from interlock.audit.run_file import VerifiedFile
from interlock.embedded.jobs import Job
from interlock.showing.json import fields_shown
from interlock.wire import jobs as wire
from interlock.wire.runs import Actions


def job(found: Job, *, actions: Actions) -> wire.Job:
    """A job, with what can be done with it by who asks."""
    return wire.Job(
        id=found.id,
        job=found.kind,
        given=fields_shown(found.wanted),
        status=found.status,
        by=found.by,
        at=found.at,
        ended_at=found.ended_at,
        attempt=found.attempt,
        progress=wire.JobProgress(**structs.asdict(found.progress)),
        result=UNSET if found.result is None else found.result,
        problem=UNSET if found.problem is None else found.problem,
        actions=actions,
    )


def run_file_found(
    verified: VerifiedFile, *, trusted: Sequence[str], kept: bool, events_added: int | UnsetType = UNSET
) -> wire.RunFileFound:
    """What a run's file holds."""
    manifest = verified.manifest
    return wire.RunFileFound(
        run=manifest.run,
        tenant=manifest.tenant,
        graph=manifest.summary.graph,
        status=manifest.summary.status,
        events=manifest.events,
        erased=manifest.erased,
        blobs=sum(part.name.startswith("blobs/") for part in manifest.parts),
        head=manifest.head,
        signers=list(verified.signers),
        trusted=list(trusted),
        kept=kept,
        events_added=events_added,
    )
