"""Jobs: long work that is asked for and looked at again; and runs carried as files."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

from msgspec import UNSET, Struct, UnsetType

from interlock.wire.problems import Problem
from interlock.wire.runs import Actions

JobStatus: TypeAlias = Literal["running", "succeeded", "failed", "cancelled", "lost"]
JobKind: TypeAlias = Literal["export", "import", "verify"]


class JobProgress(Struct, frozen=True, kw_only=True):
    """How far a job is."""

    what: str
    """What is being done just now."""
    done: int
    total: int


class Job(Struct, frozen=True, kw_only=True):
    """A job. One that is `lost` had a process that died, and can be begun again."""

    id: str
    job: JobKind
    given: dict[str, Any]
    """What it was asked to do it with."""
    status: JobStatus
    by: str
    at: int
    ended_at: int | None
    attempt: int
    progress: JobProgress
    result: dict[str, Any] | UnsetType = UNSET
    """Of one that has succeeded: of an export the artifact that holds the file, of a verification its report, …"""
    problem: Problem | UnsetType = UNSET
    """Why it has failed."""
    actions: Actions


class JobPage(Struct, frozen=True, kw_only=True):
    """Jobs, the newest first. With a `next` there may be more: give it as `cursor`."""

    jobs: list[Job]
    next: str | None = None


class RunFileFound(Struct, frozen=True, kw_only=True):
    """What the file of a run holds, all of it as it was signed."""

    run: str
    tenant: str
    """Whose it was where it ran."""
    graph: str
    status: str
    events: int
    erased: int
    """How many of the events say nothing any more: none, or all."""
    blobs: int
    """How many large values are in it."""
    head: str
    """The hash of its last event."""
    signers: list[str]
    """The fingerprints of the keys that have signed it."""
    trusted: list[str]
    """Those of them that were named as trusted."""
    kept: bool
    events_added: int | UnsetType = UNSET
    """How many events were kept now; 0 if all of them were there."""


class Signer(Struct, frozen=True, kw_only=True):
    """The key with which this installation signs what it exports."""

    algorithm: str
    fingerprint: str
    public_key: str
    """In PEM."""
