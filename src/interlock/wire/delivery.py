"""What the Agentic Delivery OS answered, told of runs: a query in, quality and cost out.

Instants are text in UTC here, money is in US dollars and times are in milliseconds, as they were there.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

from msgspec import Struct

from interlock.wire.values import Value

DeliveryState: TypeAlias = Literal["IDLE", "SPEC_READY", "RUNNING", "PAUSED", "COMPLETED", "FAILED"]
DeliveryMode: TypeAlias = Literal["NORMAL", "DEGRADED", "MINIMAL"]


class DeliveryResult(Struct, frozen=True, kw_only=True):
    """What came of a query, as far as it has come."""

    run_id: str
    session_id: str | None
    task_type: str
    """The graph that it was given to."""
    state: DeliveryState
    mode: DeliveryMode
    query: Value
    answer: Value
    quality_score: float | None
    """What the evaluation found, from 0 to 1; null where it could not tell, or has not been asked yet."""
    passed: bool | None
    cost: float
    latency: int
    success: bool | None
    """Null until it is over."""
    error: str | None
    simulated: bool
    """Whether anything of it was answered by a script in a model's place: nothing was judged then."""


class DeliveryStep(Struct, frozen=True, kw_only=True):
    """A step of the plan, and what came of it."""

    node: str
    kind: str
    agent: str | None
    status: Literal["pending", "running", "waiting", "success", "error", "skipped"]
    models: list[str]
    tools: list[str]
    cost_impact: float
    latency_ms: int | None
    evidence: Value
    """What it gave."""
    error: str | None
    why: str
    """The choice that was made at it, where one was."""


class DeliveryRun(Struct, frozen=True, kw_only=True):
    """A run with the chain that led to its result: goal, plan, agents, tools, evidence."""

    result: DeliveryResult
    goal: Value
    plan: list[str]
    """The nodes of the graph, in their order."""
    steps: list[DeliveryStep]


class DeliveryRunRow(Struct, frozen=True, kw_only=True):
    """A run in a list."""

    run_id: str
    session_id: str | None
    task_type: str
    state: DeliveryState
    created_at: str


class DeliveryRuns(Struct, frozen=True, kw_only=True):
    """Runs, the newest first."""

    runs: list[DeliveryRunRow]


class DeliverySession(Struct, frozen=True, kw_only=True):
    """A session: its agents share a memory."""

    session_id: str
    runs: list[DeliveryRunRow]


class DeliveryFile(Struct, frozen=True, kw_only=True):
    """A file that a run has made."""

    path: str
    bytes: int
    sha256: str
    url: str


class DeliveryFiles(Struct, frozen=True, kw_only=True):
    """The files of a run."""

    run_id: str
    artifacts: list[DeliveryFile]
    complete: bool
    """Whether these are all."""


class DeliveryTool(Struct, frozen=True, kw_only=True):
    """A tool that agents can be given."""

    id: str
    description: str
    has_side_effects: bool
    risk_tier: str
    external_api: bool


class DeliveryTools(Struct, frozen=True, kw_only=True):
    """Every tool that can be called."""

    tools: list[DeliveryTool]


class DeliveryReplay(Struct, frozen=True, kw_only=True):
    """What deciding a run anew from its record came to. Nothing was called for it."""

    run_id: str
    verdict: str
    """`same`, or what does not hold."""
    what: str
    events: int


class DeliveryTask(Struct, frozen=True, kw_only=True):
    """A task as it stands."""

    task_id: str
    state: DeliveryState
    mode: DeliveryMode
    asks: list[str]
    """What a person is asked while it is paused."""


class DeliveryTraceSummary(Struct, frozen=True, kw_only=True):
    """A task in numbers."""

    task_id: str
    state: DeliveryState
    steps: int
    steps_failed: int
    agents: list[str]
    tools: list[str]
    models: list[str]
    cost: float
    latency_ms: int
    simulated: bool


class DeliveryForecast(Struct, frozen=True, kw_only=True):
    """What a query is likely to cost, by what those before it have cost; null where there was none."""

    based_on: int
    low: float | None
    likely: float | None
    high: float | None


class DeliveryCharge(Struct, frozen=True, kw_only=True):
    """One call of a task, and what it cost."""

    task_id: str
    node: str
    kind: str
    name: str
    agent: str
    at: str
    cost: float
    tokens: int
    simulated: bool


class DeliveryComparison(Struct, frozen=True, kw_only=True):
    """What two tasks have cost, and what the second cost more."""

    first: str
    second: str
    first_cost: float
    second_cost: float
    more: float
    first_tokens: int
    second_tokens: int
