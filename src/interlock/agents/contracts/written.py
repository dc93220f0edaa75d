"""A contract as people write it: which keys there are, their types and defaults, and what each is for.

What needs a look at more than one field (schemas, prompts, sources, selectors) is checked in `meaning`.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias, cast

from pydantic import BeforeValidator, Field

from interlock.core.compiling.spellings import Duration, Money, Words, Written, written_wrong

NAME_PATTERN = r"^[A-Za-z][A-Za-z0-9_.-]{0,127}$"
SECTION_NAME_PATTERN = r"^[a-z][a-z0-9_]{0,62}$"

Fields: TypeAlias = dict[str, Any]
"""Fields written the short way, as the inputs of a graph are."""


def _read_list(written: object) -> object:
    return [written] if isinstance(written, str) else written


Texts: TypeAlias = Annotated[list[str], BeforeValidator(_read_list, json_schema_input_type=str | list[str])]
"""One text or a list of them, whose order is kept."""


MEMORIES = ("session", "long_term")


def _read_memory(written: object) -> object:
    words = cast("list[object]", written if isinstance(written, list) else [written])
    if all(word in MEMORIES for word in words):
        return tuple(memory for memory in MEMORIES if memory in words)
    raise written_wrong("`memory` is `session`, `long_term`, or a list of both", "write `memory: [session]`")


Memories: TypeAlias = Annotated[tuple[Literal["session", "long_term"], ...], BeforeValidator(_read_memory)]


class LimitsSpec(Written):
    """Where the agent is stopped."""

    steps: int = Field(default=20, ge=1, le=1_000, description="How many turns of its model it may take.")
    errors: int = Field(default=3, ge=1, le=100, description="How many turns in a row may come to nothing.")
    usd: Money | None = Field(default=None, description="How much money it may spend.")
    tokens: int | None = Field(default=None, ge=1, description="How many tokens its models may use.")
    calls: int | None = Field(default=None, ge=1, description="How many calls of models and tools it may make.")
    latency: Duration | None = Field(
        default=None, description="How long it may take, without the time in which it waits for people."
    )


class ModelSpec(Written):
    """Which models may answer it, and how."""

    pool: str = Field(default="default", pattern=NAME_PATTERN, description="The pool of models.")
    quality: Literal["cheap", "balanced", "quality"] | None = Field(default=None, description="At least that.")
    safety: Literal["basic", "enhanced", "maximum"] | None = Field(default=None, description="At least that.")
    usd_max: Money | None = Field(default=None, description="What one call may cost at most.")
    latency_max: Duration | None = Field(default=None, description="How long one call may usually take.")
    prefer: Literal["cost", "latency", "quality"] = Field(
        default="cost", description="What decides among the models that are left."
    )
    temperature: float | None = Field(default=None, ge=0, le=2, description="Left out: as the provider has it.")
    tokens_max: int = Field(default=4_096, ge=1, le=1_000_000, description="How long one answer may be.")


class SectionSpec(Written):
    """A section of the context."""

    name: str = Field(pattern=SECTION_NAME_PATTERN, description="What it is called, also to the model.")
    source: str | None = Field(default=None, description="Where it comes from. Left out: from the source of its name.")
    priority: int = Field(default=50, ge=0, le=1_000, description="What has more room: the higher number.")
    tokens: int | None = Field(default=None, ge=1, description="What it may take at most.")
    select: Texts = Field(default=[], description="Which of its items stay: `last:3`, `matching:error`, …")
    transform: Texts = Field(default=[], description="What becomes of their text: `head:40`, `fields:id,name`, …")


class PrefetchSpec(Written):
    """A tool that is called before the model is asked for the first time."""

    tool: str = Field(min_length=1, description="The tool.")
    input: Any = Field(default=None, description="Its arguments; `${input.a.b}` stands for what the agent is given.")


class ContextSpec(Written):
    """How its context is compiled for each call."""

    tokens: int = Field(default=32_000, ge=256, le=10_000_000, description="What everything may take together.")
    turns_whole: int = Field(default=6, ge=1, le=1_000, description="How many of the last turns stay as they are.")
    sections: list[SectionSpec] = Field(default=[], description="Left out: the default ones.")
    prefetch: dict[Annotated[str, Field(pattern=SECTION_NAME_PATTERN)], PrefetchSpec] = Field(
        default={}, description="Facts by name that are fetched beforehand."
    )


class WrittenAgent(Written):
    """An agent."""

    agent: str = Field(pattern=NAME_PATTERN, description="Its name, as graphs and other agents call it.")
    version: str = Field(default="", max_length=64, description="As its author counts.")
    role: str = Field(default="", max_length=200, description="What it is, in a few words.")
    description: str = Field(default="", description="What it is for: agents that may call it are told so.")
    capabilities: Words = Field(default=(), description="Words by which people find it.")
    input: Fields | None = Field(default=None, description="The fields it is given. Left out: anything.")
    output: Fields | None = Field(default=None, description="The fields of its result. Left out: text.")
    labels: Words = Field(default=(), description="What edges may wait for besides outcomes; it chooses as it ends.")
    prompt: str = Field(min_length=1, description="Its instructions: a file beside the contract, or the text itself.")
    task: str = Field(default="", description="What it is told first: likewise. Left out: its input as JSON.")
    tools: list[str] = Field(default=[], description="What it may call: tools, `agent:name`, `graph:name`.")
    limits: LimitsSpec = Field(default=LimitsSpec(), description="Where it is stopped.")
    on_limit: Literal["stop", "ask"] = Field(
        default="stop", description="What happens at a limit: it fails, or a person is asked for leave to go on."
    )
    repairs: int = Field(default=2, ge=0, le=20, description="How many unusable answers in a row it may mend.")
    model: ModelSpec = Field(default=ModelSpec(), description="Which models may answer it.")
    context: ContextSpec = Field(default=ContextSpec(), description="What it is told at each call.")
    policies: Words = Field(default=(), description="Policies without which it may do nothing, by their names.")
    memory: Memories = Field(default=(), description="The memories it may use: `session`, `long_term`.")
