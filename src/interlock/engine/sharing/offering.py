"""Effects on offer: what a driver lets others perform, written so that a worker elsewhere can.

Pure. Which effects those are is said by `placing`; how they are claimed and answered by the store's effect queue.
"""

from __future__ import annotations

from typing import Final, TypeAlias

import msgspec
from msgspec import Struct

from interlock.core.events import Error, NodeResult, UndoResult
from interlock.core.evolving.under_way import attempt_at
from interlock.core.plan import Micros, Plan
from interlock.core.requests import Request, Result, UndoneResult
from interlock.core.state import RunState
from interlock.core.values import ENCODER, Value, ValueProblem, decode_leaf
from interlock.engine.effects import CallTool, FindOut
from interlock.engine.errors import UnreadableOfferError
from interlock.engine.journaling import journaled
from interlock.engine.signals import encode_request, kind_of
from interlock.store.effect_queue import Offer
from interlock.tools.journal import JournaledStep

Performed: TypeAlias = CallTool | FindOut
"""The effects that somebody else can perform."""


class OfferedEffect(Struct, frozen=True):
    """What travels with an offer: the effect, and what is on record of the tries of it that were broken off."""

    effect: Performed
    heartbeat: Value = None
    """What its tool said last of itself where its run is driven."""
    steps: tuple[JournaledStep, ...] = ()
    deaths: int = 0
    """How often a worker has died in it."""
    seq: int = 0
    """The number of the event behind which it was offered."""


_DECODE: Final = msgspec.msgpack.Decoder(OfferedEffect, ext_hook=decode_leaf).decode


def offered(effect: Performed, plan: Plan, state: RunState, *, heartbeat: Value = None) -> OfferedEffect:
    """An effect that the run asks for, as it travels."""
    attempt = attempt_at(plan, state, effect.path)
    if attempt is None:
        return OfferedEffect(effect, heartbeat, seq=state.seq)
    steps = tuple(journaled(ordinal, step) for ordinal, step in attempt.steps.items())
    return OfferedEffect(effect, heartbeat, steps, attempt.deaths, state.seq)


def offer_of(what: OfferedEffect, *, pool: str, tags: tuple[str, ...], priority: int, at: Micros) -> Offer:
    """An effect as it is offered, with what is to be said if its worker goes."""
    effect = what.effect
    lost = _lost(effect)
    return Offer(
        path=place_of(effect),
        effect=effect.effect,
        tool=effect.tool,
        pool=pool,
        tags=tags,
        priority=priority,
        call=ENCODER.encode(what),
        answers=kind_of(lost) if lost is not None else "settle",
        lost=b"" if lost is None else encode_request(lost),
        offered_at=at,
    )


def read_offered(call: bytes) -> OfferedEffect:
    """What travelled with an offer; raises `UnreadableOfferError` for one of another release."""
    try:
        return _DECODE(call)
    except (msgspec.DecodeError, ValueProblem) as problem:
        raise UnreadableOfferError(str(problem)) from problem


def place_of(effect: Performed) -> str:
    """What an effect is on offer under: a question about an effect stands beside the call at the same path."""
    return f"{effect.path}?" if isinstance(effect, FindOut) else effect.path


def _lost(effect: Performed) -> Request | None:
    """What the run is told if the worker goes: that nobody knows what became of a call; of a question, nothing."""
    if isinstance(effect, FindOut):
        return None
    error = Error("lost", "its worker went while it was in flight", effect.path)
    if effect.is_undo:
        return UndoneResult(path=effect.path, result=UndoResult(effect.effect, "unknown", error))
    return Result(path=effect.path, result=NodeResult(effect.effect, "unknown", error=error))


def never_begun(effect: Performed) -> Request | None:
    """What the run is told of an effect that was taken back from the queue before anybody had begun it."""
    if isinstance(effect, FindOut):
        return None
    error = Error("cancelled", f"`{effect.tool}` was not called: it was stopped before it had begun", effect.path)
    if effect.is_undo:
        return UndoneResult(path=effect.path, result=UndoResult(effect.effect, "not_done", error))
    return Result(path=effect.path, result=NodeResult(effect.effect, "not_done", error=error, calls=0))


def never_taken(effect: CallTool) -> Request:
    """What the run is told of a call that nobody had taken on when its time was up."""
    error = Error("timeout", f"`{effect.tool}` was not called: nobody had taken it on before its deadline", effect.path)
    if effect.is_undo:
        return UndoneResult(path=effect.path, result=UndoResult(effect.effect, "failed", error))
    return Result(path=effect.path, result=NodeResult(effect.effect, "failed", error=error, calls=0))
