"""Giving up what is kept in PostgreSQL, a little at a time: others get their turn to write in between.

What is erased is gone once the server has cleaned up the rows (vacuum, which it does by itself) and written over its
log; what its backups hold is for its administrator to see to.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from functools import partial
from typing import Any, Final

import msgspec

from interlock.store.blobs import unpack_blob
from interlock.store.errors import MissingError, RunKeptError
from interlock.store.mentions import MARKER, digests_in
from interlock.store.postgres import reads
from interlock.store.postgres.access import Ask, Do
from interlock.store.postgres.session import Session
from interlock.store.retention import RUNS_LISTED, Freed, RunSize
from interlock.store.rows import RunRow

_AT_ONCE: Final = 2_000
"""How many events or blobs are given up in one transaction: some milliseconds."""

_ENDED: Final = """
    select run from run r where tenant = $1 and no is not null and ended_at < $2 and ($3::text is null or graph = $3)
        and ($4::text is null or status = $4)
        and no < coalesce((select no from run where tenant = $1 and run = $5), 9223372036854775807)
        and (not $6::bool or (select payload is not null from event where run_no = r.no and seq = 1))
    order by no desc limit $7"""
_CHILDREN: Final = "select run from run where tenant = $1 and parent = $2 order by no"
_STANDING: Final = "select no, seq, ended_at, imported_from from run where tenant = $1 and run = $2 and no is not null"
_SIZE: Final = """
    select count(*), coalesce(sum(length(header)), 0)::int8,
        coalesce(sum(length(salt) + coalesce(length(payload), 0)), 0)::int8
    from event where run_no = $1"""
_MENTIONING_OF_RUN: Final = "select payload from event where run_no = $1 and position($2::bytea in payload) > 0"
_MENTIONING: Final = """
    select e.payload from feed f cross join lateral (
        select payload from event where run_no = f.run_no and seq between f.first_seq and f.last_seq offset 0) as e
    where f.tenant = $1 and f.position > $2 and f.run_no <> $3 and position($4::bytea in e.payload) > 0"""
# Imported runs are in no feed, so it is not known since when: they are looked at each time.
_MENTIONING_IMPORTED: Final = """
    select e.payload from run r cross join lateral (
        select payload from event where run_no = r.no and position($3::bytea in payload) > 0 offset 0) as e
    where r.tenant = $1 and r.no is not null and r.no <> $2 and r.imported_from <> ''"""
_NEWEST: Final = "select coalesce((select position from feed_end where tenant = $1), 0)"
_STORED: Final = "select digest from blob where tenant = $1"
_BLOBS: Final = "select digest, data from blob where tenant = $1 and digest = any($2::text[])"
_BLOB_SIZES: Final = """
    select digest, octet_length(data)::int8 from blob where tenant = $1 and digest = any($2::text[])"""

_ERASED_RUN: Final = "update run set error = '', labels = $2 where no = $1"
_ERASED_BESIDE: Final = (
    "update ledger set digest = '' where run_no = $1",
    "delete from question where run_no = $1",
    "delete from outbox where run_no = $1",
)
_ERASE: Final = "update event set salt = '', payload = null where run_no = $1 and seq between $2 and $3"
_DROP_EVENTS: Final = "delete from event where run_no = $1 and seq between $2 and $3"
_DROP_BY_NUMBER: Final = ("ledger", "outbox", "question", "feed")
_UNREAD: Final = ("signal", "offer")
_DROP_BY_NAME: Final = (*_UNREAD, "run")
# What somebody answers or renews at this very moment is left for the next time.
_DROP_OF_ENDED: Final = """
    with dropped as (
        delete from {table} where ctid = any(array(
            select ctid from {table} as x where tenant = $1 and {meant} and exists (
                select from run r where r.tenant = x.tenant and r.run = {run} and r.ended_at is not null)
            for update skip locked))
        returning 1)
    select count(*) from dropped"""
_DROP_UNREAD_OF_ENDED: Final = [_DROP_OF_ENDED.format(table=table, meant="true", run="x.run") for table in _UNREAD]
_DROP_RECORDS_OF_ENDED: Final = _DROP_OF_ENDED.format(
    table="record", meant="kind = any($2::text[])", run="split_part(x.key, ':', 1)"
)
# What an append is about to mention it has locked, and is left alone; for what is locked here it waits, and stores it
# anew.
_LOCK_BLOBS: Final = """
    select digest from blob where tenant = $1 and digest = any($2::text[]) order by digest for update skip locked"""
_DROP_BLOBS: Final = """
    delete from blob where tenant = $1 and digest = any($2::text[]) returning octet_length(data)::int8"""
_NO_LABELS: Final = msgspec.msgpack.encode({})


class PostgresRetention:
    """The retention of a store in PostgreSQL."""

    def __init__(self, ask: Ask, do: Do) -> None:
        self._ask = ask
        self._do = do

    async def ended_runs(
        self,
        tenant: str,
        *,
        before: int,
        graph: str | None = None,
        status: str | None = None,
        has_payloads: bool = False,
        older_than: str | None = None,
        limit: int = RUNS_LISTED,
    ) -> list[RunRow]:
        """Runs that ended before an instant."""
        asked = (tenant, before, graph, status, older_than, has_payloads, limit)

        async def question(session: Session) -> list[RunRow]:
            found = [await reads.run_by_name(session, tenant, run) for (run,) in await session.fetch(_ENDED, *asked)]
            return [row for row in found if row is not None]

        return await self._ask(question)

    async def children(self, tenant: str, run: str) -> list[str]:
        """The runs that took over results from a run."""
        return await self._ask(lambda session: _children(session, tenant, run))

    async def size_of(self, tenant: str, run: str) -> RunSize:
        """How much room a run takes."""
        return await self._ask(lambda session: _size(session, tenant, run))

    async def erase_payloads(self, tenant: str, run: str) -> None:
        """Erase what an ended run's events say, the first event last: it shows whether all of them were erased."""
        no, last = await self._do(lambda session: _erase_derived(session, tenant, run))
        await self._backwards(_ERASE, no, last)

    async def drop_run(self, tenant: str, run: str) -> None:
        """Give up an ended run, its last event first. Cut off in between, it is a run that is damaged, and ended."""
        no, last = await self._do(lambda session: _checked_end(session, tenant, run))
        await self._backwards(_DROP_EVENTS, no, last)
        await self._do(lambda session: _drop_rows(session, tenant, run, no))

    async def drop_leftovers(self, tenant: str, *, kinds: Collection[str]) -> int:
        """Give up what ended runs have left."""
        return await self._do(lambda session: _drop_leftovers(session, tenant, list(kinds)))

    async def drop_unmentioned_blobs(self, tenant: str) -> Freed:
        """Give up the blobs that no event mentions any more.

        They are looked for without keeping anybody from writing; before some of them are given up, in a transaction of
        its own, what was appended since is looked at too.
        """
        position, digests = await self._ask(lambda session: _unmentioned(session, tenant))
        freed = Freed(0, 0)
        for first in range(0, len(digests), _AT_ONCE):
            some = digests[first : first + _AT_ONCE]
            sizes = await self._do(partial(_drop_blobs, tenant=tenant, digests=some, since=position))
            freed = Freed(freed.blobs + len(sizes), freed.bytes + sum(sizes))
        return freed

    async def _backwards(self, statement: str, no: int, last: int) -> None:
        while last > 0:
            first = max(1, last - _AT_ONCE + 1)
            await self._do(lambda session, since=first, to=last: session.execute(statement, no, since, to))
            last = first - 1


