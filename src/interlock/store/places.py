"""Where a store keeps its data, as people name it: a file, or a schema of a PostgreSQL database. Pure."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final, TypeAlias

from interlock.store.postgres.address import AddressError, PostgresAddress, is_address

StorePlace: TypeAlias = Path | PostgresAddress

_OTHER_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")


def parse_place(named: str) -> StorePlace:
    """The place that a text names; `AddressError` if it begins like an address, and is none that is known here."""
    if is_address(named):
        return PostgresAddress.parse(named)
    other = _OTHER_SCHEME.match(named)
    if other is not None:
        raise AddressError(f"{other[1]}:// is no kind of store: name a file, as it is, or postgresql://…")
    return Path(named)


def place_to_copy(named: str) -> str:
    """The same place in words that can be printed and typed again: an address has its password left out."""
    if not is_address(named):
        return named
    try:
        address = PostgresAddress.parse(named)
    except AddressError:
        return "postgresql://…"
    return named if address.without_password == address.shown else address.without_password
