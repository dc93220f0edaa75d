"""Giving up what is kept in a SQLite file, a little at a time: other processes get their turn to write in between.

What is erased is written over with zeros. The file does not become smaller: its free pages are used again.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Collection, Generator, Iterable
from contextlib import closing, contextmanager
from functools import partial
from typing import Final, Protocol, TypeVar

import msgspec
from msgspec import Struct

from interlock.store.blobs import unpack_blob
from interlock.store.errors import MissingError, RunKeptError
from interlock.store.mentions import MARKER, digests_in, reachable
from interlock.store.retention import RUNS_LISTED, Freed, RunSize
from interlock.store.rows import RunRow
from interlock.store.sqlite import reads
from interlock.store.sqlite.access import Do

T = TypeVar("T")

_AT_ONCE: Final = 2_000
"""How many events or blobs are given up in one transaction: some milliseconds."""

_ENDED: Final = """
    select run from run where tenant = ?1 and ended_at < ?2 and (?3 is null or graph = ?3)
        and (?4 is null or status = ?4)
        and no < coalesce((select no from run where tenant = ?1 and run = ?5), 9223372036854775807)
        and (not ?6 or (select payload is not null from event where run_no = no and seq = 1))
    order by no desc limit ?7"""
_CHILDREN: Final = "select run from run where tenant = ? and parent = ? and parent <> '' order by no"
_IS_IMPORTED: Final = "select 1 from run where tenant = ? and run = ? and imported_from <> ''"
_SIZE: Final = """
    select count(*), sum(length(header)), sum(length(salt) + coalesce(length(payload), 0))
    from event where run_no = ?"""
_MENTIONING: Final = """
    select e.payload from event e cross join run r on r.no = e.run_no
    where e.position > ? and instr(e.payload, ?) and r.tenant = ? and r.no <> ?"""
_MENTIONING_OF_RUN: Final = "select payload from event where run_no = ? and instr(payload, ?)"
_NEWEST: Final = "select coalesce(max(position), 0) from event"

_ERASE: Final = "update event set salt = x'', payload = null where run_no = ? and seq between ? and ?"
_ERASED_RUN: Final = "update run set error = '', labels = ? where no = ?"
_ERASED_LEDGER: Final = "update ledger set digest = '' where run_no = ?"
_DROP_EVENTS: Final = "delete from event where run_no = ? and seq between ? and ?"
# The feed's end is kept by a row that is of no run, so that no position is ever given out twice.
_KEEP_END: Final = """
    insert into event(position, run_no, seq, header, salt)
    select position + 1, 0, position + 1, x'', x'' from event
    where position = (select max(position) from event) and run_no = ?"""
_DROP_OLD_ENDS: Final = "delete from event where run_no = 0 and position < (select max(position) from event)"
_DROP_UNREAD: Final = (
    "delete from signal where tenant = ? and run = ?",
    "delete from offer where tenant = ? and run = ?",
)
_DROP_BY_NUMBER: Final = ("delete from ledger where run_no = ?", "delete from question where run_no = ?")
_DROP_BY_NAME: Final = (
    *_DROP_UNREAD,
    "delete from lease where tenant = ? and run = ?",
    "delete from run where tenant = ? and run = ?",
)
_OF_ENDED: Final = """
    delete from {table} where tenant = :tenant and {meant} and exists (
        select 1 from run r where r.tenant = {table}.tenant and r.run = {run} and r.ended_at is not null)"""
_DROP_OF_ENDED: Final = (
    *(_OF_ENDED.format(table=table, meant="true", run=f"{table}.run") for table in ("signal", "offer")),
    _OF_ENDED.format(
        table="record",
        meant="kind in (select value from json_each(:kinds))",
        run="substr(record.key, 1, instr(record.key || ':', ':') - 1)",
    ),
)
_NO_LABELS: Final = msgspec.msgpack.encode({})


class Search(Protocol):
    """Answer a question that takes its time."""

    async def __call__(self, question: Callable[[sqlite3.Connection], T], /) -> T:
        """The answer."""
        ...


class SqliteRetention:
    """The retention of a SQLite store."""

    def __init__(self, do: Do, search: Search) -> None:
        self._do = do
        self._search = search

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

        def question(file: sqlite3.Connection) -> list[RunRow]:
            found = [reads.run_by_name(file, tenant, run) for (run,) in file.execute(_ENDED, asked).fetchall()]
            return [row for row in found if row is not None]

        return await self._search(question)

    async def children(self, tenant: str, run: str) -> list[str]:
        """The runs that took over results from a run."""
        return await self._search(lambda file: _children(file, tenant, run))

    async def size_of(self, tenant: str, run: str) -> RunSize:
        """How much room a run takes."""
        return await self._search(lambda file: _size(file, tenant, run))

    async def erase_payloads(self, tenant: str, run: str) -> None:
        """Erase what an ended run's events say, the first event last: it shows whether all of them were erased."""
        last = await self._do(lambda file: _erase_derived(file, tenant, run))
        while last > 0:
            first = max(1, last - _AT_ONCE + 1)
            await self._do(lambda file, to=last, since=first: _erase_events(file, tenant, run, since, to))
            last = first - 1

    async def drop_run(self, tenant: str, run: str) -> None:
        """Give up an ended run, its last event first. Cut off in between, it is a run that is damaged, and ended."""
        last = await self._do(lambda file: _checked_end(file, tenant, run))
        while last > 0:
            first = max(1, last - _AT_ONCE + 1)
            await self._do(lambda file, to=last, since=first: _drop_events(file, tenant, run, since, to))
            last = first - 1
        await self._do(lambda file: _drop_rows(file, tenant, run))

    async def drop_leftovers(self, tenant: str, *, kinds: Collection[str]) -> int:
        """Give up what ended runs have left."""
        named = {"tenant": tenant, "kinds": json.dumps(list(kinds))}
        return await self._do(lambda file: _drop_leftovers(file, named))

    async def drop_unmentioned_blobs(self, tenant: str) -> Freed:
        """Give up the blobs that no event mentions any more.

        They are looked for without keeping anybody from writing; before some of them are given up, in a transaction of
        its own, what was appended since is looked at too.
        """
        found = await self._search(lambda file: _unmentioned(file, tenant))
        freed = Freed(0, 0)
        while found.digests:
            some, found = await self._do(lambda file, left=found: _drop_blobs(file, tenant, left))
            freed = Freed(freed.blobs + some.blobs, freed.bytes + some.bytes)
        return freed


