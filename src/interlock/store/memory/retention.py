"""Giving up what is kept in memory. Nothing comes in between: each of these acts without waiting for anybody."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, Protocol

from msgspec.structs import replace

from interlock.store.errors import MissingError, RunKeptError
from interlock.store.event_store import FeedEntry, Signal
from interlock.store.memory.effect_queue import MemoryEffectQueue
from interlock.store.memory.records import MemoryRecords
from interlock.store.memory.run import MemoryRun
from interlock.store.mentions import digests_in, reachable
from interlock.store.retention import RUNS_LISTED, Freed, RunSize
from interlock.store.rows import RunRow
from interlock.store.sealing import Sealed


class Place(Protocol):
    """What is kept of one tenant."""

    runs: dict[str, MemoryRun]
    keys: dict[str, str]
    feed: list[FeedEntry]
    blobs: dict[str, bytes]
    named_elsewhere: set[str]
    signals: dict[int, Signal]
    leases: dict[str, Any]


class MemoryRetention:
    """The retention of a store in memory."""

    def __init__(self, place_of: Callable[[str], Place], queue: MemoryEffectQueue, records: MemoryRecords) -> None:
        self._place_of = place_of
        self._queue = queue
        self._records = records

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
        runs = list(self._place_of(tenant).runs.values())
        names = [run.name for run in runs]
        older = runs[: names.index(older_than)] if older_than in names else runs
        ended = [run.row() for run in reversed(older) if run.ending is not None and run.ending.ended_at < before]
        asked_for = [row for row in ended if graph in (None, row.graph) and status in (None, row.status)]
        return [row for row in asked_for if not has_payloads or self._has_payloads(tenant, row.run)][:limit]

    async def children(self, tenant: str, run: str) -> list[str]:
        """The runs that took over results from a run."""
        return self._children(tenant, run)

    async def size_of(self, tenant: str, run: str) -> RunSize:
        """How much room a run takes."""
        place, found = self._place_of(tenant), self._run(tenant, run)
        others = self._mentioned(place, *(each for each in place.runs.values() if each is not found))
        sizes = {digest: len(place.blobs[digest]) for digest in self._mentioned(place, found) & place.blobs.keys()}
        shared = sum(size for digest, size in sizes.items() if digest in others)
        return RunSize(
            events=len(found.log),
            headers=sum(len(one.header) for one in found.log),
            payloads=sum(len(one.salt) + len(one.payload or b"") for one in found.log),
            own_blobs=sum(sizes.values()) - shared,
            shared_blobs=shared,
        )

    async def erase_payloads(self, tenant: str, run: str) -> None:
        """Erase what an ended run's events say."""
        found = self._run(tenant, run)
        if found.ending is None:
            raise RunKeptError(run)
        found.log = [Sealed(one.header, b"", None) for one in found.log]
        found.ending = replace(found.ending, error="")
        found.origin = replace(found.origin, labels={})
        found.ledger = {effect: replace(line, digest="") for effect, line in found.ledger.items()}
        found.questions = {}
        self._drop_unread(tenant, lambda name: name == run)

    async def drop_run(self, tenant: str, run: str) -> None:
        """Give up an ended run."""
        place, found = self._place_of(tenant), self._run(tenant, run)
        needed_by = self._children(tenant, run)
        is_over = found.ending is not None or found.imported_from != ""
        if needed_by or not is_over:
            raise RunKeptError(run, needed_by=needed_by if is_over else ())
        self._drop_unread(tenant, lambda name: name == run)
        del place.runs[run]
        place.keys.pop(found.origin.key, None)
        place.leases.pop(run, None)
        place.feed[:] = [entry for entry in place.feed if entry.run != run]

    async def drop_leftovers(self, tenant: str, *, kinds: Collection[str]) -> int:
        """Give up what ended runs have left."""
        ended = {run.name for run in self._place_of(tenant).runs.values() if run.ending is not None}
        unread = self._drop_unread(tenant, ended.__contains__)
        return unread + self._records.drop_of_runs(tenant, kinds, ended.__contains__)

    async def drop_unmentioned_blobs(self, tenant: str) -> Freed:
        """Give up the blobs that no event mentions any more."""
        place = self._place_of(tenant)
        dropped = place.blobs.keys() - self._mentioned(place, *place.runs.values())
        place.named_elsewhere -= dropped
        return Freed(len(dropped), sum(len(place.blobs.pop(digest)) for digest in dropped))

    def _drop_unread(self, tenant: str, is_meant: Callable[[str], bool]) -> int:
        """Signals and offers of runs that nobody drives any more."""
        signals = self._place_of(tenant).signals
        unread = [signal.id for signal in signals.values() if is_meant(signal.run)]
        for signal in unread:
            del signals[signal]
        return len(unread) + self._queue.drop_of_runs(tenant, is_meant)

    def _mentioned(self, place: Place, *runs: MemoryRun) -> set[str]:
        payloads = (one.payload or b"" for run in runs for one in run.log)
        return reachable((digest for payload in payloads for digest in digests_in(payload)), place.blobs.get)

    def _children(self, tenant: str, run: str) -> list[str]:
        return [each.name for each in self._place_of(tenant).runs.values() if each.origin.parent == run]

    def _has_payloads(self, tenant: str, run: str) -> bool:
        return self._place_of(tenant).runs[run].log[0].payload is not None

    def _run(self, tenant: str, run: str) -> MemoryRun:
        found = self._place_of(tenant).runs.get(run)
        if found is None:
            raise MissingError("run", run, tenant=tenant)
        return found
