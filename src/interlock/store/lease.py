"""The right to drive a run: who holds it, until when, and when somebody else may take it over. Pure.

Every take-over raises the lease's epoch, and an append names the epoch it was made under: what a former owner still
writes is refused. This module does not look at processes: who asks brings the means to.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from msgspec import Struct

LEASE_MICROS: Final = 30_000_000
"""How long a lease lasts unless it is renewed. Renewed at a third of its life, one missed beat does no harm."""


class LeaseOwner(Struct, frozen=True, gc=False):
    """Who drives: `pid_started` tells a process from a later one that was given the same number; 0 if unknown."""

    id: str
    host: str
    pid: int
    pid_started: int


class Lease(Struct, frozen=True, gc=False):
    """The right to drive a run until `expires_at`, and longer while nobody has taken it over."""

    tenant: str
    run: str
    epoch: int
    expires_at: int
    owner: LeaseOwner


class LeaseState(Struct, frozen=True, gc=False):
    """What is on record about a run's lease. Without an owner it was released."""

    epoch: int
    expires_at: int
    owner: LeaseOwner | None


def first_lease(tenant: str, run: str, owner: LeaseOwner, *, at: int, lease_micros: int = LEASE_MICROS) -> Lease:
    """The lease under which a new run is written from its first event on; the append that starts it claims it."""
    return Lease(tenant, run, epoch=1, expires_at=at + lease_micros, owner=owner)


NEVER_LEASED: Final = LeaseState(epoch=0, expires_at=0, owner=None)


def is_held(state: LeaseState, *, at: int) -> bool:
    """Whether somebody has the lease and it has not run out."""
    return state.owner is not None and at < state.expires_at


def may_take(state: LeaseState, seeker: LeaseOwner, *, at: int, is_running: Callable[[LeaseOwner], bool]) -> bool:
    """Whether the seeker may have the lease: it is free, it has run out, or its holder's process is gone.

    Only a holder on the seeker's own host can be looked at; any other is believed until its lease runs out.
    """
    holder = state.owner
    if holder is None or not is_held(state, at=at):
        return True
    return holder.host == seeker.host and not is_running(holder)
