"""Keeping runs of other installations in PostgreSQL: a page of events is one transaction.

Only the run's own row and the blobs that it brings are locked meanwhile, and nothing of it enters the feed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final

from interlock.store.blobs import pack_imported_blob, read_blob
from interlock.store.errors import BlobNameTakenError, RunOfThisPlaceError, StaleRunError
from interlock.store.imports import ImportedPage, imported_changes
from interlock.store.postgres.access import Do
from interlock.store.postgres.rows import Values, line_values, origin_values, storable
from interlock.store.postgres.session import Session
from interlock.store.rows import RunChanges, RunOrigin
from interlock.store.sealing import CHAIN_START

_STANDING: Final = """
    select no, seq, head, imported_from from run where tenant = $1 and run = $2 for no key update"""
_BEGIN: Final = """
    insert into run(tenant, run, imported_from, no, graph, graph_hash, bundle, kind, parent, key, labels, started_at,
        priority, epoch, expires_at)
    values ($1, $2, $3, nextval('run_no'), $4, $5, $6, $7, $8, $9, $10, $11, $12, 0, 0)
    on conflict do nothing returning no"""
_ADVANCED: Final = """
    update run set seq = $2, head = $3, status = $4, ended_at = coalesce($5, ended_at), error = coalesce($6, error),
        bundle = coalesce($7, bundle), graph_hash = coalesce($8, graph_hash)
    where no = $1"""
_EVENTS: Final = """
    insert into event(run_no, seq, header, salt, payload)
    select $1, * from unnest($2::int8[], $3::bytea[], $4::bytea[], $5::bytea[])"""
_LINES: Final = """
    insert into ledger(run_no, effect, path, attempt, ordinal, kind, name, digest, intended_seq, status, settled_seq)
    select $1, * from unnest($2::text[], $3::text[], $4::int8[], $5::int8[], $6::text[], $7::text[], $8::text[],
        $9::int8[], $10::text[], $11::int8[])
    on conflict (run_no, effect) do update set path = excluded.path, attempt = excluded.attempt,
        ordinal = excluded.ordinal, kind = excluded.kind, name = excluded.name, digest = excluded.digest,
        intended_seq = excluded.intended_seq, status = excluded.status, settled_seq = excluded.settled_seq"""
_SETTLED: Final = """
    update ledger set status = s.status, settled_seq = s.settled_seq
    from unnest($2::text[], $3::text[], $4::int8[]) as s(effect, status, settled_seq)
    where ledger.run_no = $1 and ledger.effect = s.effect"""
# What is there already is locked, so that whoever gives up blobs leaves it alone.
_BLOBS: Final = """
    insert into blob(tenant, digest, data) select $1, * from unnest($2::text[], $3::bytea[])
    on conflict (tenant, digest) do update set digest = excluded.digest where false"""
_STORED: Final = "select data from blob where tenant = $1 and digest = $2"


class PostgresImports:
    """The imports of a store in PostgreSQL."""

    def __init__(self, do: Do, key_of: Callable[[str], Awaitable[bytes]], *, on_commit: Callable[[], None]) -> None:
        self._do = do
        self._key_of = key_of
        self._on_commit = on_commit

    async def keep(self, page: ImportedPage) -> None:
        """Add events to the record of a run."""
        key = await self._key_of(page.tenant)
        packed = await asyncio.to_thread(_packed, page.blobs, key)
        await self._do(lambda session: _keep(session, page, packed, key))
        self._on_commit()


def _packed(blobs: Mapping[str, bytes], key: bytes) -> dict[str, bytes]:
    return {digest: pack_imported_blob(data, digest=digest, key=key) for digest, data in sorted(blobs.items())}


async def _keep(session: Session, page: ImportedPage, packed: Mapping[str, bytes], key: bytes) -> None:
    changed = imported_changes(page.run, page.events)
    async with session.transaction():
        no = await _number(session, page, changed.origin)
        if packed:
            await session.execute(_BLOBS, page.tenant, list(packed), list(packed.values()))
            await _check_stored(session, page, key)
        seqs = list(range(page.after + 1, page.after + 1 + len(page.sealed)))
        headers, salts = [one.header for one in page.sealed], [one.salt for one in page.sealed]
        await session.execute(_EVENTS, no, seqs, headers, salts, [one.payload for one in page.sealed])
        await _derive(session, no, changed)
        await session.execute(_ADVANCED, no, seqs[-1], page.head, *_standing(page, changed))


async def _number(session: Session, page: ImportedPage, origin: RunOrigin | None) -> int:
    """The number of the run, which is made if nothing of it is kept yet."""
    found = await session.fetchrow(_STANDING, page.tenant, page.run)
    if found is None and origin is not None:
        begun = (page.tenant, page.run, page.imported_from, *origin_values(origin))
        no = await session.fetchval(_BEGIN, *begun)
        if no is not None:
            return no
        # Somebody else was quicker.
        found = await session.fetchrow(_STANDING, page.tenant, page.run)
    no, seq, head, imported_from = found or (None, 0, CHAIN_START, page.imported_from)
    if not imported_from:
        raise RunOfThisPlaceError(page.run)
    if no is None or (seq, head) != (page.after, page.previous):
        raise StaleRunError(page.run, expected=page.after, actual=seq)
    return no


async def _check_stored(session: Session, page: ImportedPage, key: bytes) -> None:
    """What was there under the same names has to be the same."""
    for digest, data in page.blobs.items():
        stored = await session.fetchval(_STORED, page.tenant, digest)
        if read_blob(stored, digest=digest, key=key) != data:
            raise BlobNameTakenError(page.run, digest=digest)


async def _derive(session: Session, no: int, changed: RunChanges) -> None:
    lines = [line_values(line) for line in changed.intended.values()]
    if lines:
        await session.execute(_LINES, no, *_columns(lines))
    settled = [(one.effect, one.status, one.seq) for one in changed.settled.values()]
    if settled:
        await session.execute(_SETTLED, no, *_columns(settled))


def _standing(page: ImportedPage, changed: RunChanges) -> Values:
    ending, pin = changed.ending, changed.pin
    ended: Values = (ending.status, ending.ended_at, storable(ending.error)) if ending else (page.status, None, None)
    return (*ended, *((pin.bundle, pin.graph_hash) if pin else (None, None)))


def _columns(rows: Sequence[Values]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]
