"""The jobs of a tenant as they are on record: the newest first, and only so many of them."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Final

import msgspec
from msgspec.structs import replace

from interlock.embedded.jobs.errors import JobNotFoundError
from interlock.embedded.jobs.job import LOST_MICROS, Job, Wanted
from interlock.store.errors import RecordChangedError
from interlock.store.records import Record, Records

JOB: Final = "job"
KEPT_MAX: Final = 200
"""How many jobs are kept on record: beyond that the oldest go that have ended."""
_NEWEST_FIRST: Final = 2**63
_TRIES_MAX: Final = 20
"""How often a change is tried while others change the same job."""


class JobRecords:
    """The jobs of a tenant."""

    def __init__(self, records: Records, tenant: str, *, now: Callable[[], int]) -> None:
        self._records = records
        self._now = now
        self.tenant = tenant

    async def make(self, wanted: Wanted, *, by: str) -> Job:
        """Put a new job on record. Ids sort so that a list by them begins with the newest."""
        at = self._now()
        job = Job(id=f"{_NEWEST_FIRST - at:016x}{secrets.token_hex(8)}", wanted=wanted, by=by, at=at)
        await self._records.put(self.tenant, JOB, job.id, msgspec.json.encode(job), expected=0)
        await self._forget_old()
        return job

    async def get(self, id: str) -> Job:
        """A job as it stands. Raises `JobNotFoundError`."""
        return self._shown(await self._find(id))

    async def listed(self, *, after: str = "", limit: int) -> list[Job]:
        """Jobs, the newest first; `after` is the last one of the page before."""
        records = await self._records.listed(self.tenant, JOB, after=after, limit=limit)
        return [self._shown(record) for record in records]

    async def change(self, id: str, changed: Callable[[Job], Job]) -> Job:
        """Put on record what a job is from now on, made of what it is. Raises `JobNotFoundError`."""
        for _ in range(_TRIES_MAX):
            record = await self._find(id)
            job = changed(self._shown(record))
            try:
                await self._records.put(self.tenant, JOB, id, msgspec.json.encode(job), expected=record.version)
            except RecordChangedError:
                continue
            return job
        record = await self._find(id)
        raise RecordChangedError(JOB, id, expected=record.version - 1, actual=record.version)

    async def end(self, job: Job, ended: Job) -> None:
        """Put on record how an attempt ended, unless another one was begun since."""
        at = self._now()
        await self.change(job.id, lambda now: now if now.attempt != job.attempt else replace(ended, ended_at=at))

    async def _find(self, id: str) -> Record:
        record = await self._records.find(self.tenant, JOB, id)
        if record is None:
            raise JobNotFoundError(id)
        return record

    def _shown(self, record: Record) -> Job:
        """One that nobody has said a word of for long enough is lost, whatever it says of itself."""
        job = msgspec.json.decode(record.data, type=Job)
        is_lost = job.status == "running" and record.at < self._now() - LOST_MICROS
        return replace(job, status="lost", ended_at=record.at) if is_lost else job

    async def _forget_old(self) -> None:
        for job in (await self.listed(limit=2 * KEPT_MAX))[KEPT_MAX:]:
            if job.has_ended:
                await self._records.drop(self.tenant, JOB, job.id)
