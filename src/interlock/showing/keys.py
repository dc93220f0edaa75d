"""API keys, as programs are shown them: never what they are recognised by, but once."""

from __future__ import annotations

from typing import Any

from msgspec import UNSET, UnsetType, structs

from interlock.core.plan import Micros
from interlock.tenancy import KeyRow, NewKey
from interlock.wire import keys as wire
from interlock.wire.runs import Actions


def api_key(row: KeyRow, *, now: Micros, actions: Actions | UnsetType = UNSET) -> wire.ApiKey:
    """A key as it is listed."""
    return wire.ApiKey(**_fields(row, now), actions=actions)


def made_key(new: NewKey, row: KeyRow, *, now: Micros) -> wire.MadeKey:
    """A key that was made just now, with its text."""
    return wire.MadeKey(**_fields(row, now), key=new.text)


def _fields(row: KeyRow, now: Micros) -> dict[str, Any]:
    return structs.asdict(row) | {"scopes": list(row.scopes), "status": row.status(now)}
