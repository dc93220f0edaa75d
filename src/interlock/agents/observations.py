"""What an agent is told of the world: what came of its last action, as plain data that a log can keep.

An observation is made by whoever performs the agent's actions. What a tool's result looks like to a model (cut to a
size, marked as untrusted) was settled when the observation was made, and is only read here.
"""

from __future__ import annotations

from typing import TypeAlias

from msgspec import Struct

from interlock.core.event_parts import Error
from interlock.core.messages import ModelReply
from interlock.core.plan import EffectClass
from interlock.core.values import Value


class Began(Struct, frozen=True, tag="began"):
    """The agent is given its input. Always the first observation, and never seen again."""

    input: Value


class ModelSaid(Struct, frozen=True, tag="model_said"):
    """The model answered."""

    reply: ModelReply


class ModelBroke(Struct, frozen=True, tag="model_broke"):
    """No model answered, after all that was tried."""

    error: Error


class ToolAnswer(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What came of one call: its result, or why there is none."""

    call_id: str
    tool: str
    out: Value = None
    error: Error | None = None
    digest: str = ""
    """Of the result: two calls with the same one found the same."""
    text: str = ""
    """What a model is to read of it."""
    effect: EffectClass = "once"


class ToolsAnswered(Struct, frozen=True, tag="tools_answered"):
    """Every call of the last action has come to an end. A call without an answer here is taken as failed."""

    answers: tuple[ToolAnswer, ...]


class PersonAnswered(Struct, frozen=True, tag="person_answered", omit_defaults=True):
    """A person answered: with one of the choices, with a form, or (with neither) in words."""

    choice: str | None = None
    form: Value = None
    why: str = ""
    by: str = ""


Observation: TypeAlias = Began | ModelSaid | ModelBroke | ToolsAnswered | PersonAnswered
