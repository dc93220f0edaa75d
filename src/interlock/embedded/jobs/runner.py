"""Who works on jobs: so many at once for a tenant, each with a word on record every few seconds that it goes on.

One that has stopped giving that word is lost, whatever became of its process. Another process may be asked about a job,
and may ask it to stop: that reaches whoever works on it with its next word.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Coroutine, Generator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Protocol

from msgspec.structs import replace

from interlock.audit.exporting import Progress
from interlock.embedded.jobs.errors import JobNotFoundError, JobRefusedError, JobsFullError
from interlock.embedded.jobs.job import Job, JobProgress, Wanted
from interlock.embedded.jobs.kinds import perform
from interlock.wire.problems import Problem

if TYPE_CHECKING:
    from interlock.embedded.interlock import Interlock

JOBS_MAX: Final = 2
"""How many jobs of a tenant one process works on at once."""
WORD_SECONDS: Final = 5.0
LOOK_SECONDS: Final = 0.5
"""How often it is looked for the end of a job that another process works on."""

log = logging.getLogger(__name__)


class Work(Protocol):
    """What does the work of a job."""

    def __call__(
        self, interlock: Interlock, wanted: Wanted, /, *, by: str, progress: Progress
    ) -> Coroutine[Any, Any, dict[str, Any]]:
        """Do what is wanted, telling how far it is, and give what comes of it."""
        ...


class JobRunner:
    """The jobs that one process works on, for all tenants."""

    def __init__(self, *, problem: Callable[[Exception], Problem], bytes_max: int, work: Work | None = None) -> None:
        """`problem` says what went wrong to people and programs; a file that is made has `bytes_max` at most.

        `work` is what is done in the place of what a job names.
        """
        self._problem = problem
        self._work: Work = work or partial(perform, bytes_max=bytes_max)
        self._at_work: dict[tuple[str, str], _AtWork] = {}
        self._beginning: Counter[str] = Counter()

    async def begin(self, interlock: Interlock, wanted: Wanted, *, by: str) -> Job:
        """Put a job on record and work on it. Raises `JobsFullError`."""
        records = interlock.job_records
        with self._room(records.tenant):
            job = await records.make(wanted, by=by)
            self._work_on(interlock, job)
        return job

    async def begin_again(self, interlock: Interlock, id: str, *, by: str) -> Job:
        """Begin a job anew that came to nothing. Raises `JobRefusedError` if it goes on, or has succeeded."""
        records = interlock.job_records
        with self._room(records.tenant):
            job = await records.change(id, lambda now: _once_more(now, by=by))
            self._work_on(interlock, job)
        return job

    async def get(self, interlock: Interlock, id: str) -> Job:
        """A job as it stands; one that is worked on here, as it is at this moment. Raises `JobNotFoundError`."""
        records = interlock.job_records
        job = await records.get(id)
        at_work = self._at_work.get((records.tenant, id))
        return job if at_work is None or job.has_ended else replace(job, progress=at_work.progress)

    async def ended(self, interlock: Interlock, id: str, *, seconds: float) -> Job:
        """A job once it has ended, or as it stands so much later."""
        until = asyncio.get_running_loop().time() + seconds
        while not (job := await self.get(interlock, id)).has_ended:
            left = until - asyncio.get_running_loop().time()
            if left <= 0:
                break
            at_work = self._at_work.get((interlock.job_records.tenant, id))
            if at_work is None:  # elsewhere: the store is all that tells of it
                await asyncio.sleep(min(left, LOOK_SECONDS))
            else:
                await at_work.over(left)
        return job

    async def cancel(self, interlock: Interlock, id: str) -> Job:
        """Ask whoever works on a job to stop. Raises `JobRefusedError` if nobody does."""
        records = interlock.job_records
        job = await records.change(id, _asked_to_stop)
        at_work = self._at_work.get((records.tenant, id))
        if at_work is not None:
            await at_work.stop()
            return await records.get(id)
        return job

    async def close(self) -> None:
        """Stop working. What was not done is lost, and can be begun again."""
        await asyncio.gather(*(each.stop() for each in list(self._at_work.values())))

    @contextmanager
    def _room(self, tenant: str) -> Generator[None]:
        """Room for one more job, also while it is being put on record; raises where there is none."""
        if sum(of == tenant for of, _ in self._at_work) + self._beginning[tenant] >= JOBS_MAX:
            raise JobsFullError(JOBS_MAX)
        self._beginning[tenant] += 1
        try:
            yield
        finally:
            self._beginning[tenant] -= 1

    def _work_on(self, interlock: Interlock, job: Job) -> None:
        place = (interlock.job_records.tenant, job.id)
        at_work = _AtWork(interlock, job, work=self._work, problem=self._problem)
        self._at_work[place] = at_work
        at_work.on_end(lambda: self._forget(place, at_work))

    def _forget(self, place: tuple[str, str], at_work: _AtWork) -> None:
        if self._at_work.get(place) is at_work:  # or another attempt has been begun since
            del self._at_work[place]


class _AtWork:
    """One attempt at a job."""

    def __init__(
        self,
        interlock: Interlock,
        job: Job,
        *,
        work: Work,
        problem: Callable[[Exception], Problem],
    ) -> None:
        self._records = interlock.job_records
        self._job = job
        self._problem = problem
        self.progress = JobProgress()
        self._working = asyncio.ensure_future(work(interlock, job.wanted, by=job.by, progress=self._tell))
        self._whole = asyncio.ensure_future(self._see_through(self._working))
        self._whole.add_done_callback(lambda whole: _tell_failure(whole, job))

    def on_end(self, call: Callable[[], object]) -> None:
        """Call that once it is over."""
        self._whole.add_done_callback(lambda _: call())

    async def over(self, seconds: float) -> None:
        """Wait until it is over and that is on record, for so long at most."""
        await asyncio.wait([self._whole], timeout=seconds)

    async def stop(self) -> None:
        """Stop, and wait until that is on record."""
        self._working.cancel()
        await asyncio.wait([self._whole])

    def _tell(self, what: str, done: int, total: int) -> None:
        self.progress = JobProgress(what, done, total)

    async def _see_through(self, working: asyncio.Task[dict[str, Any]]) -> None:
        try:
            while not working.done():
                await asyncio.wait([working], timeout=WORD_SECONDS)
                if not working.done() and not await self._goes_on():
                    working.cancel()
        finally:
            working.cancel()
        await asyncio.wait([working])
        ended = await self._ended(working)
        await self._records.end(self._job, ended)

    async def _goes_on(self) -> bool:
        """Say that it is worked on, and hear whether it still should be."""
        try:
            now = await self._records.change(self._job.id, self._with_word)
        except JobNotFoundError:
            return False
        return now.attempt == self._job.attempt and not now.cancel_asked

    def _with_word(self, now: Job) -> Job:
        if now.attempt != self._job.attempt:
            return now
        return replace(now, status="running", ended_at=None, progress=self.progress)

    async def _ended(self, working: asyncio.Task[dict[str, Any]]) -> Job:
        now = replace(await self._records.get(self._job.id), progress=self.progress)
        if working.cancelled():
            return replace(now, status="cancelled" if now.cancel_asked else "lost")
        error = working.exception()
        if error is None:
            return replace(now, status="succeeded", result=working.result())
        if not isinstance(error, Exception):
            raise error
        return replace(now, status="failed", problem=self._problem(error))


def _tell_failure(whole: asyncio.Task[None], job: Job) -> None:
    """That how it ended could not be put on record: whoever looks finds it lost."""
    error = None if whole.cancelled() else whole.exception()
    if error is not None:
        log.error("job_not_recorded job=%s", job.id, exc_info=error)


def _once_more(now: Job, *, by: str) -> Job:
    if now.status in {"running", "succeeded"}:
        stands = "is under way" if now.status == "running" else "has succeeded"
        raise JobRefusedError(f"job {now.id} {stands}: only one that came to nothing is begun again")
    return Job(id=now.id, wanted=now.wanted, by=by or now.by, at=now.at, attempt=now.attempt + 1)


def _asked_to_stop(now: Job) -> Job:
    if now.has_ended:
        raise JobRefusedError(f"job {now.id} is {now.status}: there is nothing to stop")
    return replace(now, cancel_asked=True)
