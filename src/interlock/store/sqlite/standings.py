"""Where runs stand, for who appends to them: read once, then known for as long as nobody else writes to the file.

To read it anew for each append would cost a tenth of what a step costs. SQLite says within a transaction whether any
other connection has written since the last one; what this connection writes is noted here.
"""

from __future__ import annotations

import sqlite3
from typing import Final

from msgspec import Struct

from interlock.store.sealing import CHAIN_START

_READ: Final = """
    select l.epoch, l.owner is not null, r.no, r.seq, r.head, r.status, r.due
    from lease l left join run r on r.tenant = l.tenant and r.run = l.run where l.tenant = ? and l.run = ?"""
_WRITTEN_BY_OTHERS: Final = "pragma data_version"


class Standing(Struct, frozen=True, gc=False):
    """Where a run stands in this transaction. Without a number it has no events yet."""

    epoch: int
    is_leased: bool
    no: int | None
    seq: int
    head: bytes
    status: str
    due: int | None


NOWHERE: Final = Standing(epoch=0, is_leased=False, no=None, seq=0, head=CHAIN_START, status="", due=None)


class Standings:
    """Of the runs that one connection appends to."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._known: dict[tuple[str, str], Standing] = {}
        self._version: int | None = None

    def begin(self) -> None:
        """A transaction has begun that nobody else can write beside: is what is known still true?"""
        (version,) = self._connection.execute(_WRITTEN_BY_OTHERS).fetchone()
        if version != self._version:
            self._known.clear()
            self._version = version

    def of(self, tenant: str, run: str) -> Standing:
        """Where a run stands."""
        known = self._known.get((tenant, run))
        return self._read(tenant, run) if known is None else known

    def note(self, tenant: str, run: str, standing: Standing) -> None:
        """Where a run stands from now on, which is under a lease."""
        self._known[tenant, run] = standing

    def drop(self, tenant: str, run: str) -> None:
        """Nobody goes on with a run here."""
        self._known.pop((tenant, run), None)

    def forget(self) -> None:
        """What is known may not be true any more: something was rolled back, or written otherwise."""
        self._known.clear()

    def _read(self, tenant: str, run: str) -> Standing:
        found = self._connection.execute(_READ, (tenant, run)).fetchone()
        if found is None:
            return NOWHERE
        epoch, is_leased, no, seq, head, status, due = found
        return Standing(epoch, bool(is_leased), no, seq or 0, head or CHAIN_START, status or "", due)
