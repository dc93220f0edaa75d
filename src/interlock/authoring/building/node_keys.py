"""The keys that each kind of node takes in Python, with the types that an editor checks and completes.

They are those of the graph language (`core/graph.py`, where each is described), and mean the same. What is one in YAML
and no name in Python is an argument of its own: `of` for `from`, `as_` for `as`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, Required, TypeAlias, TypedDict

from interlock.authoring.building.expressions import Condition, Expression, Whole
from interlock.authoring.building.references import Edge, Node

Value: TypeAlias = "Expression | Whole | str | int | float | Sequence[Value] | Mapping[str, Value] | None"
"""What a document holds: JSON data in which references may stand, and texts in which `${…}` may stand."""

Text: TypeAlias = Expression | str
Named: TypeAlias = Node | str
"""A node, by its handle or by its name."""


class EdgeKeys(TypedDict, total=False):
    """When an edge of `after` fires."""

    on: str | Sequence[str]
    when: Condition


After: TypeAlias = Named | Edge | Sequence[Named | Edge] | Mapping[str, EdgeKeys]


class Quorum(TypedDict):
    """A join that is satisfied by some of its edges."""

    quorum: int


class Fallback(TypedDict):
    """Another node stands in for this one."""

    fallback: Named


class Retry(TypedDict, total=False):
    """How failed attempts are repeated."""

    attempts: Required[int]
    backoff: str
    max_backoff: str
    on: Sequence[Literal["failed", "rate_limited", "timeout", "unavailable"]]


class Undo(TypedDict, total=False):
    """How what a node did is taken back."""

    tool: Required[str]
    input: Value
    retry: Retry
    timeout: str


class Pool(TypedDict, total=False):
    """The workers that may perform a call."""

    name: Required[str]
    tags: str | Sequence[str]


class NodeLimits(TypedDict, total=False):
    """The limits of a node."""

    calls: int
    usd: str
    tokens: int
    steps: int
    on_limit: Literal["stop", "ask"]


class RunLimits(NodeLimits, total=False):
    """The limits of a run."""

    wall: str


class GraphKeys(TypedDict, total=False):
    """The keys of a graph."""

    language: Literal[1]
    description: str
    inputs: Mapping[str, Any]
    budget: RunLimits
    timeout: str
    on_failure: Literal["stop", "rollback", "hold"]
    secrets: str | Sequence[str]
    triggers: Mapping[str, Mapping[str, Any]]


class NodeKeys(TypedDict, total=False):
    """The keys that every kind of node has."""

    after: After
    when: Condition
    join: Literal["all", "any", "first"] | Quorum
    cancel_rest: bool
    on_error: Literal["fail", "continue"] | Fallback
    cancels: Named | Sequence[Named]
    labels: str | Sequence[str]
    description: str


class CompositeKeys(NodeKeys, total=False):
    """The keys of nodes that hold scopes of their own."""

    timeout: str
    budget: NodeLimits
    undo: Undo


class ToolKeys(CompositeKeys, total=False):
    """The keys of a `tool`."""

    input: Value
    retry: Retry
    pool: str | Pool


class AgentKeys(CompositeKeys, total=False):
    """The keys of an `agent`."""

    input: Value
    retry: Retry
    pool: str | Pool


class GateKeys(NodeKeys, total=False):
    """The keys of a `gate`."""

    otherwise: Literal["block", "hold", "rollback"]
    timeout: str


class HumanKeys(NodeKeys, total=False):
    """The keys of a `human`."""

    choices: Sequence[str]
    form: Mapping[str, Any]
    quorum: int
    timeout: str
    otherwise: str


class FuseKeys(NodeKeys, total=False):
    """The keys of a `fuse`."""

    by: Condition
    weights: Mapping[str, float] | Mapping[Node, float]
    conflict: Literal["fail", "first"]
    need: int


class EachKeys(CompositeKeys, total=False):
    """The keys of an `each`."""

    parallel: int
    quorum: int


class LoopKeys(CompositeKeys, total=False):
    """The keys of a `loop`."""

    until: Condition
    at_max: Literal["fail", "accept"]


class GraphNodeKeys(CompositeKeys, total=False):
    """The keys of a `graph` that is named."""

    input: Value


class WaitKeys(NodeKeys, total=False):
    """The keys of a `wait`."""

    timeout: str


class EmitKeys(NodeKeys, total=False):
    """The keys of an `emit`."""

    data: Value
    retry: Retry
    timeout: str
    budget: NodeLimits
