"""What is shown to whoever watches a run just now: how far its nodes are, what models are saying. On no record."""

from __future__ import annotations

from typing import TypeAlias

from msgspec import Struct


class Progress(Struct, frozen=True):
    """How far a node's own code says it is. Live only: it never becomes an event."""

    path: str
    fraction: float | None
    text: str


class Words(Struct, frozen=True):
    """What a model is just saying inside a node. Live only: it never becomes an event."""

    path: str
    text: str


Live: TypeAlias = Progress | Words
