"""Whether a server is well."""

from __future__ import annotations

from typing import Literal

from msgspec import UNSET, Struct, UnsetType


class Dependency(Struct, frozen=True, kw_only=True):
    """One thing that the server depends on."""

    name: str
    status: Literal["ok", "away"]
    micros: int
    """How long it took to answer."""
    why: str | UnsetType = UNSET


class Health(Struct, frozen=True, kw_only=True):
    """A server, and each thing it depends on."""

    status: Literal["ok", "away"]
    dependencies: list[Dependency]
