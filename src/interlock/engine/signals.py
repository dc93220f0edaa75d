"""Requests as signals carry them from the process that has one to the process that drives the run."""

from __future__ import annotations

from typing import Final

import msgspec

from interlock.core import requests as r
from interlock.core.values import ENCODER, ValueProblem, decode_leaf

_BY_KIND: Final[dict[str, type[r.Request]]] = {
    "answer": r.Answer,
    "verdict": r.GiveVerdict,
    "remedy": r.GiveRemedy,
    "event": r.SendEvent,
    "pause": r.PauseRun,
    "resume": r.ResumeRun,
    "cancel": r.CancelRun,
    "cancel_node": r.CancelNode,
    "complete": r.CompleteNode,
    "settle": r.SettleEffect,
    "mode": r.SetMode,
    "result": r.Result,
    "undone": r.UndoneResult,
    "step": r.StepNoted,
    "migrate": r.MigrateRun,
}
_KIND_OF: Final = {request: kind for kind, request in _BY_KIND.items()}


def kind_of(request: r.Request) -> str:
    """The kind under which a request travels."""
    return _KIND_OF[type(request)]


def encode_request(request: r.Request) -> bytes:
    """The body of the signal that carries a request."""
    return ENCODER.encode(request)


def decode_request(kind: str, body: bytes) -> r.Request | None:
    """The request that a signal carries; None if this release cannot read it: a newer one may."""
    if kind not in _BY_KIND:
        return None
    try:
        return msgspec.msgpack.decode(body, type=_BY_KIND[kind], ext_hook=decode_leaf)
    except (msgspec.DecodeError, ValueProblem):
        return None
