"""What an agent and a model say to each other: data that no provider's library shapes, and that logs can keep for ever.

A request is made by an agent's step and answered by a model; both are plain facts. Which model answers, at what price
and by whose library, is no matter of this page.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

from msgspec import Struct

from interlock.core.plan import JsonSchema
from interlock.core.values import Value

# --- What is sent ----------------------------------------------------------------------------------------------------


class Instructions(Struct, frozen=True, tag="instructions"):
    """What the model is told to be and to do: the agent's prompt."""

    text: str


class Told(Struct, frozen=True, tag="told"):
    """What the model is told by the run: its task, facts, a person's answer."""

    text: str


class AskedCall(Struct, frozen=True, tag="call", omit_defaults=True):
    """A tool call that a model asks for. With a `problem` its arguments could not be read, and stand in `raw`."""

    id: str
    tool: str
    arguments: Value = None
    raw: str = ""
    problem: str = ""


class Said(Struct, frozen=True, tag="said", omit_defaults=True):
    """What the model said before, and the calls it asked for."""

    text: str
    calls: tuple[AskedCall, ...] = ()


class Answered(Struct, frozen=True, tag="answered", omit_defaults=True):
    """What came of a call that the model asked for, as text for it to read."""

    call: str
    tool: str
    text: str
    failed: bool = False


Message: TypeAlias = Instructions | Told | Said | Answered


class OfferedTool(Struct, frozen=True):
    """A tool that the model may ask for."""

    name: str
    description: str
    input: JsonSchema


class ModelRequest(Struct, frozen=True, omit_defaults=True):
    """Everything that the answer may depend on: its digest names the request."""

    messages: tuple[Message, ...]
    tools: tuple[OfferedTool, ...] = ()
    output: JsonSchema | None = None
    """The JSON Schema of the answer, where it is to be data and no prose."""
    temperature: float | None = None
    tokens_max: int = 4_096
    """How long the answer may be: what is held for the call is reckoned from it."""
    top_p: float | None = None
    stop: tuple[str, ...] = ()
    """Where the answer ends, if one of these comes."""
    seed: int | None = None
    """For a provider that has such a thing: what chance is drawn from."""
    tool_choice: str = ""
    """Whether tools may be asked for: as the model likes, `none`, `required`, or the name of the one that must be."""


# --- What comes back -------------------------------------------------------------------------------------------------


class Usage(Struct, frozen=True, omit_defaults=True):
    """Tokens as the provider counted them; `estimated` where it did not say and they were counted here."""

    input: int = 0
    output: int = 0
    cached: int = 0
    """How many of `input` the provider had at hand."""
    estimated: bool = False


Finish: TypeAlias = Literal["stop", "calls", "length", "filtered"]


class ModelReply(Struct, frozen=True, omit_defaults=True):
    """A model's answer. `simulated`: no model gave it."""

    text: str
    calls: tuple[AskedCall, ...] = ()
    finish: Finish = "stop"
    model: str = ""
    """`provider/model`, as it is called in settings and prices."""
    usage: Usage = Usage()
    simulated: bool = False
