"""Many appends as the values of one statement, and why one of them was refused.

A refused append has written nothing and harms no other one of its statement.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Final

from msgspec import Struct

from interlock.store.errors import (
    LeaseHeldError,
    LeaseLostError,
    MissingError,
    RunKeyTakenError,
    SignalGoneError,
    StaleRunError,
    StoreError,
)
from interlock.store.event_store import Append, Head
from interlock.store.lease import Lease, LeaseState
from interlock.store.mentions import adopted_blobs
from interlock.store.postgres.effect_queue import offer_values
from interlock.store.postgres.leasing import lease_state
from interlock.store.postgres.rows import (
    NO_ORIGIN,
    Values,
    line_values,
    origin_values,
    question_values,
    sent,
    storable,
    to_send,
)
from interlock.store.postgres.session import Session
from interlock.store.postgres.single import single
from interlock.store.postgres.statement import APPEND, ASKED, PARTS
from interlock.store.rows import RunChanges, changes
from interlock.store.salts import Salts
from interlock.store.sealing import CHAIN_START, seal_all

_STANDING: Final = """
    select seq, head, epoch, expires_at, owner, host, pid, pid_started from run where tenant = $1 and run = $2"""
_HEADS: Final = """
    select r.tenant, r.run, r.seq, r.head from unnest($1::text[], $2::text[]) as a(tenant, run)
    cross join lateral (
        select tenant, run, seq, head from run where tenant = a.tenant and run = a.run offset 0) as r"""
_GONE: Final = """
    select a.id from unnest($3::int8[]) as a(id)
    where not exists (select from signal s where s.id = a.id and s.tenant = $1 and s.run = $2) limit 1"""
_ABSENT: Final = """
    select a.digest from unnest($2::text[]) as a(digest)
    where not exists (select from blob b where b.tenant = $1 and b.digest = a.digest) limit 1"""
_BY_KEY: Final = "select run from run where tenant = $1 and key = $2 and key <> ''"

_NO_CLAIM: Final[Values] = (None,) * 5
_NO_PIN: Final[Values] = (None,) * 2


class Standing(Struct, frozen=True):
    """Where a run stands on record."""

    head: Head
    lease: LeaseState


class AppendBatch:
    """The appends of one statement, at most one of a run, added in the order of tenants and runs."""

    def __init__(self, salts: Salts) -> None:
        self._salts = salts
        self._asked: list[Values] = []
        self._parts: dict[str, list[Values]] = {part: [] for part in PARTS}
        self.heads: list[Head] = []
        """Where each of the runs ends once its append is written."""
        self.adopted: dict[tuple[str, str], set[str]] = {}
        """The values that a new run takes over from another one, which have to be there."""

    def add(self, append: Append, previous: bytes) -> None:
        """Take an append in, whose blobs are packed; `previous` is the hash with which the run's log ends so far."""
        events, before = append.events, append.expected_seq
        salts = self._salts.take(len(events))
        sealed, hash_ = seal_all(events, tenant=append.tenant, run=append.run, previous=previous, salts=salts)
        changed = changes(append.run, events)
        head = Head(before + len(events), hash_)
        place = len(self.heads) + 1
        self.heads.append(head)
        self._asked.append(_asked(append, changed, previous, head))
        rows = self._parts["event"]
        for seq, one in enumerate(sealed, start=before + 1):
            rows.append((place, seq, one.header, one.salt, one.payload))
        self._add_derived(place, append, changed)
        self._parts["blob"].extend((place, append.tenant, digest, data) for digest, data in append.blobs.items())
        self._parts["consumed"].extend((place, append.tenant, append.run, signal) for signal in append.consumed)
        if before == 0:
            adopted = adopted_blobs(events, sealed) - append.blobs.keys()
            self._parts["adopted"].extend((place, append.tenant, digest) for digest in sorted(adopted))
            self.adopted[append.tenant, append.run] = adopted
        self._parts["offer"].extend((place, *offer_values(append, offer)) for offer in append.offers)

    def statement(self) -> tuple[str, list[Any]]:
        """What writes them all, and its values: of several, an array for each column."""
        alone = single(self._asked, self._parts)
        if alone is not None:
            return alone
        arrays = _columns(self._asked, len(ASKED))
        for part, columns in PARTS.items():
            arrays.extend(_columns(self._parts[part], 1 + len(columns)))
        return APPEND, arrays

    def _add_derived(self, place: int, append: Append, changed: RunChanges) -> None:
        parts = self._parts
        if changed.intended:
            parts["line"].extend((place, *line_values(line)) for line in changed.intended.values())
            parts["to_send"].extend((place, *one) for one in to_send(changed, append.events))
        parts["settled"].extend((place, one.effect, one.status, one.seq) for one in changed.settled.values())
        parts["sent"].extend((place, effect) for effect in sent(changed))
        parts["closed"].extend((place, storable(path)) for path in changed.closed)
        parts["question"].extend((place, *question_values(row)) for row in changed.asked.values())


