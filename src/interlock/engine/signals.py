"""Requests as signals carry them from the process that has one to the process that drives the run."""

from __future__ import annotations

from typing import Final

import msgspec

from interlock.core import requests as r
from interlock.core.values import ENCODER, decode_leaf

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
}
_KIND_OF: Final = {request: kind for kind, request in _BY_KIND.items()}


class UnknownSignalError(Exception):
    """A signal was sent by a newer release."""

    def __init__(self, kind: str) -> None:
        super().__init__(f"a signal of kind {kind} was left by a newer release: drive the run with that one")


def can_read(kind: str) -> bool:
    """Whether this release knows requests of a kind."""
    return kind in _BY_KIND


def kind_of(request: r.Request) -> str:
    """The kind under which a request travels."""
    return _KIND_OF[type(request)]


def encode_request(request: r.Request) -> bytes:
    """The body of the signal that carries a request."""
    return ENCODER.encode(request)


def decode_request(kind: str, body: bytes) -> r.Request:
    """The request that a signal carries."""
    if kind not in _BY_KIND:
        raise UnknownSignalError(kind)
    return msgspec.msgpack.decode(body, type=_BY_KIND[kind], ext_hook=decode_leaf)
