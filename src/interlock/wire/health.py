"""Whether a server is well."""

from __future__ import annotations

from typing import Literal, TypeAlias

from msgspec import UNSET, Struct, UnsetType

Status: TypeAlias = Literal["ok", "degraded", "away"]
"""`degraded`: requests are taken, and something that they ask for waits or is not to be had."""


class Dependency(Struct, frozen=True, kw_only=True):
    """One thing that the server depends on."""

    name: str
    status: Status
    micros: int | UnsetType = UNSET
    """How long it took to answer, if it was asked."""
    why: str | UnsetType = UNSET


class Health(Struct, frozen=True, kw_only=True):
    """A server, and each thing it depends on."""

    status: Status
    """That of the dependency that stands worst."""
    dependencies: list[Dependency]


class PlainHealth(Struct, frozen=True, kw_only=True):
    """The same in the words of other systems, whose programs ask at `/health`."""

    status: Literal["healthy", "unhealthy"]
    database: Literal["connected", "disconnected"]
