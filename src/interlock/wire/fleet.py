"""Who works on a store, and what waits for them."""

from __future__ import annotations

from typing import Literal

from msgspec import UNSET, Struct, UnsetType


class Worker(Struct, frozen=True, kw_only=True):
    """A worker as it has said of itself last."""

    worker: str
    state: Literal["working", "draining", "gone"]
    host: str | UnsetType = UNSET
    """Where it runs and how much it has to do is told to whoever may look at the platform."""
    pid: int | UnsetType = UNSET
    pools: list[str]
    tags: list[str]
    driving: int | UnsetType = UNSET
    """How many runs it drives, of all tenants."""
    performing: int | UnsetType = UNSET
    """How many calls it performs for runs that are driven elsewhere."""
    concurrency: int | None
    tools: int
    started_at: int
    seen_at: int


class Workers(Struct, frozen=True, kw_only=True):
    """Every worker that has said of itself that it lives, the one that was started last first."""

    workers: list[Worker]


class WaitingRuns(Struct, frozen=True, kw_only=True):
    """Runs of a graph that wait for somebody to drive them."""

    tenant: str
    graph: str
    waiting: int
    oldest_seconds: float


class WaitingCalls(Struct, frozen=True, kw_only=True):
    """Calls of a tool that wait for a worker of their pool."""

    pool: str
    """Empty: that of the tool itself."""
    tool: str
    waiting: int
    oldest_seconds: float | None
    performing: int


class Queue(Struct, frozen=True, kw_only=True):
    """What waits, what has waited longest first."""

    runs: list[WaitingRuns]
    calls: list[WaitingCalls]
    runs_waiting: int
    """How many there are in all: only so many graphs and tools are listed."""
    calls_waiting: int
