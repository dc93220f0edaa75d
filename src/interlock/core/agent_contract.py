"""What an agent is, as data: its contract with everything that it means, so that a run can be pinned to it.

What people write is read in `agents`; how an agent steps and how its context is compiled is told there too. Part of the
bundle: a field may be added with a default, never reshaped.
"""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

from msgspec import Struct

from interlock.core.durations import Micros
from interlock.core.spending import MicroUsd
from interlock.core.values import JsonSchema, Value

AGENT_DEPTH_MAX: Final = 4
"""How deep agents may call agents and graphs."""

AGENT_TOOL: Final = "agent:"
"""How an agent names another agent among its tools: `agent:planner`."""
GRAPH_TOOL: Final = "graph:"
"""How an agent names a graph among its tools: `graph:build`."""

CONTROL_TOOLS: Final = frozenset({"complete_task", "request_human_input"})
"""Tools that an agent may name, and that are no calls: its step makes an end or a question of them."""

MEMORY_TOOLS: Final = frozenset({"remember", "recall", "forget"})
"""Tools that every agent with a memory has, without naming them."""

QualityTier: TypeAlias = Literal["cheap", "balanced", "quality"]
SafetyTier: TypeAlias = Literal["basic", "enhanced", "maximum"]


class AgentLimits(Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """Where an agent is stopped. `steps` counts turns of its model, `errors` those in a row that came to nothing."""

    steps: int = 20
    errors: int = 3
    usd: MicroUsd | None = None
    tokens: int | None = None
    calls: int | None = None
    latency: Micros | None = None


class ModelNeed(Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """What an agent asks of the models that may answer it: hard conditions, and what to prefer among those left."""

    pool: str = "default"
    quality: QualityTier | None = None
    """At least that."""
    safety: SafetyTier | None = None
    """At least that."""
    usd_max: MicroUsd | None = None
    """What one call may cost at most."""
    latency_max: Micros | None = None
    prefer: Literal["cost", "latency", "quality"] = "cost"
    temperature: float | None = None
    tokens_max: int = 4_096
    """How long one answer may be."""


class ContextSection(Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """A named part of what a model is told. What the words of `select` and `transform` mean is told in `agents`."""

    name: str
    source: str
    """Where it comes from: `input`, `prefetched`, `memory`, `turns`, `errors`, …"""
    priority: int = 50
    """Of two sections that do not both fit, the one with the higher number stays."""
    tokens: int | None = None
    """What it may take at most."""
    select: tuple[str, ...] = ()
    transform: tuple[str, ...] = ()


class Prefetch(Struct, frozen=True, gc=False, kw_only=True):
    """A tool that is called before the model is asked for the first time, so that it need not ask for it."""

    name: str
    tool: str
    input: Value
    """Strings of the form `${input.a.b}` stand for what the agent was given."""


class ContextProfile(Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """How an agent's context is compiled for each call."""

    tokens: int = 32_000
    """What all sections may take together."""
    sections: tuple[ContextSection, ...] = ()
    """Nothing: the default ones."""
    turns_whole: int = 6
    """So many of the last turns stay as they are; older ones are compacted."""
    prefetch: tuple[Prefetch, ...] = ()


class AgentContract(Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """An agent: what it is for, what it may do, and where it ends."""

    name: str
    role: str = ""
    description: str = ""
    capabilities: tuple[str, ...] = ()
    version: str = ""
    """As its author counts. What it means is told by its hash."""
    input: JsonSchema | None = None
    output: JsonSchema | None = None
    labels: tuple[str, ...] = ()
    """What edges may wait for besides outcomes."""
    prompt: str = ""
    """The template of its instructions, as it stands in its file."""
    task: str = ""
    """The template of what it is told first; nothing: its input as JSON."""
    tools: tuple[str, ...] = ()
    limits: AgentLimits = AgentLimits()
    model: ModelNeed = ModelNeed()
    context: ContextProfile = ContextProfile()
    memory: tuple[Literal["session", "long_term"], ...] = ()
    """The memories that it may read and write."""
    on_limit: Literal["stop", "ask"] = "stop"
    """What happens when its money, tokens or calls are spent."""
    repairs: int = 2
    """How often it may try again after an answer that is not what its schema asks for."""
    policies: tuple[str, ...] = ()
    """What has to be in force wherever it works: without it nothing that it wants is allowed."""
    code: str = ""
    """The digest of the code that decides for it, where it brings a step of its own."""
