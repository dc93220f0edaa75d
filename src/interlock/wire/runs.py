"""Runs: as lists show them, and one as a whole with its nodes, its agents and what it waits for."""

from __future__ import annotations

from typing import Literal, TypeAlias

from msgspec import UNSET, Struct, UnsetType

from interlock.wire.costs import Costs
from interlock.wire.values import Value

RunStatus: TypeAlias = Literal[
    "pending", "running", "waiting", "paused", "compensating", "succeeded", "failed", "cancelled", "rolled_back"
]
NodeStatus: TypeAlias = Literal["pending", "running", "waiting", "succeeded", "failed", "skipped", "cancelled"]
Start: TypeAlias = Literal["start", "retry", "rollback", "fork"]
WaitReason: TypeAlias = Literal[
    "person", "hold", "failure", "reconcile", "approval", "budget", "time", "event", "retry"
]


class Action(Struct, frozen=True):
    """Something that can be done with an object, or why it cannot be done now."""

    allowed: bool
    reason: str = ""


Actions: TypeAlias = dict[str, Action]


class RunRow(Struct, frozen=True, kw_only=True):
    """A run as lists show it."""

    run: str
    graph: str
    status: RunStatus
    started_at: int
    ended_at: int | None
    waiting: int
    """How many of its questions are open."""
    kind: Start
    parent: str
    """The run that it goes on from; empty if it began by itself."""
    labels: dict[str, str]
    priority: int
    key: str
    error: str
    seq: int
    """The number of its last event."""
    imported_from: str = ""
    """Of a run that was imported: whose it was where it ran. Nobody drives it here."""


class RunPage(Struct, frozen=True, kw_only=True):
    """Runs, the newest first. With a `next` there may be more: give it as `cursor`."""

    runs: list[RunRow]
    next: str | None = None


class Error(Struct, frozen=True, kw_only=True):
    """Why something failed."""

    kind: str
    message: str
    path: str | UnsetType = UNSET


class Wait(Struct, frozen=True, kw_only=True):
    """One thing that is waited for. `path` is where a person's word is sent."""

    path: str
    reason: WaitReason
    since: int
    due: int | None = None
    question: str | UnsetType = UNSET
    choices: list[str] | UnsetType = UNSET
    form: Value | UnsetType = UNSET
    event: str | UnsetType = UNSET
    match: Value | UnsetType = UNSET
    effect: str | UnsetType = UNSET
    """The effect of which nobody knows what became."""
    tool: str | UnsetType | None = UNSET
    input: Value | UnsetType = UNSET
    error: str | UnsetType = UNSET


class Copies(Struct, frozen=True, kw_only=True):
    """How far a node that holds others is: items of an `each`, rounds of a `loop`."""

    total: int
    begun: int
    ended: int
    failed: int


class Node(Struct, frozen=True, kw_only=True):
    """One execution of a node."""

    status: NodeStatus
    attempts: int
    kind: str
    error: Error | UnsetType = UNSET
    output: Value | UnsetType = UNSET
    """Once it has ended without an error."""
    started_at: int | UnsetType = UNSET
    ended_at: int | UnsetType = UNSET
    copies: Copies | UnsetType = UNSET


class AgentStep(Struct, frozen=True, kw_only=True):
    """One step of an agent: a call, a question, or a call that was refused before it was made."""

    path: str
    turn: int
    kind: str
    name: str
    status: str
    verdict: str = ""
    rule: str = ""
    answer: str = ""
    error: Value = None
    spent: Value = None
    tries: int = 1
    simulated: bool = False


class AgentAtWork(Struct, frozen=True, kw_only=True):
    """What an agent has done, and what that has cost with everything that it let others do."""

    agent: str
    turns: int
    costs: Costs
    steps: list[AgentStep]


class Run(Struct, frozen=True, kw_only=True):
    """A run with its outputs, its nodes and agents by path, and what it waits for."""

    run: str
    graph: str
    version: str | UnsetType = UNSET
    """Which release it is pinned to; absent where its graph was never released."""
    status: RunStatus
    seq: int
    mode: str
    """`normal`, `degraded` or `minimal`."""
    kind: Start
    parent: str
    key: str
    labels: dict[str, str]
    started_by: str
    started_at: int
    ended_at: int | None
    graph_hash: str
    bundle: str
    inputs: Value
    outputs: Value
    nodes: dict[str, Node]
    flags: list[str]
    """What it is about to do: `cancelling`, `failing`, `rolling back`, `finishing`."""
    error: Error | UnsetType = UNSET
    waiting: list[Wait] | UnsetType = UNSET
    costs: Costs | UnsetType = UNSET
    agents: dict[str, AgentAtWork] | UnsetType = UNSET
    actions: Actions | UnsetType = UNSET
    """What can be done with it now; only where a server knows who asks."""
