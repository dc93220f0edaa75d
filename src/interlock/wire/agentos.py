"""What AgentOS answered, told of runs: a run is a run there too, its nodes are steps.

Instants are text in UTC here, as they were there.
"""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

from msgspec import UNSET, Struct, UnsetType, field

from interlock.wire.values import Value

AgentOsStatus: TypeAlias = Literal["pending", "running", "succeeded", "failed"]


class AgentOsStarted(Struct, frozen=True, kw_only=True):
    """A run that is on record."""

    ok: Literal[True] = True
    run_id: str
    status: AgentOsStatus


class AgentOsReplayed(Struct, frozen=True, kw_only=True):
    """A run that takes the same course again from one step on."""

    ok: Literal[True] = True
    new_run_id: str
    parent_run: str


class AgentOsRun(Struct, frozen=True, kw_only=True):
    """A run as it stands. Large values are references."""

    id: str
    run_id: str
    """The same as `id`."""
    graph: str
    inputs: Value
    status: AgentOsStatus
    created_at: str
    parent_run: str | None
    outputs: Value
    error: str | None
    waiting_for: list[str]
    """Steps that wait for people, for whom there was no status: the run counts as running."""
    simulated: bool
    """Whether anything of it was answered by a script in a model's place."""


class AgentOsEvent(Struct, frozen=True, kw_only=True):
    """Something that happened at a step; of the run as a whole, the step is empty."""

    run_id: str
    seq: int
    """The number of the event of ours that says so: `/v1/runs/{run}/events` has all of it."""
    step: str
    type: str
    ts: str
    data: dict[str, Value]


class AgentOsEvents(Struct, frozen=True, kw_only=True):
    """Everything that happened so far, in its order."""

    run_id: str
    events: list[AgentOsEvent]


class AgentOsRegistered(Struct, frozen=True, kw_only=True):
    """Something that is in force under its name from now on."""

    ok: Literal[True] = True
    name: str
    version: int | UnsetType = UNSET
    """Of a graph: which version it became, or is already."""


class AgentOsAgent(Struct, frozen=True, kw_only=True):
    """A node of a graph. `kind` says what it is where it is no agent: `tool`, `gate`, `fuse`."""

    name: str
    kind: str
    description: str


class AgentOsEdge(Struct, frozen=True, kw_only=True):
    """From which node to which, and on which types of events."""

    from_: str = field(name="from")
    to: str
    on: list[str]
    join: str


class AgentOsGraph(Struct, frozen=True, kw_only=True):
    """A graph that is known by name."""

    name: str
    description: str
    version: int | None
    """Which version is in force; null of one that was never registered, as those that come along."""
    agents: list[AgentOsAgent]
    dag: list[AgentOsEdge]
    document: dict[str, Any] | None
    """What was registered, as it was written; null where that was another way."""


class AgentOsPolicy(Struct, frozen=True, kw_only=True):
    """A policy in force. Of one that stands in a file, its rules are told by `interlock policy show`."""

    name: str
    max_cost_usd: float | None
    block_patterns: list[str]
    source: Literal["file", "registered"]
    registered_by: str | UnsetType = UNSET
    registered_at: str | UnsetType = UNSET


class AgentOsPolicies(Struct, frozen=True, kw_only=True):
    """The policies in force, by name."""

    policies: list[AgentOsPolicy]


class AgentOsHolds(Struct, frozen=True, kw_only=True):
    """What was asked for is so already. Nothing was changed by the request."""

    ok: Literal[True] = True
    name: str
    in_force: dict[str, Value]
    """Of a context profile: how many tokens each agent is told at most. Of a pool: the models of each."""
