"""What an agent wants done next: one thing at a time, as plain data. Whether it may be done is decided elsewhere."""

from __future__ import annotations

from typing import Literal, TypeAlias

from msgspec import Struct

from interlock.agents.manifest import Manifest
from interlock.core.event_parts import Error, Question
from interlock.core.messages import AskedCall, ModelRequest
from interlock.core.values import Value

Origin: TypeAlias = Literal["model", "prefetch", "memory"]


class AskModel(Struct, frozen=True, tag="ask_model"):
    """Ask a model. Answered by `ModelSaid` or `ModelBroke`."""

    request: ModelRequest
    manifest: Manifest


class CallTools(Struct, frozen=True, tag="call_tools", omit_defaults=True):
    """Call these tools, in any order or at once. Answered by one `ToolsAnswered`.

    Names are those of the contract (`run_tests`, `agent:planner`, `graph:build`); every call is named by its `id`,
    which no other call of this agent has. `origin`: who wants it, the model or the contract.
    """

    calls: tuple[AskedCall, ...]
    origin: Origin = "model"


class AskPerson(Struct, frozen=True, tag="ask_person", omit_defaults=True):
    """Ask a person. Answered by `PersonAnswered`. `call`: the model's call that asks, if one does."""

    question: Question
    call: str = ""


class Finish(Struct, frozen=True, tag="finish", omit_defaults=True):
    """The agent is done: a result that fits its schema, and the labels that edges may wait for."""

    out: Value
    labels: tuple[str, ...] = ()


class Fail(Struct, frozen=True, tag="fail"):
    """The agent has come to nothing, and why."""

    error: Error


Action: TypeAlias = AskModel | CallTools | AskPerson | Finish | Fail
