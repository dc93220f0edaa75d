"""The roster of workers: each says of itself, now and then, that it lives and what it does.

It is for people to look at. Who may do what is decided by leases alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal, TypeAlias

import msgspec
from msgspec import Struct

from interlock.store.errors import RecordChangedError
from interlock.store.event_store import EventStore
from interlock.store.lease import LeaseOwner
from interlock.tenancy.tenant import PLATFORM

WorkerState: TypeAlias = Literal["working", "draining", "gone"]

WORKER_KIND: Final = "worker"
BEAT_SECONDS: Final = 60.0
"""How often a worker says that it lives."""
CHANGE_SECONDS: Final = 10.0
"""How soon it says so if it has something else to say of itself."""
MISSED_BEATS_MAX: Final = 3
"""After so many missed beats a worker counts as gone."""
FORGOTTEN_MICROS: Final = 24 * 3600 * 1_000_000
"""After a day, one that has gone is not shown any more."""


class WorkerCard(Struct, frozen=True, kw_only=True):
    """What a worker is."""

    owner: LeaseOwner
    pools: tuple[str, ...]
    tags: tuple[str, ...] = ()
    concurrency: int | None = None
    started_at: int
    tools: int = 0
    """How many tools it has."""


class WorkerRow(Struct, frozen=True, kw_only=True):
    """A worker as it has said of itself last."""

    card: WorkerCard
    state: WorkerState
    driving: int
    performing: int
    seen_at: int


class _Beat(Struct, frozen=True, kw_only=True):
    card: WorkerCard
    state: WorkerState
    driving: int
    performing: int


async def sign_on(store: EventStore, card: WorkerCard, *, state: WorkerState, driving: int, performing: int) -> None:
    """Say that a worker lives."""
    data = msgspec.json.encode(_Beat(card=card, state=state, driving=driving, performing=performing))
    await store.records.put(PLATFORM, WORKER_KIND, card.owner.id, data)


async def sign_off(store: EventStore, card: WorkerCard) -> None:
    """A worker has left in good order."""
    await store.records.drop(PLATFORM, WORKER_KIND, card.owner.id)


async def workers(
    store: EventStore, *, at: int, host: str, is_running: Callable[[LeaseOwner], bool]
) -> list[WorkerRow]:
    """Every worker that is on record, the one that was started last first. What is long gone is struck off."""
    found: list[WorkerRow] = []
    for record in await store.records.listed(PLATFORM, WORKER_KIND):
        if at - record.at > FORGOTTEN_MICROS:
            await _strike_off(store, record.key, record.version)
            continue
        beat = msgspec.json.decode(record.data, type=_Beat)
        is_late = at - record.at > MISSED_BEATS_MAX * BEAT_SECONDS * 1_000_000
        is_dead = beat.card.owner.host == host and not is_running(beat.card.owner)
        found.append(
            WorkerRow(
                card=beat.card,
                state="gone" if is_late or is_dead else beat.state,
                driving=beat.driving,
                performing=beat.performing,
                seen_at=record.at,
            )
        )
    return sorted(found, key=lambda row: -row.card.started_at)


async def _strike_off(store: EventStore, worker: str, version: int) -> None:
    try:
        await store.records.drop(PLATFORM, WORKER_KIND, worker, expected=version)
    except RecordChangedError:
        return  # it lives after all