# --- runs ------------------------------------------------------------------------------------------------------------


async def _standing(session: Session, tenant: str, run: str) -> tuple[int, int, int | None, str]:
    row = await session.fetchrow(_STANDING, tenant, run)
    if row is None:
        raise MissingError("run", run, tenant=tenant)
    no, seq, ended_at, imported_from = row
    return no, seq, ended_at, imported_from


async def _children(session: Session, tenant: str, run: str) -> list[str]:
    return [name for (name,) in await session.fetch(_CHILDREN, tenant, run)]


async def _size(session: Session, tenant: str, run: str) -> RunSize:
    no, *_ = await _standing(session, tenant, run)
    measured = await session.fetchrow(_SIZE, no)
    assert measured is not None
    events, headers, payloads = measured
    mentioned = _digests(await session.fetch(_MENTIONING_OF_RUN, no, MARKER))
    own = await _reachable(session, tenant, mentioned)
    others = await _reachable(session, tenant, await _mentioned(session, tenant, but_by=no)) if own else own
    return RunSize(
        events=events,
        headers=headers,
        payloads=payloads,
        own_blobs=await _size_of_blobs(session, tenant, own - others),
        shared_blobs=await _size_of_blobs(session, tenant, own & others),
    )


async def _erase_derived(session: Session, tenant: str, run: str) -> tuple[int, int]:
    no, seq, ended_at, _ = await _standing(session, tenant, run)
    if ended_at is None:
        raise RunKeptError(run)
    async with session.transaction():
        await session.execute(_ERASED_RUN, no, _NO_LABELS)
        for statement in _ERASED_BESIDE:
            await session.execute(statement, no)
        for table in _UNREAD:
            await session.execute(f"delete from {table} where tenant = $1 and run = $2", tenant, run)
    return no, seq


