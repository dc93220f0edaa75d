"""What each kind of job does, and what it gives in the end: a link to an artifact, or a report."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final, assert_never

from interlock.artifacts import artifact_value
from interlock.audit.exporting import Progress
from interlock.embedded.jobs.job import ExportJob, ImportJob, VerifyJob, Wanted
from interlock.engine.courses.verifying import Replayed

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
    report = _Report()
    if wanted.run:
        report.take(await (await interlock.open(wanted.run)).replay())
    else:
        chosen = interlock.selected(graph=wanted.graph, statuses=wanted.statuses, labels=wanted.labels)
        total = (await chosen.counted()).total()
        async for row in chosen.rows():
            progress("runs", report.runs, total)
            report.take(await (await interlock.open(row.run)).replay())
    progress("runs", report.runs, report.runs)
    return report.told()


class _Report:
    """What verifying runs comes to, one after the other."""

    def __init__(self) -> None:
        self.runs = 0
        self._verdicts: Counter[str] = Counter()
        self._faults: list[dict[str, Any]] = []

    def take(self, found: Replayed) -> None:
        """One more run."""
        self.runs += 1
        self._verdicts[found.verdict] += 1
        if found.verdict != "same" and len(self._faults) < FAULTS_TOLD_MAX:
            self._faults.append({"run": found.run, "verdict": found.verdict, "what": found.what, "seq": found.seq})

    def told(self) -> dict[str, Any]:
        """All of it, for programs."""
        verdicts = dict(self._verdicts)
        return {"runs": self.runs, "same": self._verdicts["same"], "verdicts": verdicts, "faults": self._faults}
