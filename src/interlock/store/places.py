"""Where a store keeps its data, as people name it: a file, or a schema of a PostgreSQL database. Pure."""

from __future__ import annotations

from pathlib import Path
from typing import TypeAlias

from interlock.store.postgres.address import AddressError, PostgresAddress, is_address

StorePlace: TypeAlias = Path | PostgresAddress


def parse_place(named: str) -> StorePlace:
    """The place that a text names; `AddressError` if it begins like an address, and is none."""
    return PostgresAddress.parse(named) if is_address(named) else Path(named)


def shown_place(named: str) -> str:
    """The same words without a password, to be printed."""
    if not is_address(named):
        return named
    try:
        return PostgresAddress.parse(named).shown
    except AddressError:
        return "postgresql://…"
