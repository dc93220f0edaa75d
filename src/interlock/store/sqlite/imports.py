"""Keeping runs of other installations in a SQLite file: a page of events is one transaction.

No event of them opens an append, so the feed never shows them.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from interlock.store.blobs import pack_imported_blob, read_blob
from interlock.store.errors import BlobNameTakenError, RunOfThisPlaceError, StaleRunError
from interlock.store.imports import ImportedPage, imported_changes
from interlock.store.sealing import CHAIN_START
from interlock.store.sqlite.access import Do
from interlock.store.sqlite.rows import DerivedRows

_STANDING: Final = "select no, seq, head, imported_from from run where tenant = ? and run = ?"
_MARK: Final = "update run set imported_from = ? where no = ?"
# A lease that nobody has ever had: a run that would be started under the same id is seen to be no new one.
_NO_LEASE: Final = "insert or ignore into lease(tenant, run, epoch, expires_at) values (?, ?, 0, 0)"
_EVENTS: Final = "insert into event(run_no, seq, opens_at, header, salt, payload) values (?, ?, null, ?, ?, ?)"
_STORED: Final = "select data from blob where tenant = ? and digest = ?"
_BLOB: Final = "insert into blob(tenant, digest, data) values (?, ?, ?)"


class SqliteImports:
    """The imports of a SQLite store."""

    def __init__(self, do: Do, key_of: Callable[[str], Awaitable[bytes]]) -> None:
        self._do = do
        self._key_of = key_of

    async def keep(self, page: ImportedPage) -> None:
        """Add events to the record of a run."""
        key = await self._key_of(page.tenant)
        packed = await asyncio.to_thread(_packed, page.blobs, key)
        await self._do(lambda file: _keep(file, page, packed, key))


def _packed(blobs: Mapping[str, bytes], key: bytes) -> dict[str, bytes]:
    return {digest: pack_imported_blob(data, digest=digest, key=key) for digest, data in blobs.items()}


def _keep(file: sqlite3.Connection, page: ImportedPage, packed: Mapping[str, bytes], key: bytes) -> None:
    found = file.execute(_STANDING, (page.tenant, page.run)).fetchone()
    no, seq, head, imported_from = found or (None, 0, CHAIN_START, page.imported_from)
    if not imported_from:
        raise RunOfThisPlaceError(page.run)
    if (seq, head) != (page.after, page.previous):
        raise StaleRunError(page.run, expected=page.after, actual=seq)
    fresh = _fresh_blobs(file, page, packed, key)
    derived = DerivedRows(file)
    changed = imported_changes(page.run, page.events)
    if no is None:
        assert changed.origin is not None, f"the first event of run {page.run} is not its start"
        no = derived.new_run(page.tenant, page.run, changed.origin)
        file.execute(_MARK, (page.imported_from, no))
        file.execute(_NO_LEASE, (page.tenant, page.run))
    rows = enumerate(page.sealed, start=page.after + 1)
    file.executemany(_EVENTS, ((no, seq, one.header, one.salt, one.payload) for seq, one in rows))
    file.executemany(_BLOB, ((page.tenant, digest, data) for digest, data in fresh.items()))
    derived.add(no, changed, seq=page.after + len(page.sealed), head=page.head, moved_to=(page.status, None))
    derived.flush()


def _fresh_blobs(
    file: sqlite3.Connection, page: ImportedPage, packed: Mapping[str, bytes], key: bytes
) -> dict[str, bytes]:
    """Those that are not there yet. What is there has to be the same."""
    fresh: dict[str, bytes] = {}
    for digest, data in packed.items():
        stored = file.execute(_STORED, (page.tenant, digest)).fetchone()
        if stored is None:
            fresh[digest] = data
        elif read_blob(stored[0], digest=digest, key=key) != page.blobs[digest]:
            raise BlobNameTakenError(page.run, digest=digest)
    return fresh
