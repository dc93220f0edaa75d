"""Models by pool: what is known of each, and how it is."""

from __future__ import annotations

from typing import Any

from msgspec import UNSET, Struct, UnsetType


class Model(Struct, frozen=True, kw_only=True):
    """A model of a pool. Its name is `provider/model`."""

    pool: str
    name: str
    host: str
    """The host its provider is reached at; empty where nothing is contacted."""
    quality: str
    safety: str
    simulated: bool
    context: int | None
    """How many tokens of input and answer it takes together."""
    weight: int
    price: dict[str, Any] | None
    """Millionths of a dollar for a million tokens, and who says so; null: nobody knows."""
    latency: int | None
    """Microseconds that an answer takes, as declared or as it was measured."""
    has_tools: bool
    structured: str
    reached: str
    """How its provider is reached."""
    key: str | None
    """The name of the secret it is asked with, and never the secret."""
    trouble: str | None
    """What keeps it from being asked until its owner says more."""
    resting: str | UnsetType | None = UNSET
    """Why it is left alone for a while; null: it is well. Left out where nobody has asked it from here."""


class ModelPage(Struct, frozen=True, kw_only=True):
    """Models by pool. With a `next` there are more: give it as `cursor`."""

    models: list[Model]
    next: str | None = None
