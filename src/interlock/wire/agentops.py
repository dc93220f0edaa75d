"""What AgentOps answered, told of runs: a task is a run, and an agent stands for its work in one run.

Instants are text in UTC here, as they were there; money is told nowhere.
"""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

from msgspec import UNSET, Struct, UnsetType

from interlock.wire.values import Value

AgentOpsStatus: TypeAlias = Literal["idle", "running", "paused", "completed", "failed", "awaiting_human"]
AgentOpsRole: TypeAlias = Literal["user", "assistant", "tool"]


class AgentOpsTask(Struct, frozen=True, kw_only=True):
    """A task that was given to an agent."""

    task_id: str
    """The run. It is found under its agent's id as well."""
    agent_id: str
    """The agent at work in this run, and in no other."""
    status: AgentOpsStatus
    message: str


class AgentOpsAgent(Struct, frozen=True, kw_only=True):
    """An agent: at work on a task or done with it, or, without a task, one that tasks can be given to."""

    id: str
    agent_id: str
    """The same as `id`."""
    name: str
    type: str
    role: str
    capabilities: list[str]
    status: AgentOpsStatus
    current_task: str | UnsetType = UNSET
    current_step: int | UnsetType = UNSET
    task_id: str | UnsetType = UNSET
    simulated: bool | UnsetType = UNSET
    """Whether anything of its work was answered by a script in a model's place."""


class AgentOpsAgents(Struct, frozen=True, kw_only=True):
    """Those that have tasks, the newest task first, and then all that tasks can be given to."""

    agents: list[AgentOpsAgent]


class AgentOpsAgentStatus(Struct, frozen=True, kw_only=True):
    """How an agent is on with its task, in short."""

    agent_id: str
    agent_type: str
    name: str
    status: AgentOpsStatus
    current_step: int
    max_steps: int
    task: str
    awaiting_human: bool
    pending_requests: int
    """How many questions to people are open."""
    errors: int
    tool_calls: int
    task_id: str | None
    simulated: bool


class AgentOpsContextItem(Struct, frozen=True, kw_only=True):
    """One thing that the agent was given besides its task."""

    value: Value
    priority: int
    """That of the section of the agent's context in which it stands."""
    added_at: str


class AgentOpsMessage(Struct, frozen=True, kw_only=True):
    """What was said: the task, an answer of the model with the calls it asked for, what came of a call."""

    role: AgentOpsRole
    content: Value
    step: int
    timestamp: str
    tool_calls: list[Any] | UnsetType = UNSET
    """The calls that the model asked for: `{id, name, arguments}`."""
    tool: str | UnsetType = UNSET


class AgentOpsCall(Struct, frozen=True, kw_only=True):
    """A tool that was called, or that the agent was not allowed to call."""

    name: str
    arguments: Value
    step: int
    status: str
    timestamp: str


class AgentOpsResult(Struct, frozen=True, kw_only=True):
    """What came of a call."""

    tool: str
    result: Value
    step: int
    timestamp: str


class AgentOpsError(Struct, frozen=True, kw_only=True):
    """Something that went wrong on the way."""

    type: str
    message: str
    step: int
    timestamp: str


class AgentOpsHumanRequest(Struct, frozen=True, kw_only=True):
    """A question to a person."""

    name: str
    question: str
    choices: list[str]
    open: bool
    step: int
    timestamp: str


class AgentOpsHumanResponse(Struct, frozen=True, kw_only=True):
    """What a person has said."""

    response: Value
    by: str
    timestamp: str


class AgentOpsState(Struct, frozen=True, kw_only=True):
    """All there is of an agent's work on a task. Large values are references."""

    agent_id: str
    agent_type: str
    status: AgentOpsStatus
    current_step: int
    max_steps: int
    context: dict[str, AgentOpsContextItem]
    conversation_history: list[AgentOpsMessage]
    tool_calls: list[AgentOpsCall]
    tool_results: list[AgentOpsResult]
    errors: list[AgentOpsError]
    error_summary: str | None
    """The last five errors, a line each."""
    human_requests: list[AgentOpsHumanRequest]
    human_responses: list[AgentOpsHumanResponse]
    created_at: str
    updated_at: str
    task_description: str
    task_id: str | None
    result: Value
    """What it handed in, once it has."""
    simulated: bool


class AgentOpsMoved(Struct, frozen=True, kw_only=True):
    """An agent was paused or resumed."""

    status: Literal["paused", "resumed"]
    agent_id: str


class AgentOpsResponseTaken(Struct, frozen=True, kw_only=True):
    """What a person said is on record and will reach the model."""

    status: Literal["response_received"] = "response_received"
    agent_id: str
    agent_status: AgentOpsStatus


class AgentOpsUpdate(Struct, frozen=True, kw_only=True):
    """All agents as they are now: sent over the WebSocket when anything has changed."""

    type: Literal["status_update"] = "status_update"
    agents: list[AgentOpsAgent]
    timestamp: str
