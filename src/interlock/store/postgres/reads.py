"""What can be asked of a store in PostgreSQL, each question a function of a connection. Nothing here writes."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from interlock.store.blobs import read_blob, unpack_blob
from interlock.store.columns import outbox_row, question_row, run_row
from interlock.store.errors import MissingError
from interlock.store.event_store import FeedEntry, Head, Signal
from interlock.store.postgres.rows import storable
from interlock.store.postgres.session import Row, Session
from interlock.store.rows import LedgerRow, OutboxRow, QuestionRow, RunEffect, RunRow
from interlock.store.sealing import CHAIN_START, Sealed

_NO: Final = "(select no from run where tenant = $1 and run = $2)"
_EVENTS: Final = f"""
    select header, salt, payload from event where run_no = {_NO} and seq > $3 order by seq limit $4"""
_FEED: Final = """
    select f.position, r.run, f.first_seq, f.last_seq from feed f
    cross join lateral (select run from run where no = f.run_no offset 0) as r
    where f.tenant = $1 and f.position > $2 order by f.position limit $3"""
# The columns stand in the order of `RunRow`'s fields. What is only leased has no number, and is no run yet.
_RUN: Final = """
    select tenant, run, status, graph, graph_hash, bundle, kind, parent, key, labels, started_at, ended_at, seq, head,
        due, (select count(*) from question q where q.run_no = r.no), error, priority, imported_from
    from run r where no is not null and """
_RUN_BY_NAME: Final = f"{_RUN} tenant = $1 and run = $2"
_RUN_BY_KEY: Final = f"{_RUN} tenant = $1 and key = $2 and key <> ''"
# The newest run has the highest number. What is not asked for is null, and then holds for all.
_RUNS: Final = f"""{_RUN} tenant = $1 and ($2::text is null or status = $2) and ($3::text is null or graph = $3)
        and no < coalesce((select no from run where tenant = $1 and run = $4), 9223372036854775807)
    order by no desc limit $5"""
_LEDGER: Final = f"""
    select effect, path, attempt, ordinal, kind, name, digest, intended_seq, status, settled_seq
    from ledger where run_no = {_NO} order by intended_seq"""
_EFFECTS: Final = """
    select r.run, l.effect, l.path, l.attempt, l.ordinal, l.kind, l.name, l.digest, l.intended_seq, l.status,
        l.settled_seq
    from (select run, no from run where tenant = $1 and run = any($2::text[]) and no is not null offset 0) as r
    cross join lateral (select * from ledger where run_no = r.no offset 0) as l
    where r.run <> $3 or l.intended_seq > $4 order by r.no desc, l.intended_seq limit $5"""
_IN_DOUBT: Final = """
    select r.run, l.effect, l.path, l.attempt, l.ordinal, l.kind, l.name, l.digest, l.intended_seq, l.status,
        l.settled_seq
    from question q cross join lateral (select tenant, run, no from run where no = q.run_no offset 0) as r
    cross join lateral (select * from ledger where run_no = q.run_no offset 0) as l
    where r.tenant = $1 and q.reason = 'reconcile' and l.path = q.path and l.status = 'unknown'
    order by q.asked_at, r.no, q.asked_seq, l.intended_seq limit $2"""
_QUESTIONS: Final = """
    select r.run, q.path, q.node, q.reason, q.question, q.asked_seq, q.asked_at, q.due
    from question q cross join lateral (select tenant, run, no from run where no = q.run_no offset 0) as r
    where r.tenant = $1 and ($2::text is null or r.run = $2) order by q.asked_at, r.no, q.asked_seq, q.path"""
_QUESTIONS_OF_RUN: Final = f"""
    select $2, path, node, reason, question, asked_seq, asked_at, due
    from question where run_no = {_NO} order by asked_at, asked_seq, path"""
_OUTBOX: Final = """
    select r.run, l.effect, l.path, l.name, l.intended_seq, e.header, e.salt, e.payload
    from outbox o
    cross join lateral (select tenant, run, no from run where no = o.run_no offset 0) as r
    cross join lateral (select * from ledger where run_no = o.run_no and effect = o.effect offset 0) as l
    cross join lateral (select * from event where run_no = o.run_no and seq = l.intended_seq offset 0) as e
    where r.tenant = $1 order by o.intended_at, o.run_no, l.intended_seq limit $2"""
_SIGNALS: Final = """
    select id, run, kind, body, sender, sent_at from signal
    where tenant = $1 and ($2::text is null or run = $2) order by id"""
_BLOBS: Final = "select digest, data from blob where tenant = $1 and digest = any($2::text[])"


async def sealed_events(session: Session, *, tenant: str, run: str, after: int, limit: int) -> list[Sealed]:
    """A page of a run's log."""
    return [Sealed(*row) for row in await session.fetch(_EVENTS, tenant, run, after, limit)]


