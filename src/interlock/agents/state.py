"""What an agent knows so far: a fold of its observations, and nothing else. Plain data.

A turn is one answer of the model with everything that came of it. The state of an agent that brings its own `step` is
data of its own making, and none of this.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

from msgspec import Struct

from interlock.agents.actions import Fail, Finish
from interlock.core.messages import Answered, AskedCall
from interlock.core.values import Value

Awaited: TypeAlias = Literal["memory", "prefetched", "model", "tools", "person", "leave", "nothing"]
"""What the last action asked for. `leave`: a person's leave to go on past a limit; `nothing`: the agent has ended."""

Limit: TypeAlias = Literal["steps", "errors"]


class Fact(Struct, frozen=True, omit_defaults=True):
    """Something that was fetched before the model was asked for the first time, or remembered."""

    name: str
    text: str
    source: Literal["prefetched", "memory"]
    failed: bool = False


class Turn(Struct, frozen=True, omit_defaults=True):
    """One answer of the model, the calls it asked for, and what came of each, in the order of the calls."""

    text: str
    calls: tuple[AskedCall, ...] = ()
    answers: tuple[Answered, ...] = ()
    told: str = ""
    """What the model is told afterwards that no call asked for: what was wrong with its answer, what a person said."""


class Trouble(Struct, frozen=True):
    """An error that is not resolved. It is by the next success of the same tool, or by an answer that can be read."""

    tool: str
    """The tool that failed; `answer`: what the model said could not be used."""
    message: str
    count: int = 1
    """How often it was met since something else was changed."""


class Sighting(Struct, frozen=True):
    """One call with its result, and how often it was seen without anything else being changed meanwhile."""

    tool: str
    arguments: str
    result: str
    count: int = 1


class AgentState(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An agent in the middle of its work."""

    input: Value = None
    instructions: str = ""
    task: str = ""
    facts: tuple[Fact, ...] = ()
    turns: tuple[Turn, ...] = ()
    awaited: Awaited = "model"
    calls: tuple[AskedCall, ...] = ()
    """The calls that the last action makes."""
    questions: tuple[AskedCall, ...] = ()
    """The model's questions to people that are still to be asked; the first is being asked if a person is awaited."""
    steps: int = 0
    steps_max: int = 0
    """How many it may take: those of its contract, and what a person granted besides."""
    errors: int = 0
    """How many turns in a row came to nothing."""
    repairs: int = 0
    """How many turns in a row held something that cannot be meant."""
    limit: Limit | None = None
    """At which limit a person is asked for leave to go on."""
    troubles: tuple[Trouble, ...] = ()
    sightings: tuple[Sighting, ...] = ()
    notices: tuple[str, ...] = ()
    """What the model is told with the next call only."""
    ended: Finish | Fail | None = None
