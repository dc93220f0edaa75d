"""What the Multi-Agent Task Orchestration Platform answered, told of runs: a task is a run.

Instants are text in UTC here and money is in US dollars, as they were there.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

from msgspec import UNSET, Struct, UnsetType

from interlock.wire.problems import Problem
from interlock.wire.values import Value

PlatformStatus: TypeAlias = Literal["pending", "running", "done", "error"]

Change: TypeAlias = Literal["task_created", "task_updated", "task_completed"]


class PlatformSubtask(Struct, frozen=True, kw_only=True):
    """What one agent did in a task."""

    id: str
    parent_task_id: str
    agent_type: str
    iteration: int
    """In which round, counted from 1."""
    status: PlatformStatus
    input: Value
    output: Value
    error: str | None
    created_at: str
    updated_at: str
    input_tokens: int
    output_tokens: int
    total_cost: float


class PlatformTask(Struct, frozen=True, kw_only=True):
    """A task with what came of it. Large values are references."""

    id: str
    type: str
    """`workflow:NAME`, `agent:NAME`, `tool:NAME` or `analysis:NAME`."""
    status: PlatformStatus
    input: Value
    output: Value
    error: str | None
    error_code: str | UnsetType = UNSET
    created_at: str
    updated_at: str
    user_id_hash: str | None
    """What stands for the address of who asked: a keyed hash, another in each tenant."""
    tenant_id: str
    model_used: str | None
    """The models that answered; null where none was asked, as are the tokens and costs then."""
    input_tokens: int | None
    output_tokens: int | None
    total_cost: float | None
    generation_id: None = None
    """Never known here: a task asks models more than once."""
    simulated: bool
    """Whether anything of it was answered by a script in a model's place."""
    subtasks: list[PlatformSubtask] | UnsetType = UNSET
    """Where one task is asked for."""


class PlatformTaskChange(Struct, frozen=True, kw_only=True):
    """What happened to a task: sent over the WebSocket when it does."""

    event: Change
    task_id: str
    type: str
    status: PlatformStatus
    output: Value
    error: str | None
    updated_at: str
    timestamp: str
    total_cost: float | None
    model_used: str | None


class PlatformUserCosts(Struct, frozen=True, kw_only=True):
    """What the tasks of one person have cost, as far as they were counted."""

    user_id_hash: str
    total_tasks: int
    total_input_tokens: int
    total_output_tokens: int
    total_cost: float
    partial: bool
    """Whether there are more tasks than are counted at once."""


class PlatformCostSummary(Struct, frozen=True, kw_only=True):
    """What all tasks of the tenant have cost, as far as they were counted."""

    unique_users: int
    total_tasks: int
    total_cost: float
    avg_cost_per_task: float
    partial: bool


class PlatformRecentTask(Struct, frozen=True, kw_only=True):
    """A task in short."""

    id: str
    type: str
    status: PlatformStatus
    created_at: str


class PlatformUsage(Struct, frozen=True, kw_only=True):
    """What one person has used, with their newest tasks."""

    user_id_hash: str
    total_tasks: int
    total_cost: float
    total_input_tokens: int
    total_output_tokens: int
    partial: bool
    recent_tasks: list[PlatformRecentTask]


class PlatformAgent(Struct, frozen=True, kw_only=True):
    """An agent that tasks can name."""

    name: str
    type: str
    """The same as `name`."""
    description: str
    config: dict[str, Value]
    tools: list[str]


class PlatformAgents(Struct, frozen=True, kw_only=True):
    """Every agent."""

    agents: list[PlatformAgent]


class PlatformTool(Struct, frozen=True, kw_only=True):
    """A tool that tasks can name."""

    name: str
    description: str
    schema: Value
    """A JSON Schema of what it takes; null: nothing is said of it."""


class PlatformTools(Struct, frozen=True, kw_only=True):
    """Every tool that can be called."""

    tools: list[PlatformTool]


class PlatformWorkflow(Struct, frozen=True, kw_only=True):
    """A graph that tasks can name. What its steps are, `/v1/graphs/{name}` draws."""

    name: str
    description: str


class PlatformWorkflows(Struct, frozen=True, kw_only=True):
    """Every graph that is known by name."""

    workflows: list[PlatformWorkflow]


class PlatformProblem(Problem, frozen=True, kw_only=True):
    """Why a request was not done, with the code that its clients look for."""

    error_code: str | UnsetType = UNSET
    status_code: int