async def head(session: Session, tenant: str, run: str) -> Head:
    """Where a run's log ends."""
    found = await session.fetchrow("select seq, head from run where tenant = $1 and run = $2", tenant, run)
    return Head(*found) if found else Head(0, CHAIN_START)


async def feed(session: Session, tenant: str, after: int, limit: int) -> list[FeedEntry]:
    """A tenant's appends in the order of their commits."""
    return [FeedEntry(*row) for row in await session.fetch(_FEED, tenant, after, limit)]


async def feed_end(session: Session, tenant: str) -> int:
    """Where a tenant's feed ends."""
    [(position,)] = await session.fetch("select coalesce(max(position), 0) from feed where tenant = $1", tenant)
    return position


async def run_by_name(session: Session, tenant: str, run: str) -> RunRow | None:
    """One run."""
    return _run_or_none(await session.fetchrow(_RUN_BY_NAME, tenant, run))


async def run_by_key(session: Session, tenant: str, key: str) -> RunRow | None:
    """The run that was started under a key."""
    return _run_or_none(await session.fetchrow(_RUN_BY_KEY, tenant, storable(key)))


async def newest_runs(
    session: Session,
    tenant: str,
    *,
    status: str | None,
    graph: str | None,
    before: str | None,
    limit: int,
) -> list[RunRow]:
    """A page of runs."""
    return [run_row(row) for row in await session.fetch(_RUNS, tenant, status, graph, before, limit)]


async def ledger(session: Session, tenant: str, run: str) -> list[LedgerRow]:
    """A run's effects."""
    return [LedgerRow(*row) for row in await session.fetch(_LEDGER, tenant, run)]


async def effects(
    session: Session, tenant: str, runs: Collection[str], behind: tuple[str, int], limit: int
) -> list[RunEffect]:
    """Effects of some runs."""
    rows = await session.fetch(_EFFECTS, tenant, list(runs), *behind, limit)
    return [RunEffect(run, LedgerRow(*line)) for run, *line in rows]


async def effects_in_doubt(session: Session, tenant: str, limit: int) -> list[RunEffect]:
    """Effects of which a person has to say what became of them."""
    return [RunEffect(run, LedgerRow(*line)) for run, *line in await session.fetch(_IN_DOUBT, tenant, limit)]


async def questions(session: Session, tenant: str, run: str | None) -> list[QuestionRow]:
    """What waits for people."""
    rows = await session.fetch(_QUESTIONS if run is None else _QUESTIONS_OF_RUN, tenant, run)
    return [question_row(row) for row in rows]


async def outbox(session: Session, tenant: str, limit: int) -> list[OutboxRow]:
    """Events to be sent out: their data is the input of the node that sends them."""
    return [outbox_row(row) for row in await session.fetch(_OUTBOX, tenant, limit)]


async def blob_key(session: Session, tenant: str) -> bytes | None:
    """The tenant's key, once it was made."""
    return await session.fetchval("select key from blob_key where tenant = $1", tenant)


async def blobs(session: Session, tenant: str, digests: Collection[str]) -> dict[str, bytes]:
    """The raw bytes of blobs, checked against their names."""
    if not digests:
        return {}
    key = await blob_key(session, tenant) or b""
    stored: dict[str, bytes] = dict(await session.fetch(_BLOBS, tenant, list(digests)))
    return {digest: _blob(stored, tenant, digest, key) for digest in digests}


async def bundle(session: Session, tenant: str, name: str) -> bytes:
    """The bytes of a bundle."""
    found = await session.fetchval("select data from bundle where tenant = $1 and bundle = $2", tenant, name)
    if found is None:
        raise MissingError("bundle", name, tenant=tenant)
    return unpack_blob(found, name=f"bundle {name}")


async def signals(session: Session, tenant: str, run: str | None) -> list[Signal]:
    """Unread signals."""
    return [Signal(*row) for row in await session.fetch(_SIGNALS, tenant, run)]


def _run_or_none(row: Row | None) -> RunRow | None:
    return None if row is None else run_row(row)


def _blob(stored: dict[str, bytes], tenant: str, digest: str, key: bytes) -> bytes:
    if digest not in stored:
        raise MissingError("blob", digest, tenant=tenant)
    return read_blob(stored[digest], digest=digest, key=key)