async def _checked_end(session: Session, tenant: str, run: str) -> tuple[int, int]:
    no, seq, ended_at, imported_from = await _standing(session, tenant, run)
    is_over = ended_at is not None or imported_from != ""
    needed_by = await _children(session, tenant, run)
    if needed_by or not is_over:
        raise RunKeptError(run, needed_by=needed_by if is_over else ())
    return no, seq


async def _drop_rows(session: Session, tenant: str, run: str, no: int) -> None:
    async with session.transaction():
        for table in _DROP_BY_NUMBER:
            await session.execute(f"delete from {table} where run_no = $1", no)
        for table in _DROP_BY_NAME:
            await session.execute(f"delete from {table} where tenant = $1 and run = $2", tenant, run)


async def _drop_leftovers(session: Session, tenant: str, kinds: list[str]) -> int:
    async with session.transaction():
        unread = [await session.fetchval(statement, tenant) for statement in _DROP_UNREAD_OF_ENDED]
        return sum(unread) + await session.fetchval(_DROP_RECORDS_OF_ENDED, tenant, kinds)


# --- blobs -----------------------------------------------------------------------------------------------------------


async def _unmentioned(session: Session, tenant: str) -> tuple[int, list[str]]:
    """The blobs that nobody had mentioned up to a position of the feed."""
    # Asked for first: what is appended meanwhile has a greater position, and is looked at before anything goes.
    position: int = await session.fetchval(_NEWEST, tenant)
    kept = {digest for (digest,) in await session.fetch(_STORED, tenant)}
    left = kept - await _mentioned(session, tenant) if kept else kept
    if left:
        left -= await _reachable(session, tenant, kept - left)
    return position, sorted(left)


async def _drop_blobs(session: Session, *, tenant: str, digests: Sequence[str], since: int) -> list[int]:
    """Give up those of the blobs that nobody has mentioned since a position; how large they were."""
    async with session.transaction():
        locked = {digest for (digest,) in await session.fetch(_LOCK_BLOBS, tenant, digests)}
        fresh = await _mentioned(session, tenant, after=since)
        spared = await _reachable(session, tenant, fresh)
        return [size for (size,) in await session.fetch(_DROP_BLOBS, tenant, sorted(locked - spared))]


async def _mentioned(session: Session, tenant: str, *, after: int = 0, but_by: int = 0) -> set[str]:
    """What a tenant's events behind a position mention, without those of one run."""
    own = _digests(await session.fetch(_MENTIONING, tenant, after, but_by, MARKER))
    return own | _digests(await session.fetch(_MENTIONING_IMPORTED, tenant, but_by, MARKER))


async def _reachable(session: Session, tenant: str, mentioned: Iterable[str]) -> set[str]:
    """What is mentioned, and what that mentions in turn."""
    found: set[str] = set()
    left = set(mentioned)
    while left:
        found |= left
        rows = await session.fetch(_BLOBS, tenant, sorted(left))
        inner = [digests_in(unpack_blob(data, name=f"blob {digest}")) for digest, data in rows]
        left = set[str]().union(*inner) - found
    return found


async def _size_of_blobs(session: Session, tenant: str, digests: Iterable[str]) -> int:
    return sum(size for _, size in await session.fetch(_BLOB_SIZES, tenant, sorted(digests)))


def _digests(payloads: Iterable[Sequence[Any]]) -> set[str]:
    return {digest for (payload,) in payloads for digest in digests_in(payload)}
