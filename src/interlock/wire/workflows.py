"""What the Orchestration Builder answered, told of runs of workflows. Instants are text in UTC here.

The correlation id is the run: there it was the workflow, so that all runs of one were mixed up.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

from msgspec import Struct

from interlock.wire.values import Value

WorkflowStatus: TypeAlias = Literal["running", "waiting", "paused", "completed", "failed"]


class CompiledWorkflow(Struct, frozen=True, kw_only=True):
    """A workflow that can be started by its id."""

    workflow_id: str
    version: int
    hash: str
    """What it means: two workflows with one hash are the same."""
    nodes: list[str]
    warnings: list[str]


class WorkflowWait(Struct, frozen=True, kw_only=True):
    """A person who is waited for."""

    node_id: str
    approval_key: str | None
    question: str


class WorkflowRun(Struct, frozen=True, kw_only=True):
    """A run of a workflow as it stands. Large values are references."""

    run_id: str
    correlation_id: str
    """The run."""
    workflow_id: str
    status: WorkflowStatus
    outputs: Value
    error: str | None
    waiting_for: list[WorkflowWait]
    seq: int
    """The number of its last event."""
    simulated: bool


class WorkflowEvent(Struct, frozen=True, kw_only=True):
    """Something that happened in a run."""

    id: str
    type: str
    payload: dict[str, Value]
    ts: str
    correlation_id: str
    causation_id: str | None
    """The event that it follows from."""
    idempotency_key: str
    """The same however often it is told."""


class WorkflowEvents(Struct, frozen=True, kw_only=True):
    """Everything that happened so far, in its order."""

    run_id: str
    events: list[WorkflowEvent]


class WorkflowSnapshot(Struct, frozen=True, kw_only=True):
    """A moment of a run to which it can be looked back."""

    snapshot_id: str
    seq: int
    ts: str
    after: str
    """What had just happened."""
    node_id: str | None


class WorkflowSnapshots(Struct, frozen=True, kw_only=True):
    """The moments of a run, in their order."""

    run_id: str
    snapshots: list[WorkflowSnapshot]


class WorkflowState(Struct, frozen=True, kw_only=True):
    """A run as it was at a moment."""

    snapshot_id: str
    run_id: str
    workflow_id: str
    seq: int
    status: WorkflowStatus
    context: dict[str, Value]
    """What it was given as `inputs`, and what each node had given by then."""
    record_holds: bool | None
    """Whether deciding the run anew from its record comes to the same; null where that was not asked."""


class WorkflowDecisionRecord(Struct, frozen=True, kw_only=True):
    """What was decided and done at one node, for an auditor. One of a denial is kept as well."""

    correlation_id: str
    workflow_id: str
    workflow_hash: str
    node_id: str
    node_name: str
    node_kind: str
    allowed: bool
    reason: str
    policies_applied: list[str]
    """The rules by which it was allowed or denied."""
    input_snapshot: Value
    output_snapshot: Value
    model_info: list[str]
    tool_calls: list[str]
    cost: float
    """In US dollars."""
    latency_ms: int | None
    timestamp: str
    by: str
    """The person who decided, where one did."""
    simulated: bool
