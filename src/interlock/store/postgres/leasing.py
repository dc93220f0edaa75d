"""Leases in PostgreSQL: each function is one statement, so no lock outlives a process that was stopped.

Instants come from the clocks of the machines that hold leases and seek them: they must agree far better than a lease
lasts. Where they do not, a lease is taken over too early or too late; its epoch fences off its former owner all the
same.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from msgspec.structs import replace

from interlock.store.errors import ImportedRunError, LeaseHeldError
from interlock.store.event_store import Head
from interlock.store.lease import NEVER_LEASED, Lease, LeaseOwner, LeaseState, may_take
from interlock.store.postgres.session import Session

# What is free or has run out is taken without a look at it; any other lease only if it is still the one looked at.
_TAKE: Final = """
    insert into run(tenant, run, epoch, expires_at, owner, host, pid, pid_started)
    values ($1, $2, 1, $3, $4, $5, $6, $7)
    on conflict (tenant, run) do update set epoch = run.epoch + 1, expires_at = excluded.expires_at,
        owner = excluded.owner, host = excluded.host, pid = excluded.pid, pid_started = excluded.pid_started
    where run.imported_from = '' and (run.owner is null or run.expires_at <= $8 or run.epoch = $9)
    returning epoch, seq, head"""
_LOOK: Final = """
    select imported_from, epoch, expires_at, owner, host, pid, pid_started from run where tenant = $1 and run = $2"""
_IMPORTED_FROM: Final = "select imported_from from run where tenant = $1 and run = $2"
_RENEW: Final = """
    with kept as materialized (
        select r.spot, a.ord
        from unnest($1::text[], $2::text[], $3::int8[]) with ordinality as a(tenant, run, epoch, ord)
        cross join lateral (
            select ctid as spot, epoch, owner from run where tenant = a.tenant and run = a.run for no key update) as r
        where r.epoch = a.epoch and r.owner is not null),
    renewed as (update run set expires_at = $4 from kept where run.ctid = kept.spot returning kept.ord)
    select array(select ord from kept), array(select ord from renewed)"""
# What was changed between the statement's snapshot and its lock is kept, but not renewed: it has to be asked for again.
_RELEASE: Final = "update run set owner = null where tenant = $1 and run = $2 and epoch = $3"


async def take(
    session: Session, wanted: Lease, *, at: int, is_running: Callable[[LeaseOwner], bool]
) -> tuple[Lease, Head]:
    """The lease under a new epoch, and where the run's log ends; `LeaseHeldError` if its holder may keep it."""
    owner, looked_at = wanted.owner, NEVER_LEASED
    values = (wanted.tenant, wanted.run, wanted.expires_at, owner.id, owner.host, owner.pid, owner.pid_started, at)
    while True:
        taken = await session.fetchrow(_TAKE, *values, looked_at.epoch)
        if taken is not None:
            epoch, seq, hash_ = taken
            return replace(wanted, epoch=epoch), Head(seq, hash_)
        looked_at = await _look(session, wanted.tenant, wanted.run)
        if looked_at.owner is not None and not may_take(looked_at, owner, at=at, is_running=is_running):
            raise LeaseHeldError(wanted.run, holder=looked_at.owner, expires_at=looked_at.expires_at)


async def refuse_imported(session: Session, tenant: str, run: str) -> None:
    """Nobody drives a run of another installation, nor leaves anything for its driver."""
    imported_from = await session.fetchval(_IMPORTED_FROM, tenant, run)
    if imported_from:
        raise ImportedRunError(run, imported_from=imported_from)


async def renew(session: Session, leases: Sequence[Lease], *, expires_at: int) -> list[Lease]:
    """Those of the leases that nobody has taken over."""
    # In one order everywhere, so that two who lock the same rows never wait for each other.
    asked = sorted(leases, key=lambda lease: (lease.tenant, lease.run))
    renewed: set[Lease] = set()
    while asked:
        arrays = [[lease.tenant for lease in asked], [lease.run for lease in asked], [lease.epoch for lease in asked]]
        row = await session.fetchrow(_RENEW, *arrays, expires_at)
        assert row is not None
        kept, done = _at(asked, row[0]), _at(asked, row[1])
        renewed.update(done)
        asked = [lease for lease in kept if lease not in renewed]
    return [replace(lease, expires_at=expires_at) for lease in leases if lease in renewed]


async def release(session: Session, lease: Lease) -> bool:
    """Let go of the lease; its epoch stays on record, so that the next one is higher. False if it was lost before."""
    done = await session.execute(_RELEASE, lease.tenant, lease.run, lease.epoch)
    return done != "UPDATE 0"


def lease_state(row: Sequence[Any]) -> LeaseState:
    """What a row of epoch, expiry and owner says."""
    epoch, expires_at, owner, host, pid, pid_started = row
    return LeaseState(epoch, expires_at, None if owner is None else LeaseOwner(owner, host, pid, pid_started))


def _at(leases: Sequence[Lease], places: Sequence[int]) -> list[Lease]:
    return [leases[place - 1] for place in places]


async def _look(session: Session, tenant: str, run: str) -> LeaseState:
    row = await session.fetchrow(_LOOK, tenant, run)
    if row is None:
        return NEVER_LEASED
    imported_from, *lease = row
    if imported_from:
        raise ImportedRunError(run, imported_from=imported_from)
    return lease_state(lease)
