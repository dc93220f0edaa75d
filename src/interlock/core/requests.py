"""Requests and arrivals: what comes from outside and may be refused. `admit` says what becomes of each.

Requests come from people and programs; arrivals come from the world through the shell (results, steps, timers).
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec
from msgspec import Struct

from interlock.core import events as e
from interlock.core.values import ENCODER, Value, decode_leaf
from interlock.core.verdicts import Verdict

# --- from people and programs ----------------------------------------------------------------------------------------


class StartRun(Struct, frozen=True, gc=False, kw_only=True):
    """Begin. With a `parent`: as its retry or rollback, adopting what is given."""

    inputs: Value
    tenant: str = "local"
    kind: e.Start = "start"
    parent: str = ""
    key: str = ""
    labels: dict[str, str] = {}
    priority: int = 0
    """Of two runs that wait to be driven, the one with the higher number goes first."""
    adopted: tuple[tuple[str, e.ResultAdopted], ...] = ()
    by: str = ""
    why: str = ""
    verdict: Verdict | None = None
    """What the policy in force says of the run."""
    tainted: bool = False
    """Whether the inputs were made of an event, which somebody outside may have written."""


class Answer(Struct, frozen=True, kw_only=True):
    """A person's answer to a question: a choice, or a filled form."""

    path: str
    by: str
    choice: str = ""
    form: Value = None
    why: str = ""


class GiveVerdict(Struct, frozen=True, kw_only=True):
    """A person's verdict on a held gate."""

    path: str
    by: str
    verdict: Literal["promote", "block", "rollback"]
    why: str = ""


class GiveRemedy(Struct, frozen=True, kw_only=True):
    """What a person wants done about a failure that is held."""

    path: str
    by: str
    act: Literal["retry", "edit", "skip", "fail"]
    input: Value = None
    why: str = ""


class SendEvent(Struct, frozen=True, kw_only=True):
    """An event for the waits of a run. The same id is taken once."""

    id: str
    name: str
    data: Value = None
    by: str = ""


class PauseRun(Struct, frozen=True, kw_only=True):
    """Decide nothing new for now."""

    by: str = ""
    why: str = ""


class ResumeRun(Struct, frozen=True, kw_only=True):
    """Go on after a pause."""

    by: str = ""
    why: str = ""


class CancelRun(Struct, frozen=True, kw_only=True):
    """Stop the run; with `rollback`, take back what it did."""

    by: str = ""
    rollback: bool = False
    why: str = ""


class CancelNode(Struct, frozen=True, kw_only=True):
    """Stop one node, with all that it holds."""

    path: str
    by: str = ""
    why: str = ""


class CompleteNode(Struct, frozen=True, kw_only=True):
    """End an `each` with the items it has."""

    path: str
    by: str = ""
    why: str = ""


class SettleEffect(Struct, frozen=True, kw_only=True):
    """What became of an effect whose outcome was unknown: said by a person, or found out by `reconcile`."""

    effect: str
    status: Literal["done", "not_done"]
    out: Value = None
    by: str = ""
    why: str = ""
    asked_at: int = 0
    """The number of the event behind which it was asked: what the effect did later is not in the answer. 0: anything
    that is known now."""


class SetMode(Struct, frozen=True, kw_only=True):
    """Move the run to another mode."""

    mode: Literal["normal", "degraded", "minimal"]
    by: str = ""
    why: str = ""


class MigrateRun(Struct, frozen=True, kw_only=True):
    """Go on on another bundle of the same graph, by which the log so far could have been decided as well.

    That it could is for whoever has the log to find out, as the last thing before this is admitted.
    """

    bundle: str
    graph_hash: str
    by: str = ""
    why: str = ""
    checked: int = 0
    """The number of the last event that was looked at: none may have come since."""
    obstacle: str = ""
    """What was found to stand in the way."""


# --- from the world --------------------------------------------------------------------------------------------------


class Result(Struct, frozen=True, gc=False, kw_only=True):
    """What came of an attempt at a node's effect."""

    path: str
    result: e.NodeResult


class UndoneResult(Struct, frozen=True, gc=False, kw_only=True):
    """What came of an attempt to take something back; `path` ends in `!undo`."""

    path: str
    result: e.UndoResult


class StepNoted(Struct, frozen=True, gc=False, kw_only=True):
    """A step that a node's code journals."""

    path: str
    step: e.EffectIntended | e.EffectDone | e.EffectFailed | e.EffectUnknown | e.DecisionMade
    deaths: int | None = None
    """How often a worker had died in the attempt when the try began that notes this. None: it is the one under way."""


class TimePassed(Struct, frozen=True, gc=False, kw_only=True):
    """The clock stands at the instant of this admission: whatever is due by then fires."""


Request: TypeAlias = (
    StartRun
    | Answer
    | GiveVerdict
    | GiveRemedy
    | SendEvent
    | PauseRun
    | ResumeRun
    | CancelRun
    | CancelNode
    | CompleteNode
    | SettleEffect
    | SetMode
    | MigrateRun
    | Result
    | UndoneResult
    | StepNoted
    | TimePassed
)


class Refused(Struct, frozen=True):
    """Why a request changes nothing, and what could be done instead.

    `field` names what of the request can never be taken as it is, whenever it comes: it is to be mended, not repeated.
    Of a step: `later` says that it may be asked for again once something else has settled; `limit` names a limit of
    which too little is left, and `asks` that a person may raise it.
    """

    reason: str
    later: bool = False
    limit: str | None = None
    asks: bool = False
    field: str = ""


def misfit(request: Request, by: str) -> Refused | None:
    """Why a request of a person or program could not be read again once it is recorded: a number where text belongs.

    Annotations keep nobody from passing one; and a log that cannot be read is a run that is lost.
    """
    try:
        msgspec.msgpack.decode(ENCODER.encode(request), type=type(request), ext_hook=decode_leaf)
        msgspec.msgpack.decode(ENCODER.encode(by), type=str)
    except UnicodeEncodeError:
        return Refused("the request holds text with half a character (a lone surrogate): leave it out")
    except (msgspec.ValidationError, TypeError) as problem:
        return Refused(f"the request is not what it should be: {problem}")
    return None
