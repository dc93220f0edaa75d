"""Jobs: when one counts as lost, how many are worked on at once, and what becomes of those that are stopped."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from interlock import Interlock
from interlock.audit.exporting import Progress
from interlock.embedded.jobs import Job, JobProgress, JobRefusedError, JobRunner, JobsFullError, VerifyJob, Wanted
from interlock.embedded.jobs.job import LOST_MICROS
from interlock.embedded.jobs.records import JobRecords
from interlock.embedded.jobs.runner import JOBS_MAX, Work
from interlock.wire.problems import Problem
from tests.store.event_loop import in_event_loop
from tests.store.places import MemoryPlace

ALL = VerifyJob()


def told(error: Exception) -> Problem:
    """What went wrong, as the server tells it."""
    return Problem(type="", title="", status=500, code="fault", detail=str(error), request="")


async def no_end(interlock: Interlock, wanted: Wanted, /, *, by: str, progress: Progress) -> dict[str, Any]:
    """Work that goes on for as long as nobody stops it."""
    progress(f"what {by} wants of {type(wanted).__name__}", 1, 2)
    await asyncio.Event().wait()
    return {}


def runner(work: Work | None = None) -> JobRunner:
    """Who works on jobs."""
    return JobRunner(problem=told, bytes_max=1_000, work=work)


@in_event_loop
async def test_a_job_of_which_nobody_says_a_word_is_lost() -> None:
    """Its process may be dead, or its machine: whoever waits must not wait for ever."""
    place = MemoryPlace()
    records = JobRecords(place.store().records, "local", now=place.setting.clock)
    job = await records.make(ALL, by="ada")

    place.setting.now += LOST_MICROS
    before = await records.get(job.id)
    place.setting.now += 1
    after = await records.get(job.id)

    assert (before.status, after.status, after.ended_at) == ("running", "lost", job.at)


@in_event_loop
async def test_an_attempt_that_was_thought_lost_does_not_end_the_next_one() -> None:
    """A process that slept for a minute wakes up and finds that somebody else has begun anew."""
    place = MemoryPlace()
    records = JobRecords(place.store().records, "local", now=place.setting.clock)
    asleep = await records.make(ALL, by="ada")
    await records.change(asleep.id, lambda now: type(now)(id=now.id, wanted=ALL, by="bob", at=now.at, attempt=2))

    await records.end(asleep, type(asleep)(id=asleep.id, wanted=ALL, by="ada", at=1, status="failed"))

    assert (await records.get(asleep.id)).status == "running"


@in_event_loop
async def test_a_tenant_has_only_so_many_at_once() -> None:
    """One tenant's verification of everything must not take the server from the others."""
    async with Interlock() as interlock:
        jobs = runner(no_end)
        at_once = (jobs.begin(interlock, ALL, by="ada") for _ in range(JOBS_MAX + 1))
        *begun, refused = await asyncio.gather(*at_once, return_exceptions=True)

        assert [type(each) for each in begun] == [Job] * JOBS_MAX
        assert isinstance(refused, JobsFullError)
        with pytest.raises(JobsFullError, match=f"{JOBS_MAX} jobs are under way"):
            await jobs.begin(interlock, ALL, by="ada")
        await jobs.close()
        assert len(await interlock.job_records.listed(limit=10)) == JOBS_MAX


@in_event_loop
async def test_one_that_is_stopped_is_cancelled_and_one_whose_server_stops_is_lost() -> None:
    """The one was meant to stop; the other is to be begun again by whoever wants its result."""
    async with Interlock() as interlock:
        jobs = runner(no_end)
        meant = await jobs.begin(interlock, ALL, by="ada")
        other = await jobs.begin(interlock, ALL, by="ada")

        stopped = await jobs.cancel(interlock, meant.id)
        await jobs.close()
        left = await jobs.get(interlock, other.id)

        assert (stopped.status, left.status) == ("cancelled", "lost")
        assert left.progress == JobProgress("what ada wants of VerifyJob", 1, 2)
        with pytest.raises(JobRefusedError, match="nothing to stop"):
            await jobs.cancel(interlock, other.id)


@in_event_loop
async def test_one_that_was_lost_is_begun_again_and_ends() -> None:
    """Under the same id, so that whoever was given it finds the result there."""
    async with Interlock() as interlock:
        before, jobs = runner(no_end), runner()
        begun = await before.begin(interlock, ALL, by="ada")
        await before.close()

        await jobs.begin_again(interlock, begun.id, by="bob")
        ended = await jobs.ended(interlock, begun.id, seconds=20)

        assert (ended.status, ended.attempt, ended.by) == ("succeeded", 2, "bob")
        assert ended.result == {"runs": 0, "same": 0, "verdicts": {}, "faults": []}
