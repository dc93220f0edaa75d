"""What a running tool and the door say to each other: the same messages from a task, a thread or another process.

A request gets exactly one reply; a note gets none. Over a pipe each message is msgpack after its length.
"""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

import msgspec
from msgspec import Struct

from interlock.core.canonical import VALUE_BYTES_MAX
from interlock.core.events import Error, Question
from interlock.core.plan import EffectClass, Micros
from interlock.core.values import ENCODER, Value, decode_leaf

MESSAGE_BYTES_MAX: Final = VALUE_BYTES_MAX + 1024 * 1024
LENGTH_BYTES: Final = 4

# --- The tool asks ---------------------------------------------------------------------------------------------------


class BeginStep(Struct, frozen=True, tag="begin"):
    """May this step be made, or is its result on record?"""

    name: str
    key: str
    effect_class: EffectClass


class StepSucceeded(Struct, frozen=True, tag="succeeded"):
    """The step was made: record its result."""

    ordinal: int
    out: Value


class StepBroke(Struct, frozen=True, tag="broke"):
    """The step was made and failed: record that."""

    ordinal: int
    error: Error


class AskPerson(Struct, frozen=True, tag="ask"):
    """Put a question to a person and wait for the answer."""

    question: Question
    key: str


Request: TypeAlias = BeginStep | StepSucceeded | StepBroke | AskPerson

# --- The door replies ------------------------------------------------------------------------------------------------


class Go(Struct, frozen=True, tag="go"):
    """The intent is on record: make the step, with this id as its idempotency key."""

    ordinal: int
    effect: str


class Recorded(Struct, frozen=True, tag="recorded"):
    """What is on record as the step's result or the person's answer."""

    out: Value


class RecordedFailure(Struct, frozen=True, tag="failure"):
    """What is on record as the step's failure."""

    error: Error


class Over(Struct, frozen=True, tag="over"):
    """Nothing more may happen: the tool was `stopped`, or its attempt has `ended` with an outcome of its own."""

    why: Literal["stopped", "ended"]


Reply: TypeAlias = Go | Recorded | RecordedFailure | Over

# --- Notes -----------------------------------------------------------------------------------------------------------


class Progress(Struct, frozen=True, tag="progress"):
    """How far the tool is."""

    fraction: float | None
    text: str


class Heartbeat(Struct, frozen=True, tag="heartbeat"):
    """The tool lives; the details are for a next try."""

    details: Value


Note: TypeAlias = Progress | Heartbeat

# --- Begin and end of a call -----------------------------------------------------------------------------------------


class CallFacts(Struct, frozen=True, kw_only=True):
    """What a tool may know of its call."""

    run: str
    path: str
    attempt: int
    effect_id: str
    deadline: Micros | None
    last_heartbeat: Value
    tenant: str = "local"


class Job(Struct, frozen=True, tag="job", kw_only=True):
    """Call this function: of an importable module, or of a file."""

    module: str
    file: str | None
    function: str
    input: Value
    facts: CallFacts


class Returned(Struct, frozen=True, tag="returned"):
    """The tool returned: its result in canonical form."""

    out: Value
    labels: tuple[str, ...] = ()


class Raised(Struct, frozen=True, tag="raised"):
    """The tool failed. `said`: it raised `ToolFailed`, so it knows that it failed and how.

    `in_doubt`: it also said that it may have taken effect all the same.
    """

    error: Error
    retryable: bool = True
    said: bool = False
    in_doubt: bool = False


class Stopped(Struct, frozen=True, tag="stopped"):
    """The tool gave in to being stopped."""


class Vanished(Struct, frozen=True, tag="vanished"):
    """The tool's process or task is gone, and said nothing. `output` is what a process printed last."""

    message: str
    output: str = ""


Said: TypeAlias = Returned | Raised | Stopped
"""How a tool itself says that it has ended."""
Ending: TypeAlias = Said | Vanished
FromTool: TypeAlias = Request | Note | Said
ToTool: TypeAlias = Job | Go | Recorded | RecordedFailure | Over

_FROM_TOOL: Final = msgspec.msgpack.Decoder(FromTool, ext_hook=decode_leaf)
_TO_TOOL: Final = msgspec.msgpack.Decoder(ToTool, ext_hook=decode_leaf)


def framed(message: FromTool | ToTool) -> bytes:
    """The message as it goes through a pipe."""
    data = ENCODER.encode(message)
    return len(data).to_bytes(LENGTH_BYTES, "big") + data


def from_tool(data: bytes) -> FromTool:
    """A message of the tool's process."""
    return _FROM_TOOL.decode(data)


def to_tool(data: bytes) -> ToTool:
    """A message of the door."""
    return _TO_TOOL.decode(data)
