"""Leases in a SQLite file: each function is one step of a transaction that the caller begins and commits."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from typing import Final

from msgspec.structs import replace

from interlock.store.errors import ImportedRunError, LeaseHeldError, LeaseLostError
from interlock.store.lease import NEVER_LEASED, Lease, LeaseOwner, LeaseState, may_take

_READ: Final = "select epoch, expires_at, owner, host, pid, pid_started from lease where tenant = ? and run = ?"
_IMPORTED_FROM: Final = "select imported_from from run where tenant = ? and run = ?"
TAKE: Final = "insert or replace into lease values (?, ?, ?, ?, ?, ?, ?, ?)"
_RENEW: Final = "update lease set expires_at = ? where tenant = ? and run = ? and epoch = ? and owner is not null"
RELEASE: Final = "update lease set owner = null where tenant = ? and run = ? and epoch = ?"


def take(connection: sqlite3.Connection, wanted: Lease, *, at: int, is_running: Callable[[LeaseOwner], bool]) -> Lease:
    """The lease under a new epoch; `LeaseHeldError` if its holder may keep it."""
    refuse_imported(connection, wanted.tenant, wanted.run)
    state = _read(connection, wanted.tenant, wanted.run)
    if not may_take(state, wanted.owner, at=at, is_running=is_running):
        assert state.owner is not None
        raise LeaseHeldError(wanted.run, holder=state.owner, expires_at=state.expires_at)
    lease = replace(wanted, epoch=state.epoch + 1)
    connection.execute(TAKE, lease_row(lease))
    return lease


def check_claim(connection: sqlite3.Connection, lease: Lease) -> None:
    """Refuse the first lease of a run to which one was given before."""
    state = _read(connection, lease.tenant, lease.run)
    if state.epoch and state.owner is not None:
        raise LeaseHeldError(lease.run, holder=state.owner, expires_at=state.expires_at)
    if state.epoch:
        raise LeaseLostError(lease.run, epoch=lease.epoch, current=state.epoch)


def refuse_imported(connection: sqlite3.Connection, tenant: str, run: str) -> None:
    """Nobody drives a run of another installation, nor leaves anything for its driver."""
    found = connection.execute(_IMPORTED_FROM, (tenant, run)).fetchone()
    if found and found[0]:
        raise ImportedRunError(run, imported_from=found[0])


def renew(connection: sqlite3.Connection, leases: Sequence[Lease], *, expires_at: int) -> list[Lease]:
    """Those of the leases that nobody has taken over."""
    renewed = [replace(lease, expires_at=expires_at) for lease in leases]
    return [lease for lease in renewed if _renew(connection, lease)]


def release(connection: sqlite3.Connection, lease: Lease) -> None:
    """Let go of the lease; its epoch stays on record, so that the next one is higher."""
    connection.execute(RELEASE, (lease.tenant, lease.run, lease.epoch))


def lease_row(lease: Lease) -> tuple[str | int, ...]:
    """What `TAKE` writes."""
    owner = lease.owner
    return (lease.tenant, lease.run, lease.epoch, lease.expires_at, owner.id, owner.host, owner.pid, owner.pid_started)


def _renew(connection: sqlite3.Connection, lease: Lease) -> bool:
    return connection.execute(_RENEW, (lease.expires_at, lease.tenant, lease.run, lease.epoch)).rowcount == 1


def _read(connection: sqlite3.Connection, tenant: str, run: str) -> LeaseState:
    found = connection.execute(_READ, (tenant, run)).fetchone()
    if found is None:
        return NEVER_LEASED
    epoch, expires_at, owner, host, pid, pid_started = found
    return LeaseState(epoch, expires_at, None if owner is None else LeaseOwner(owner, host, pid, pid_started))
