"""API keys: listed, made and revoked."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, TypeAlias

from interlock.client.errands import Flow, Telling, made
from interlock.client.paging import listed
from interlock.client.requests import ask, look, remove
from interlock.wire.keys import ApiKey, KeyPage, MadeKey

Role: TypeAlias = Literal["owner", "operator", "viewer"]


def list_keys() -> Telling[ApiKey]:
    """Keys, the one made last first; those that open nothing any more too."""
    return listed("keys", shape=KeyPage, rows_of=lambda page: page.keys)


def get_key(id: str) -> Flow[ApiKey]:
    """One key, without what it is recognised by."""
    return made(look("keys", id, shape=ApiKey))


def make_key(
    name: str,
    *,
    role: Role = "operator",
    scopes: Iterable[str] = (),
    expires: str | None = None,
    tenant: str | None = None,
) -> Flow[MadeKey]:
    """Make a key that opens what the caller may open, or less. Its text is told this once."""
    body = {"name": name, "role": role, "scopes": list(scopes), "expires": expires, "tenant": tenant}
    return made(ask("keys", shape=MadeKey, body=body))


def revoke_key(id: str) -> Flow[ApiKey]:
    """See to it that a key opens nothing any more."""
    return made(remove("keys", id, shape=ApiKey))