def _columns(rows: list[Values], count: int) -> list[Sequence[Any]]:
    """The values of each column. One of nothing but nulls is left empty: the server fills up what is too short."""
    if not rows:
        return [()] * count
    return [column if column.count(None) < len(rows) else () for column in zip(*rows, strict=True)]


def _asked(append: Append, changed: RunChanges, previous: bytes, head: Head) -> Values:
    ending, origin = changed.ending, changed.origin
    assert origin is not None or append.expected_seq, f"the first event of run {append.run} is not its start"
    return (
        append.tenant,
        append.run,
        append.epoch,
        append.expected_seq,
        previous,
        head.seq,
        head.hash,
        append.status if ending is None else ending.status,
        append.due if ending is None else None,
        None if ending is None else ending.ended_at,
        None if ending is None else storable(ending.error),
        append.releases,
        bool(append.events),
        *(_NO_PIN if changed.pin is None else (changed.pin.graph_hash, changed.pin.bundle)),
        *(NO_ORIGIN if origin is None else origin_values(origin)),
        *(_NO_CLAIM if append.claim is None else _claim_values(append.claim)),
    )


def _claim_values(lease: Lease) -> Values:
    owner = lease.owner
    return (lease.expires_at, owner.id, owner.host, owner.pid, owner.pid_started)


# --- what is on record -----------------------------------------------------------------------------------------------


async def heads_of(session: Session, appends: Sequence[Append]) -> dict[tuple[str, str], Head]:
    """Where the logs of these runs end. Of a run that is not on record nothing is said."""
    rows = await session.fetch(_HEADS, [each.tenant for each in appends], [each.run for each in appends])
    return {(tenant, run): Head(seq, hash_) for tenant, run, seq, hash_ in rows}


async def standing_of(session: Session, append: Append) -> Standing | None:
    """Where the run of an append stands; None if it is not on record."""
    row = await session.fetchrow(_STANDING, append.tenant, append.run)
    return None if row is None else Standing(Head(row[0], row[1]), lease_state(row[2:]))


async def why_refused(
    session: Session, append: Append, standing: Standing | None, adopted: Collection[str]
) -> StoreError | None:
    """Why an append was refused; None if nothing stands in its way any more."""
    lease = standing.lease if standing else LeaseState(0, 0, None)
    if append.claim is not None and standing is not None:
        return _claim_too_late(append, lease)
    if append.claim is None and (lease.epoch != append.epoch or lease.owner is None):
        return LeaseLostError(append.run, epoch=append.epoch, current=lease.epoch)
    actual = standing.head.seq if standing else 0
    if actual != append.expected_seq:
        return StaleRunError(append.run, expected=append.expected_seq, actual=actual)
    gone = await session.fetchval(_GONE, append.tenant, append.run, list(append.consumed))
    if gone is not None:
        return SignalGoneError(append.run, signal=gone)
    absent = await session.fetchval(_ABSENT, append.tenant, sorted(adopted))
    if absent is not None:
        return MissingError("blob", absent, tenant=append.tenant)
    return await _key_taken(session, append)


def _claim_too_late(append: Append, lease: LeaseState) -> StoreError:
    if lease.owner is not None:
        return LeaseHeldError(append.run, holder=lease.owner, expires_at=lease.expires_at)
    return LeaseLostError(append.run, epoch=append.epoch, current=lease.epoch)


async def _key_taken(session: Session, append: Append) -> StoreError | None:
    origin = changes(append.run, append.events[:1]).origin
    if origin is None or not origin.key:
        return None
    taken_by = await session.fetchval(_BY_KEY, append.tenant, storable(origin.key))
    return None if taken_by is None else RunKeyTakenError(origin.key, run=append.run, taken_by=taken_by)


NEW: Final = Head(0, CHAIN_START)
