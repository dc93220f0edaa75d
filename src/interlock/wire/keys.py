"""API keys, by which callers are recognised."""

from __future__ import annotations

from typing import Literal

from msgspec import UNSET, Struct, UnsetType

from interlock.wire.runs import Actions


class ApiKey(Struct, frozen=True, kw_only=True):
    """A key as it is listed: all of it but what it is recognised by."""

    id: str
    tenant: str
    name: str
    """What is done with it goes on record under this name."""
    role: Literal["owner", "operator", "viewer"]
    scopes: list[str]
    """The only areas that it opens; none named: all that are the tenant's."""
    created_at: int
    created_by: str
    expires_at: int | None
    revoked_at: int | None
    revoked_by: str
    status: Literal["valid", "expired", "revoked"]
    actions: Actions | UnsetType = UNSET


class MadeKey(ApiKey, frozen=True, kw_only=True):
    """A key that was made just now."""

    key: str
    """Its text: it is told this once, and kept nowhere."""


class KeyPage(Struct, frozen=True, kw_only=True):
    """Keys, the one made last first. With a `next` there are more: give it as `cursor`."""

    keys: list[ApiKey]
    next: str | None = None
