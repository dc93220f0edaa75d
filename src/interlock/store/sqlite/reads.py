"""What can be asked of a SQLite file, each question a function of a connection. Nothing here writes."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Sequence
from typing import Any, Final

from interlock.store.blobs import read_blob, unpack_blob
from interlock.store.columns import outbox_row, question_row, run_row
from interlock.store.errors import MissingError
from interlock.store.event_store import FeedEntry, Head, Signal
from interlock.store.rows import LedgerRow, OutboxRow, QuestionRow, RunEffect, RunRow
from interlock.store.sealing import CHAIN_START, Sealed

_EVENTS: Final = """
    select e.header, e.salt, e.payload from event e join run r on r.no = e.run_no
    where r.tenant = ? and r.run = ? and e.seq > ? order by e.seq limit ?"""
_FEED: Final = """
    select e.position, r.run, e.opens_at, e.seq from event e cross join run r on r.no = e.run_no
    where e.position > ? and e.opens_at is not null and r.tenant = ? order by e.position limit ?"""
# The columns of the view stand in the order of `RunRow`'s fields, behind the run's number.
_RUN_BY_NAME: Final = "select * from run_row where tenant = ? and run = ?"
_RUN_BY_KEY: Final = "select * from run_row where tenant = ? and key = ? and key <> ''"
# The newest run has the highest number. What is not asked for is null, and then holds for all.
_RUNS: Final = """
    select * from run_row where tenant = ?1 and (?2 is null or status = ?2) and (?3 is null or graph = ?3)
        and no < coalesce((select no from run where tenant = ?1 and run = ?4), 9223372036854775807)
    order by no desc limit ?5"""
_LEDGER: Final = """
    select l.effect, l.path, l.attempt, l.ordinal, l.kind, l.name, l.digest, l.intended_seq, l.status, l.settled_seq
    from ledger l join run r on r.no = l.run_no where r.tenant = ? and r.run = ? order by l.intended_seq"""
_EFFECTS: Final = """
    select r.run, l.effect, l.path, l.attempt, l.ordinal, l.kind, l.name, l.digest, l.intended_seq, l.status,
        l.settled_seq
    from run r cross join ledger l on l.run_no = r.no
    where r.tenant = ?1 and r.run in (select value from json_each(?2)) and (r.run <> ?3 or l.intended_seq > ?4)
    order by r.no desc, l.intended_seq limit ?5"""
_IN_DOUBT: Final = """
    select r.run, l.effect, l.path, l.attempt, l.ordinal, l.kind, l.name, l.digest, l.intended_seq, l.status,
        l.settled_seq
    from question q cross join run r on r.no = q.run_no
    cross join ledger l on l.run_no = q.run_no and l.path = q.path and l.status = 'unknown'
    where r.tenant = ? and q.reason = 'reconcile' order by q.asked_at, r.no, q.asked_seq, l.intended_seq limit ?"""
_QUESTIONS: Final = """
    select r.run, q.path, q.node, q.reason, q.question, q.asked_seq, q.asked_at, q.due
    from question q join run r on r.no = q.run_no
    where r.tenant = ?1 and (?2 is null or r.run = ?2) order by q.asked_at, r.no, q.asked_seq, q.path"""
_OUTBOX: Final = """
    select r.run, l.effect, l.path, l.name, l.intended_seq, e.header, e.salt, e.payload
    from ledger l join run r on r.no = l.run_no join event e on e.run_no = l.run_no and e.seq = l.intended_seq
    where l.kind = 'emit' and l.status in ('intended', 'unknown') and r.tenant = ? and e.payload is not null
        and r.imported_from = ''
    order by e.position limit ?"""
_SIGNALS: Final = """
    select id, run, kind, body, sender, sent_at from signal
    where tenant = ?1 and (?2 is null or run = ?2) order by id"""


def sealed_events(connection: sqlite3.Connection, *, tenant: str, run: str, after: int, limit: int) -> list[Sealed]:
    """A page of a run's log."""
    return [Sealed(*row) for row in connection.execute(_EVENTS, (tenant, run, after, limit))]


def head(connection: sqlite3.Connection, tenant: str, run: str) -> Head:
    """Where a run's log ends."""
    found = connection.execute("select seq, head from run where tenant = ? and run = ?", (tenant, run)).fetchone()
    return Head(*found) if found else Head(0, CHAIN_START)


def feed(connection: sqlite3.Connection, tenant: str, after: int, limit: int) -> list[FeedEntry]:
    """A tenant's appends in the order of their commits."""
    return [FeedEntry(*row) for row in connection.execute(_FEED, (after, tenant, limit))]


