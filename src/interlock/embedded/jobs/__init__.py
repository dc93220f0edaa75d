"""Long work on runs that somebody asks for and comes back to: exports, imports, verification of many."""

from __future__ import annotations

from interlock.embedded.jobs.errors import JobError, JobNotFoundError, JobRefusedError, JobsFullError
from interlock.embedded.jobs.job import ExportJob, ImportJob, Job, JobProgress, JobStatus, VerifyJob, Wanted
from interlock.embedded.jobs.runner import JobRunner

__all__ = [
    "ExportJob",
    "ImportJob",
    "Job",
    "JobError",
    "JobNotFoundError",
    "JobProgress",
    "JobRefusedError",
    "JobRunner",
    "JobStatus",
    "JobsFullError",
    "VerifyJob",
    "Wanted",
]
