"""What each kind of job does, and what it gives in the end: a link to an artifact, or a report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, assert_never

from interlock.artifacts import artifact_value
from interlock.audit.exporting import Progress
from interlock.embedded.jobs.job import ExportJob, ImportJob, VerifyJob, Wanted

if TYPE_CHECKING:
    from interlock.embedded.interlock import Interlock

RUN_FILE_TYPE: Final = "application/x-tar"
FAULTS_TOLD_MAX: Final = 100
"""How many runs are named whose record does not hold."""


async def perform(
    interlock: Interlock, wanted: Wanted, *, by: str, bytes_max: int, progress: Progress
) -> dict[str, Any]:
    """Do what is wanted, telling how far it is; raises what keeps it from being done."""
    match wanted:
        case ExportJob():
            return await _export(interlock, wanted, by=by, bytes_max=bytes_max, progress=progress)
        case ImportJob():
            return await _import(interlock, wanted, by=by, progress=progress)
        case VerifyJob():
            return await _verify(interlock, wanted, progress=progress)
        case _ as never:
            assert_never(never)


async def _export(
    interlock: Interlock, wanted: ExportJob, *, by: str, bytes_max: int, progress: Progress
) -> dict[str, Any]:
    export = await interlock.run_files.export(wanted.run, progress=progress)
    kept, _ = await interlock.artifacts.keep(export, type=RUN_FILE_TYPE, by=by, bytes_max=bytes_max)
    return {
        **artifact_value(kept),
        "run": wanted.run,
        "events": export.manifest.events,
        "signer": export.signer,
    }


async def _import(interlock: Interlock, wanted: ImportJob, *, by: str, progress: Progress) -> dict[str, Any]:
    await interlock.artifacts.get(wanted.artifact)
    pieces = interlock.artifacts.read(wanted.artifact)
    imported = await interlock.run_files.import_run(pieces, by=by, trust=wanted.trust, progress=progress)
    return {
        "run": imported.run,
        "events": imported.verified.manifest.events,
        "events_added": imported.events_added,
        "signers": list(imported.verified.signers),
        "trusted": list(imported.trusted),
    }


async def _verify(interlock: Interlock, wanted: VerifyJob, *, progress: Progress) -> dict[str, Any]:
    if wanted.run:
        runs = [wanted.run]
    else:
        chosen = interlock.selected(graph=wanted.graph, statuses=wanted.statuses, labels=wanted.labels)
        runs = [row.run async for row in chosen.rows()]
    report: dict[str, Any] = {"runs": 0, "same": 0, "verdicts": {}, "faults": []}
    for run in runs:
        progress("runs", report["runs"], len(runs))
        found = await (await interlock.open(run)).replay()
        report["runs"] += 1
        report["same"] += found.verdict == "same"
        report["verdicts"][found.verdict] = report["verdicts"].get(found.verdict, 0) + 1
        if found.verdict != "same" and len(report["faults"]) < FAULTS_TOLD_MAX:
            report["faults"].append({"run": run, "verdict": found.verdict, "what": found.what, "seq": found.seq})
    progress("runs", len(runs), len(runs))
    return report