class _Unmentioned(Struct, frozen=True):
    """Blobs that nobody had mentioned up to a position of the feed."""

    digests: tuple[str, ...]
    position: int


# --- runs ------------------------------------------------------------------------------------------------------------


def _number(file: sqlite3.Connection, tenant: str, run: str) -> int:
    return _found(file, tenant, run)[0]


def _found(file: sqlite3.Connection, tenant: str, run: str) -> tuple[int, int, int | None]:
    row = file.execute("select no, seq, ended_at from run where tenant = ? and run = ?", (tenant, run)).fetchone()
    if row is None:
        raise MissingError("run", run, tenant=tenant)
    return row


def _children(file: sqlite3.Connection, tenant: str, run: str) -> list[str]:
    return [name for (name,) in file.execute(_CHILDREN, (tenant, run))]


def _size(file: sqlite3.Connection, tenant: str, run: str) -> RunSize:
    no = _number(file, tenant, run)
    events, headers, payloads = file.execute(_SIZE, (no,)).fetchone()
    read = partial(_blob, file, tenant)
    own = reachable(_digests(file.execute(_MENTIONING_OF_RUN, (no, MARKER))), read)
    others = reachable(_mentioned(file, tenant, but_by=no), read) if own else own
    return RunSize(
        events=events,
        headers=headers or 0,
        payloads=payloads or 0,
        own_blobs=sum(_blob_size(file, tenant, digest) for digest in own - others),
        shared_blobs=sum(_blob_size(file, tenant, digest) for digest in own & others),
    )


def _erase_derived(file: sqlite3.Connection, tenant: str, run: str) -> int:
    no, seq, ended_at = _found(file, tenant, run)
    if ended_at is None:
        raise RunKeptError(run)
    with _overwriting(file):
        file.execute(_ERASED_RUN, (_NO_LABELS, no))
        file.execute(_ERASED_LEDGER, (no,))
        file.execute("delete from question where run_no = ?", (no,))
        for statement in _DROP_UNREAD:
            file.execute(statement, (tenant, run))
    return seq


