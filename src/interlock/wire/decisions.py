"""What was decided in a run, what led to what, which way through its graph was taken, and what models were asked."""

from __future__ import annotations

from typing import Any

from msgspec import UNSET, Struct, UnsetType

from interlock.wire.runs import Error
from interlock.wire.values import Value


class Option(Struct, frozen=True, kw_only=True):
    """One thing that could have been chosen, and what was known of it."""

    name: str
    score: Value = None
    note: str = ""


class Decision(Struct, frozen=True, kw_only=True):
    """What could have been chosen, what was, and why."""

    point: str
    """What kind of choice: `policy`, `model`, `gate`, `choice`, `fuse`, `edge`, `answer`, `verdict`, `remedy`, …"""
    chosen: str
    options: list[Option]
    why: str
    rule: str
    """Of a policy's verdict, the rules that said so."""
    digest: str
    """The digest of the policy they stand in; empty where it is the one that was told last."""


class RecordedDecision(Struct, frozen=True, kw_only=True):
    """A choice in a run, by the event that has it on record."""

    seq: int
    at: int
    event: str
    path: str
    """What it is about: a node, a step inside one (`fix.3`), or empty where it is about the run."""
    by: str
    """Who chose, where it was a person."""
    asked: str
    decision: Decision


class DecisionPage(Struct, frozen=True, kw_only=True):
    """Decisions in their order. With a `next` there may be more: give it as `cursor`."""

    run: str
    decisions: list[RecordedDecision]
    next: str | None = None


class Cause(Struct, frozen=True, kw_only=True):
    """One event in words, with the numbers of those it follows from."""

    seq: int
    at: int
    type: str
    path: str
    what: str
    by: str
    follows_from: list[int]
    decision: Decision | None


class CausePage(Struct, frozen=True, kw_only=True):
    """What led to what. With a `next` there are more: give it as `after`."""

    run: str
    path: str | None
    steps: list[Cause]
    next: int | None = None


class GraphNode(Struct, frozen=True, kw_only=True):
    """One node of a graph, with all its executions in a run."""

    path: str
    kind: str
    what: str
    """What it does, in a few words."""
    notes: list[str]
    holder: str
    """The path of the node that holds it; empty at the top."""
    statuses: dict[str, int]
    """How many executions have which status; nothing where none has begun."""


class GraphEdge(Struct, frozen=True, kw_only=True):
    """One edge between two nodes, by their paths."""

    source: str
    target: str
    label: str
    """On what it is taken; empty if that is the plain success of its source."""
    taken: int
    """How often it was."""


class RunGraph(Struct, frozen=True, kw_only=True):
    """The graph that a run is pinned to, with the way that was taken. Edges that a longer way implies are left out."""

    run: str
    graph: str
    graph_hash: str
    nodes: list[GraphNode]
    edges: list[GraphEdge]


class Amount(Struct, frozen=True, kw_only=True):
    """What is held for a call, or was spent by it."""

    usd: int
    tokens: int


class PromptedCall(Struct, frozen=True, kw_only=True):
    """A call of a model by an agent, with everything that was sent, to the letter."""

    path: str
    attempt: int
    turn: int
    agent: str
    model: str
    """The model that was chosen; empty where none could be."""
    tries: int
    digest: str
    """The digest of what was asked."""
    manifest: Value
    """What went into the context, what did not, and why."""
    decisions: list[Decision]
    at: int
    ended_at: int | None
    status: str
    reply: Value
    error: Error | UnsetType = UNSET
    held: Amount
    spent: Amount
    simulated: bool
    request: dict[str, Any] | None
    """Null where it cannot be made again from the record; then `why` says why."""
    why: str


class Prompts(Struct, frozen=True, kw_only=True):
    """The calls of models at a path."""

    run: str
    path: str
    calls: list[PromptedCall]
