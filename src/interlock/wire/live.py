"""What is told while it happens and is on no record: after a reconnection it goes on from then."""

from __future__ import annotations

from msgspec import Struct


class NodeWords(Struct, frozen=True, kw_only=True):
    """What a model is just saying inside a node."""

    run: str
    path: str
    text: str


class NodeProgress(Struct, frozen=True, kw_only=True):
    """How far a node's own code says it is."""

    run: str
    path: str
    fraction: float | None
    text: str
