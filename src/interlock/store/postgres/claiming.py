"""Taking runs that nobody drives: they are looked for first, then taken if they are still free.

Between the two another worker may be quicker: what it has locked is left to it. Only where limits have to be kept does
one worker after the other look and take.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from typing import Any, Final

from interlock.store.claims import DrivenRuns, Room, RunLimit, RunsWaiting, WaitingRun, in_turn
from interlock.store.columns import decode_labels
from interlock.store.event_store import Head
from interlock.store.lease import Lease, LeaseOwner
from interlock.store.postgres.session import Session
from interlock.store.postgres.tables import MOVING

_TRIES_MAX: Final = 3

_HOLDERS: Final = """
    select distinct owner, host, pid, pid_started from run where owner is not null and host = $1"""
_IS_HELD: Final = "(r.owner is not null and r.expires_at > $1 and r.owner <> all($2::text[]))"
# Each of the three is found by an index of its own, so that what only waits is not even looked at.
_FREE: Final = f"""
    with able as (
        select no from run where ended_at is null and status in {MOVING}
        union select no from run where due <= $1
        union select r.no from (select distinct tenant, run from signal) as s
        cross join lateral (select no from run where tenant = s.tenant and run = s.run offset 0) as r
    ), free as materialized (
        select r.* from able cross join lateral (select * from run where no = able.no offset 0) as r
        where r.ended_at is null and r.imported_from = '' and not {_IS_HELD})"""
_WAITING: Final = f"""{_FREE}
    select tenant, run, graph, labels, priority, no from (
        select *, row_number() over (partition by tenant order by priority desc, no) as turn from free) as f
    where $3::int8 is null or turn <= $3 order by tenant, priority desc, no"""
_DRIVEN: Final = f"""
    select r.tenant, r.graph, r.labels, count(*) from run r where r.no is not null and {_IS_HELD}
    group by r.tenant, r.graph, r.labels"""
_TAKE: Final = """
    with chosen as materialized (
        select r.spot from unnest($3::text[], $4::text[]) as a(tenant, run)
        cross join lateral (
            select ctid as spot from run r where tenant = a.tenant and run = a.run and ended_at is null
                and (owner is null or expires_at <= $1 or owner = any($2::text[]))
            for no key update skip locked) as r)
    update run set epoch = epoch + 1, expires_at = $5, owner = $6, host = $7, pid = $8, pid_started = $9
    from chosen where run.ctid = chosen.spot returning tenant, run, epoch, seq, head"""
# Whatever could move a run on that is held, nobody else may before its lease runs out.
_NEXT: Final = f"""{_FREE}
    select exists (select from free), least(
        (select due from run where due is not null and (owner is null or expires_at <= $1) order by due limit 1),
        (select min(expires_at) from run
            where owner is not null and expires_at > $1 and no is not null and ended_at is null))"""
_DEPTH: Final = f"""{_FREE}
    select tenant, graph, count(*), min(greatest(started_at, due)) from free
    group by tenant, graph order by tenant, graph"""
_ONE_AT_A_TIME: Final = "select pg_advisory_xact_lock(hashtextextended('interlock.claims.' || current_schema(), 0))"


async def claim(
    session: Session,
    owner: LeaseOwner,
    *,
    at: int,
    expires_at: int,
    limit: int,
    limits: Sequence[RunLimit],
    is_running: Callable[[LeaseOwner], bool],
) -> list[tuple[Lease, Head]]:
    """Leases of runs that may be taken, tenants in turn, and where the logs of these runs end."""
    async with AsyncExitStack() as stack:
        if limits:
            await stack.enter_async_context(session.transaction())
            await session.execute(_ONE_AT_A_TIME)
        gone = await _gone_owners(session, owner.host, is_running=is_running)
        for _ in range(_TRIES_MAX):
            chosen = await _chosen(session, at=at, gone=gone, limit=limit, limits=limits)
            taken = await _taken(session, chosen, owner, at=at, gone=gone, expires_at=expires_at)
            if taken or not chosen:
                return taken
        return []


async def next_claim(session: Session, *, at: int) -> int | None:
    """From when on something can be taken: `at`, if it is now."""
    row = await session.fetchrow(_NEXT, at, [])
    assert row is not None
    return at if row[0] else row[1]


async def depth(session: Session, *, at: int) -> list[RunsWaiting]:
    """What waits, by graphs."""
    return [RunsWaiting(*row) for row in await session.fetch(_DEPTH, at, [])]


async def _gone_owners(session: Session, host: str, *, is_running: Callable[[LeaseOwner], bool]) -> list[str]:
    """The holders of leases on this host whose processes have ended: what they hold is free."""
    holders = [LeaseOwner(*row) for row in await session.fetch(_HOLDERS, host)]
    return [holder.id for holder in holders if not is_running(holder)]


async def _chosen(
    session: Session, *, at: int, gone: Sequence[str], limit: int, limits: Sequence[RunLimit]
) -> list[WaitingRun]:
    # Which runs a limit leaves room for is not known beforehand, so then all that wait are looked at.
    rows = await session.fetch(_WAITING, at, gone, None if limits else limit)
    if not rows:
        return []
    driven = [
        DrivenRuns(tenant, graph, decode_labels(labels), count)
        for tenant, graph, labels, count in await session.fetch(_DRIVEN, at, gone)
    ]
    waiting = _with_room([_waiting(row) for row in rows], driven, limits)
    in_hand = Counter[str]()
    for runs in driven:
        in_hand[runs.tenant] += runs.count
    return in_turn(waiting, tenant_of=lambda run: run.tenant, in_hand=in_hand)[:limit]


def _with_room(
    waiting: Sequence[WaitingRun], driven: Sequence[DrivenRuns], limits: Sequence[RunLimit]
) -> list[WaitingRun]:
    tenants = dict.fromkeys(run.tenant for run in waiting)
    rooms = {tenant: Room(limits, (runs for runs in driven if runs.tenant == tenant)) for tenant in tenants}
    return [run for run in waiting if rooms[run.tenant].take(run)]


async def _taken(
    session: Session, chosen: Sequence[WaitingRun], owner: LeaseOwner, *, at: int, gone: Sequence[str], expires_at: int
) -> list[tuple[Lease, Head]]:
    if not chosen:
        return []
    who = (owner.id, owner.host, owner.pid, owner.pid_started)
    names = ([run.tenant for run in chosen], [run.run for run in chosen])
    rows = await session.fetch(_TAKE, at, gone, *names, expires_at, *who)
    taken = {
        (tenant, run): (Lease(tenant, run, epoch, expires_at, owner), Head(seq, hash_))
        for tenant, run, epoch, seq, hash_ in rows
    }
    return [taken[run.tenant, run.run] for run in chosen if (run.tenant, run.run) in taken]


def _waiting(row: Sequence[Any]) -> WaitingRun:
    tenant, run, graph, labels, priority, no = row
    return WaitingRun(tenant, run, graph, decode_labels(labels), priority, no)
