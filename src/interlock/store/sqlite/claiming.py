"""Taking runs that nobody drives, in a SQLite file: each function is one step of a transaction of the caller's."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final

from interlock.store.claims import DrivenRuns, Room, RunLimit, RunsWaiting, WaitingRun, in_turn
from interlock.store.columns import decode_labels
from interlock.store.lease import Lease, LeaseOwner
from interlock.store.sqlite import leasing

_HOLDERS: Final = "select distinct owner, host, pid, pid_started from lease where owner is not null and host = ?"
# A run can move that was left with something under way, whose time has come, or to which somebody has said something.
# Each of the three is found by an index: those that wait, which may be many, are not looked at.
_FREE: Final = """
    with can_move(no) as (
        select no from run where status in ('pending', 'running', 'compensating') and ended_at is null
        union select no from run where due <= :at and due is not null and ended_at is null
        union select r.no from signal s join run r on r.tenant = s.tenant and r.run = s.run where r.ended_at is null)
    select r.tenant, r.run, r.graph, r.labels, r.priority, r.no, max(r.started_at, coalesce(r.due, 0)) as since
    from can_move join run r on r.no = can_move.no where r.imported_from = '' and not exists (
        select 1 from lease l where l.tenant = r.tenant and l.run = r.run and l.owner is not null
            and l.expires_at > :at and l.owner not in (select value from json_each(:gone)))
    order by r.priority desc, r.no"""
_DRIVEN: Final = """
    select r.tenant, r.graph, r.labels, count(*) from lease l join run r on r.tenant = l.tenant and r.run = l.run
    where l.owner is not null and l.expires_at > :at and l.owner not in (select value from json_each(:gone))
    group by r.tenant, r.graph, r.labels"""
_EPOCH: Final = "select epoch from lease where tenant = ? and run = ?"
# Whatever could move a run on that is held, nobody else may before its lease runs out.
_NEXT: Final = """
    select min(at) from (
        select * from (
            select r.due as at from run r where r.due is not null and not exists (
                select 1 from lease l where l.tenant = r.tenant and l.run = r.run and l.owner is not null
                    and l.expires_at > :at)
            order by r.due limit 1)
        union all
        select min(l.expires_at) from lease l join run r on r.tenant = l.tenant and r.run = l.run
        where l.owner is not null and l.expires_at > :at and r.ended_at is null)"""


def claim(
    connection: sqlite3.Connection,
    owner: LeaseOwner,
    *,
    at: int,
    expires_at: int,
    limit: int,
    limits: Sequence[RunLimit],
    is_running: Callable[[LeaseOwner], bool],
) -> list[Lease]:
    """Leases of runs that may be taken, tenants in turn."""
    gone = gone_owners(connection, owner.host, is_running=is_running)
    driven = [
        DrivenRuns(tenant, graph, decode_labels(labels), count)
        for tenant, graph, labels, count in connection.execute(_DRIVEN, {"at": at, "gone": gone})
    ]
    waiting = _first_waiting(connection, driven, at=at, gone=gone, limit=limit, limits=limits)
    in_hand = Counter[str]()
    for runs in driven:
        in_hand[runs.tenant] += runs.count
    chosen = in_turn(waiting, tenant_of=lambda run: run.tenant, in_hand=in_hand)[:limit]
    return [_taken(connection, run, owner, expires_at) for run in chosen]


def next_claim(connection: sqlite3.Connection, *, at: int) -> int | None:
    """From when on something can be taken: `at`, if it is now."""
    if connection.execute(_FREE, {"at": at, "gone": "[]"}).fetchone():
        return at
    return connection.execute(_NEXT, {"at": at}).fetchone()[0]


def depth(connection: sqlite3.Connection, *, at: int) -> list[RunsWaiting]:
    """What waits, by graphs."""
    since: dict[tuple[str, str], list[int]] = {}
    for tenant, _, graph, _, _, _, waits_since in connection.execute(_FREE, {"at": at, "gone": "[]"}):
        since.setdefault((tenant, graph), []).append(waits_since)
    return [RunsWaiting(*key, len(found), min(found)) for key, found in sorted(since.items())]


def gone_owners(connection: sqlite3.Connection, host: str, *, is_running: Callable[[LeaseOwner], bool]) -> str:
    """The holders of leases on this host whose processes have ended, as a JSON list: what they hold is free."""
    holders = (LeaseOwner(*row) for row in connection.execute(_HOLDERS, (host,)))
    return json.dumps([holder.id for holder in holders if not is_running(holder)])


def _first_waiting(
    connection: sqlite3.Connection,
    driven: Sequence[DrivenRuns],
    *,
    at: int,
    gone: str,
    limit: int,
    limits: Sequence[RunLimit],
) -> list[WaitingRun]:
    """The first runs of each tenant for which its limits leave room."""
    found: dict[str, list[WaitingRun]] = {}
    rooms: dict[str, Room] = {}
    for tenant, run, graph, labels, priority, no, _ in connection.execute(_FREE, {"at": at, "gone": gone}):
        of_tenant = found.setdefault(tenant, [])
        if tenant not in rooms:
            rooms[tenant] = Room(limits, (runs for runs in driven if runs.tenant == tenant))
        waiting = WaitingRun(tenant, run, graph, decode_labels(labels) if limits else {}, priority, no)
        if len(of_tenant) < limit and rooms[tenant].take(waiting):
            of_tenant.append(waiting)
    return [run for runs in found.values() for run in runs]


def _taken(connection: sqlite3.Connection, run: WaitingRun, owner: LeaseOwner, expires_at: int) -> Lease:
    found = connection.execute(_EPOCH, (run.tenant, run.run)).fetchone()
    lease = Lease(run.tenant, run.run, (found[0] if found else 0) + 1, expires_at, owner)
    connection.execute(leasing.TAKE, leasing.lease_row(lease))
    return lease
