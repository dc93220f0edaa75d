"""What a job is: what is wanted, how far it is, and what came of it. Pure.

A job is no run: it decides nothing and touches nothing outside the store. If the process dies that works on it, it is
`lost`, and can be begun again: what it did half is done as a whole then.
"""

from __future__ import annotations

from typing import Any, Final, Literal, TypeAlias

from msgspec import Struct

from interlock.wire.problems import Problem

JobKind: TypeAlias = Literal["export", "import", "verify"]
JobStatus: TypeAlias = Literal["running", "succeeded", "failed", "cancelled", "lost"]

LOST_MICROS: Final = 30 * 1_000_000
"""After so long without a word from who works on it, a job is lost."""


class ExportJob(Struct, frozen=True, kw_only=True, tag_field="job", tag="export"):
    """A run as one signed file, kept as an artifact."""

    run: str


class ImportJob(Struct, frozen=True, kw_only=True, tag_field="job", tag="import"):
    """A run's file that was uploaded as an artifact: verified, and its run kept."""

    artifact: str
    trust: tuple[str, ...] = ()
    """Fingerprints of keys, one of which has to have signed it."""


class VerifyJob(Struct, frozen=True, kw_only=True, tag_field="job", tag="verify"):
    """Runs decided anew from their records alone: one, or all that have something in common."""

    run: str = ""
    graph: str | None = None
    statuses: tuple[str, ...] = ()
    labels: dict[str, str] = {}


Wanted: TypeAlias = ExportJob | ImportJob | VerifyJob


class JobProgress(Struct, frozen=True):
    """What is being done, how much of it is done, and how much there is."""

    what: str = ""
    done: int = 0
    total: int = 0


class Job(Struct, frozen=True, kw_only=True):
    """A job as it is on record."""

    id: str
    wanted: Wanted
    by: str
    at: int
    status: JobStatus = "running"
    ended_at: int | None = None
    attempt: int = 1
    progress: JobProgress = JobProgress()
    result: dict[str, Any] | None = None
    problem: Problem | None = None
    cancel_asked: bool = False

    @property
    def kind(self) -> JobKind:
        """What is done."""
        match self.wanted:
            case ExportJob():
                return "export"
            case ImportJob():
                return "import"
            case VerifyJob():
                return "verify"

    @property
    def has_ended(self) -> bool:
        """Whether nobody works on it any more."""
        return self.status != "running"
