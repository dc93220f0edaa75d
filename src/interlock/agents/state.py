"""What an agent knows so far: a fold of its observations, and nothing else. Plain data.

A turn is one answer of the model with everything that came of it. The state of an agent that brings its own `step` is
data of its own making, and none of this.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

from msgspec import Struct

from interlock.core.messages import Answered, AskedCall
from interlock.core.values import Value

Awaited: TypeAlias = Literal["prefetched", "memory", "model", "tools", "person", "nothing"]
"""What the last action asked for; `nothing`: the agent has ended."""


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


class AgentState(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An agent in the middle of its work."""

    input: Value = None
    instructions: str = ""
    task: str = ""
    facts: tuple[Fact, ...] = ()
    turns: tuple[Turn, ...] = ()
    awaited: Awaited = "model"
    waiting: tuple[AskedCall, ...] = ()
    """The calls that the last action makes, or still has to make."""
    steps: int = 0
