"""What cannot be asked of jobs, as one small tree.

JobError
├── JobNotFoundError     there is no such job
├── JobRefusedError      it cannot be asked of the job as it stands
└── JobsFullError        enough is under way for the tenant
"""

from __future__ import annotations

from interlock.core.errors import InterlockError


class JobError(InterlockError):
    """Something about a job that cannot be; the message says what to do next."""


class JobNotFoundError(JobError):
    """There is no such job, or it is another tenant's, which is not told apart."""

    def __init__(self, job: str) -> None:
        super().__init__(f"there is no job {job[:_SHOWN_MAX]!r}: only the newest are kept")
        self.job = job


class JobRefusedError(JobError):
    """It cannot be asked of the job as it stands."""


class JobsFullError(JobError):
    """Enough is under way for the tenant."""

    def __init__(self, jobs_max: int) -> None:
        super().__init__(f"{jobs_max} jobs are under way: wait for one of them, or cancel it")
        self.jobs_max = jobs_max


_SHOWN_MAX = 60
