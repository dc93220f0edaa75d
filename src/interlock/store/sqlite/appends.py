"""Many appends in one SQLite transaction: each is checked alone, then all are written table by table.

Of a refused append nothing was written, so the others in the transaction are not harmed. Beginning and committing
belong to the caller.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Final

from interlock.store.errors import LeaseLostError, MissingError, RunKeyTakenError, SignalGoneError, StaleRunError
from interlock.store.event_store import Append
from interlock.store.mentions import adopted_blobs
from interlock.store.rows import RunOrigin, changes
from interlock.store.salts import Salts
from interlock.store.sealing import Sealed, seal_all
from interlock.store.sqlite import effect_queue, leasing
from interlock.store.sqlite.rows import DerivedRows, Row
from interlock.store.sqlite.standings import Standing, Standings

_UNREAD: Final = "select 1 from signal where id = ? and tenant = ? and run = ?"
_STORED_BLOB: Final = "select 1 from blob where tenant = ? and digest = ?"
_BY_KEY: Final = "select run from run where tenant = ? and key = ?"

_EVENTS: Final = "insert into event(run_no, seq, opens_at, header, salt, payload) values (?, ?, ?, ?, ?, ?)"
# What a run of this place mentions stands before what an imported one has brought under the same name.
_BLOBS: Final = """
    insert into blob(tenant, digest, data) values (?, ?, ?) on conflict(tenant, digest)
    do update set data = excluded.data where substr(blob.data, 1, 1) = x'02'"""
_CONSUMED: Final = "delete from signal where id = ?"


class AppendBatch:
    """The appends of one transaction, which has begun. What was taken in is in the tables after `flush`."""

    def __init__(self, connection: sqlite3.Connection, salts: Salts, standings: Standings) -> None:
        self._connection = connection
        self._salts = salts
        self._standings = standings
        standings.begin()
        self._runs: set[tuple[str, str]] = set()
        self._rows: dict[str, list[Row]] = {
            _EVENTS: [],
            _BLOBS: [],
            _CONSUMED: [],
            leasing.TAKE: [],
            leasing.RELEASE: [],
            effect_queue.OFFER: [],
        }
        self._derived = DerivedRows(connection)

    def add(self, append: Append) -> None:
        """Check an append, whose blobs are packed, and take it in; raises what `EventStore.append` raises."""
        if (append.tenant, append.run) in self._runs:
            # Two appends of one run are not mixed: the second may take back what the first has derived.
            self.flush()
        standing = self._standings.of(append.tenant, append.run)
        self._check(append, standing)
        events, before = append.events, append.expected_seq
        salts = self._salts.take(len(events))
        sealed, head = seal_all(events, tenant=append.tenant, run=append.run, previous=standing.head, salts=salts)
        if before == 0:
            self._check_adopted_blobs(append, sealed)
        changed = changes(append.run, events)
        no = self._new_run(append, changed.origin) if standing.no is None else standing.no

        last = before + len(sealed)
        rows = self._rows[_EVENTS]
        for seq, one in enumerate(sealed, start=before + 1):
            rows.append((no, seq, before + 1 if seq == last else None, one.header, one.salt, one.payload))
        self._rows[_BLOBS].extend((append.tenant, digest, data) for digest, data in append.blobs.items())
        if append.claim is not None:
            self._rows[leasing.TAKE].append(leasing.lease_row(append.claim))
        if append.releases:
            self._rows[leasing.RELEASE].append((append.tenant, append.run, append.epoch))
        if append.offers:
            self._rows[effect_queue.OFFER].extend(
                effect_queue.offer_row(append.tenant, append.run, offer) for offer in append.offers
            )
        self._rows[_CONSUMED].extend((signal,) for signal in append.consumed)
        has_moved = (append.status, append.due) != (standing.status, standing.due)
        moved_to = (append.status, append.due) if has_moved else None
        self._derived.add(no, changed, seq=last, head=head, moved_to=moved_to)
        self._runs.add((append.tenant, append.run))
        if append.releases or changed.ending is not None:
            self._standings.drop(append.tenant, append.run)
        else:
            epoch = append.epoch if append.claim is None else append.claim.epoch
            standing = Standing(epoch, is_leased=True, no=no, seq=last, head=head, status=append.status, due=append.due)
            self._standings.note(append.tenant, append.run, standing)

    def flush(self) -> None:
        """Write what was taken in."""
        for statement, rows in self._rows.items():
            if rows:
                self._connection.executemany(statement, rows)
                rows.clear()
        self._derived.flush()
        self._runs.clear()

    def _check(self, append: Append, standing: Standing) -> None:
        if append.claim is not None:
            leasing.check_claim(self._connection, append.claim)
        elif standing.epoch != append.epoch or not standing.is_leased:
            raise LeaseLostError(append.run, epoch=append.epoch, current=standing.epoch)
        if standing.seq != append.expected_seq:
            raise StaleRunError(append.run, expected=append.expected_seq, actual=standing.seq)
        for signal in append.consumed:
            if not self._connection.execute(_UNREAD, (signal, append.tenant, append.run)).fetchone():
                raise SignalGoneError(append.run, signal=signal)

    def _check_adopted_blobs(self, append: Append, sealed: Sequence[Sealed]) -> None:
        adopted = adopted_blobs(append.events, sealed) - append.blobs.keys()
        if adopted:
            self.flush()
        for digest in sorted(adopted):
            if not self._connection.execute(_STORED_BLOB, (append.tenant, digest)).fetchone():
                raise MissingError("blob", digest, tenant=append.tenant)

    def _new_run(self, append: Append, origin: RunOrigin | None) -> int:
        assert origin is not None, f"the first event of run {append.run} is not its start"
        if origin.key:
            taken = self._connection.execute(_BY_KEY, (append.tenant, origin.key)).fetchone()
            if taken:
                raise RunKeyTakenError(origin.key, run=append.run, taken_by=taken[0])
        return self._derived.new_run(append.tenant, append.run, origin)
