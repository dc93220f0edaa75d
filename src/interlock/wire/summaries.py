"""A run in short: how many of what, and one line for each node of its graph."""

from __future__ import annotations

from msgspec import UNSET, Struct, UnsetType

from interlock.wire.costs import Costs
from interlock.wire.runs import Actions, Error, RunStatus


class NodeSummary(Struct, frozen=True, kw_only=True):
    """A node of the graph with all that was executed of it: every item, round and attempt."""

    node: str
    """Its path in the graph: that of its executions, without the numbers of items and rounds."""
    kind: str
    statuses: dict[str, int]
    """How many executions have which status."""
    attempts: int
    started_at: int | None
    ended_at: int | None
    """When the last of them ended; null while one lives."""
    busy: int
    """For how many microseconds they have lived, together."""
    costs: Costs
    """What its calls that are over have cost, with all that agents let others do in it."""
    error: Error | UnsetType = UNSET
    """Why the last one failed."""
    waiting: int
    """How many things its executions wait for."""


class RunSummary(Struct, frozen=True, kw_only=True):
    """What a page shows first: is it fine, where is it, what does it wait for, what has it cost."""

    run: str
    graph: str
    status: RunStatus
    seq: int
    mode: str
    started_at: int
    ended_at: int | None
    at: int
    """When the last event of it happened."""
    progress: dict[str, int]
    """How many nodes that hold no others have which status."""
    nodes: list[NodeSummary]
    waiting: int
    """How many things it waits for that people can end."""
    costs: Costs
    error: Error | UnsetType = UNSET
    simulated: bool = False
    """Whether anything in it was answered by a scripted model or a cassette."""
    actions: Actions | UnsetType = UNSET