def feed_end(connection: sqlite3.Connection) -> int:
    """Where the feed of all tenants ends."""
    return connection.execute("select coalesce(max(position), 0) from event").fetchone()[0]


def change_mark(connection: sqlite3.Connection) -> int:
    """Changes with each commit of any other connection, of this process or another. Reads no page of the file."""
    return connection.execute("pragma data_version").fetchone()[0]


def run_by_name(connection: sqlite3.Connection, tenant: str, run: str) -> RunRow | None:
    """One run."""
    return _one(_runs(connection, _RUN_BY_NAME, (tenant, run)))


def run_by_key(connection: sqlite3.Connection, tenant: str, key: str) -> RunRow | None:
    """The run that was started under a key."""
    return _one(_runs(connection, _RUN_BY_KEY, (tenant, key)))


def newest_runs(
    connection: sqlite3.Connection,
    tenant: str,
    *,
    status: str | None,
    graph: str | None,
    before: str | None,
    limit: int,
) -> list[RunRow]:
    """A page of runs."""
    return _runs(connection, _RUNS, (tenant, status, graph, before, limit))


def ledger(connection: sqlite3.Connection, tenant: str, run: str) -> list[LedgerRow]:
    """A run's effects."""
    return [LedgerRow(*row) for row in connection.execute(_LEDGER, (tenant, run))]


def effects(
    connection: sqlite3.Connection, tenant: str, runs: Collection[str], behind: tuple[str, int], limit: int
) -> list[RunEffect]:
    """Effects of some runs."""
    rows = connection.execute(_EFFECTS, (tenant, json.dumps(list(runs)), *behind, limit))
    return [RunEffect(run, LedgerRow(*line)) for run, *line in rows]


def effects_in_doubt(connection: sqlite3.Connection, tenant: str, limit: int) -> list[RunEffect]:
    """Effects of which a person has to say what became of them."""
    return [RunEffect(run, LedgerRow(*line)) for run, *line in connection.execute(_IN_DOUBT, (tenant, limit))]


def questions(connection: sqlite3.Connection, tenant: str, run: str | None) -> list[QuestionRow]:
    """What waits for people."""
    return [question_row(row) for row in connection.execute(_QUESTIONS, (tenant, run))]


def outbox(connection: sqlite3.Connection, tenant: str, limit: int) -> list[OutboxRow]:
    """Events to be sent out: their data is the input of the node that sends them."""
    return [outbox_row(row) for row in connection.execute(_OUTBOX, (tenant, limit))]


def blob_key(connection: sqlite3.Connection, tenant: str) -> bytes | None:
    """The tenant's key, once it was made."""
    found = connection.execute("select key from blob_key where tenant = ?", (tenant,)).fetchone()
    return found[0] if found else None


def blobs(connection: sqlite3.Connection, tenant: str, digests: Collection[str]) -> dict[str, bytes]:
    """The raw bytes of blobs, checked against their names."""
    key = blob_key(connection, tenant) or b""
    return {digest: _blob(connection, tenant, digest, key) for digest in digests}


def bundle(connection: sqlite3.Connection, tenant: str, name: str) -> bytes:
    """The bytes of a bundle."""
    found = connection.execute("select data from bundle where tenant = ? and bundle = ?", (tenant, name)).fetchone()
    if found is None:
        raise MissingError("bundle", name, tenant=tenant)
    return unpack_blob(found[0], name=f"bundle {name}")


def signals(connection: sqlite3.Connection, tenant: str, run: str | None) -> list[Signal]:
    """Unread signals."""
    return [Signal(*row) for row in connection.execute(_SIGNALS, (tenant, run))]


def count_of_signals(connection: sqlite3.Connection, tenant: str, run: str) -> int:
    """How many signals of a run are unread."""
    return connection.execute("select count(*) from signal where tenant = ? and run = ?", (tenant, run)).fetchone()[0]


def _runs(connection: sqlite3.Connection, statement: str, values: Sequence[Any]) -> list[RunRow]:
    return [run_row(row[1:]) for row in connection.execute(statement, values)]


def _one(rows: Sequence[RunRow]) -> RunRow | None:
    return rows[0] if rows else None


def _blob(connection: sqlite3.Connection, tenant: str, digest: str, key: bytes) -> bytes:
    found = connection.execute("select data from blob where tenant = ? and digest = ?", (tenant, digest)).fetchone()
    if found is None:
        raise MissingError("blob", digest, tenant=tenant)
    return read_blob(found[0], digest=digest, key=key)