def _erase_events(file: sqlite3.Connection, tenant: str, run: str, first: int, last: int) -> None:
    with _overwriting(file):
        file.execute(_ERASE, (_number(file, tenant, run), first, last))


@contextmanager
def _overwriting(file: sqlite3.Connection) -> Generator[None]:
    """What is deleted meanwhile leaves zeros behind instead of what it was."""
    file.execute("pragma secure_delete = on")
    try:
        yield
    finally:
        file.execute("pragma secure_delete = off")


def _checked_end(file: sqlite3.Connection, tenant: str, run: str) -> int:
    _, seq, ended_at = _found(file, tenant, run)
    is_over = ended_at is not None or file.execute(_IS_IMPORTED, (tenant, run)).fetchone() is not None
    needed_by = _children(file, tenant, run)
    if needed_by or not is_over:
        raise RunKeptError(run, needed_by=needed_by if is_over else ())
    return seq


def _drop_events(file: sqlite3.Connection, tenant: str, run: str, first: int, last: int) -> None:
    no = _number(file, tenant, run)
    file.execute(_KEEP_END, (no,))
    with _overwriting(file):
        file.execute(_DROP_EVENTS, (no, first, last))
    file.execute(_DROP_OLD_ENDS)


def _drop_rows(file: sqlite3.Connection, tenant: str, run: str) -> None:
    no = _number(file, tenant, run)
    for statement in _DROP_BY_NUMBER:
        file.execute(statement, (no,))
    for statement in _DROP_BY_NAME:
        file.execute(statement, (tenant, run))


def _drop_leftovers(file: sqlite3.Connection, named: dict[str, str]) -> int:
    with _overwriting(file):
        return sum(file.execute(statement, named).rowcount for statement in _DROP_OF_ENDED)


# --- blobs -----------------------------------------------------------------------------------------------------------


def _unmentioned(file: sqlite3.Connection, tenant: str) -> _Unmentioned:
    with closing(file.cursor()) as look:
        # One transaction: what is appended meanwhile has a greater position, and is looked at before anything goes.
        look.execute("begin")
        try:
            (position,) = look.execute(_NEWEST).fetchone()
            kept = {digest for (digest,) in look.execute("select digest from blob where tenant = ?", (tenant,))}
            left = kept - _mentioned(file, tenant) if kept else kept
            if left:
                left -= reachable(kept - left, partial(_blob, file, tenant))
        finally:
            look.execute("rollback")
    return _Unmentioned(tuple(sorted(left)), position)


def _drop_blobs(file: sqlite3.Connection, tenant: str, found: _Unmentioned) -> tuple[Freed, _Unmentioned]:
    """Give up some of the blobs, and say which are left, without those that were mentioned meanwhile."""
    (position,) = file.execute(_NEWEST).fetchone()
    fresh = _mentioned(file, tenant, after=found.position)
    spared = reachable(fresh, partial(_blob, file, tenant)) if fresh else fresh
    left = [digest for digest in found.digests if digest not in spared]
    some = left[:_AT_ONCE]
    freed = sum(_blob_size(file, tenant, digest) for digest in some)
    with _overwriting(file):
        file.executemany("delete from blob where tenant = ? and digest = ?", ((tenant, digest) for digest in some))
    return Freed(len(some), freed), _Unmentioned(tuple(left[_AT_ONCE:]), position)


def _mentioned(file: sqlite3.Connection, tenant: str, *, after: int = 0, but_by: int = 0) -> set[str]:
    """What a tenant's events behind a position mention, without those of one run."""
    return _digests(file.execute(_MENTIONING, (after, MARKER, tenant, but_by)))


def _digests(payloads: Iterable[tuple[bytes]]) -> set[str]:
    return {digest for (payload,) in payloads for digest in digests_in(payload)}


def _blob(file: sqlite3.Connection, tenant: str, digest: str) -> bytes | None:
    found = file.execute("select data from blob where tenant = ? and digest = ?", (tenant, digest)).fetchone()
    return unpack_blob(found[0], name=f"blob {digest}") if found else None


def _blob_size(file: sqlite3.Connection, tenant: str, digest: str) -> int:
    found = file.execute("select length(data) from blob where tenant = ? and digest = ?", (tenant, digest)).fetchone()
    return found[0] if found else 0
