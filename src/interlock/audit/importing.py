"""A verified run file kept in a store: as the record of what happened elsewhere, which nobody drives on here.

The file is read three times: to find it whole and signed, to follow its events on its own graph, and to keep it. So
nothing is kept of a file that has a fault, and what is kept can be shown, replayed and compared by this release. It was
some run of some tenant, and stays that: its headers are not written anew, whoever's place it is kept in.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterator
from typing import BinaryIO, Final

from msgspec import Struct

from interlock.audit.errors import NotImportedError, UntrustedSignerError
from interlock.audit.exporting import Progress, untold
from interlock.audit.import_record import ImportRecord, note_import
from interlock.audit.run_file import FilePage, RunFileReading, VerifiedFile, verify_file
from interlock.core.bundle import BundleProblem
from interlock.core.compile import open_bundle
from interlock.core.evolve import evolve
from interlock.core.plan import Plan
from interlock.core.state import RunState, status_of
from interlock.store.errors import StaleRunError
from interlock.store.event_store import EventStore
from interlock.store.imports import ImportedPage, imported_changes
from interlock.store.rows import RunRow
from interlock.store.sealing import CHAIN_START, header_hash

INT_MAX: Final = 2**63 - 1
"""The largest number that every store keeps."""
_EMPTY: Final = "\0"
"""The one character that not every store keeps."""


class ImportedRun(Struct, frozen=True):
    """What became of a file that was to be kept."""

    verified: VerifiedFile
    trusted: tuple[str, ...]
    """Those of its signers that were named as trusted. None, if nobody was named."""
    events_added: int
    """How many events were kept now: 0 if all of them were there."""

    @property
    def run(self) -> str:
        """The run that is kept."""
        return self.verified.manifest.run


async def verified_file(file: BinaryIO, *, trusted: Collection[str] = (), progress: Progress = untold) -> VerifiedFile:
    """What a file holds, once all of it was found as it was signed, by somebody who is trusted if anybody is named.

    Raises `RunFileError` or `UntrustedSignerError`. `trusted` are fingerprints of keys.
    """
    tell = _told_from_thread(progress)
    size = _size_of(file)
    verified = await asyncio.to_thread(lambda: verify_file(file, on_part=lambda: tell("reading", file.tell(), size)))
    if trusted and not _trusted(verified, trusted):
        raise UntrustedSignerError(verified.signers, trusted=sorted(trusted))
    return verified


async def import_run(
    store: EventStore,
    file: BinaryIO,
    verified: VerifiedFile,
    *,
    tenant: str,
    by: str = "",
    at: int,
    trusted: Collection[str] = (),
    progress: Progress = untold,
) -> ImportedRun:
    """Keep the run of a file that was verified in a tenant's place. The same file again changes nothing.

    A longer record of a run that is kept already is kept on from where it ends. Raises `NotImportedError` if the run is
    another one than is kept under its id, or says nothing; `RunFileError` if the file was changed since.
    """
    known = await store.find_run(tenant, verified.manifest.run)
    added = 0
    if not await _is_kept(store, tenant, file, verified, known):
        after = known.seq if known else 0
        added = await _keep(store, tenant, file, verified, after=after, progress=progress)
    if known is None or known.imported_from:
        await note_import(store.records, tenant, ImportRecord.of(verified, at=at, by=by, trusted=trusted))
    return ImportedRun(verified, _trusted(verified, trusted), added)


async def _is_kept(
    store: EventStore, tenant: str, file: BinaryIO, verified: VerifiedFile, known: RunRow | None
) -> bool:
    """Whether everything that the file holds of the run is there. What is there has to be the same run."""
    manifest = verified.manifest
    if known is None:
        return False
    if known.seq < manifest.events:
        there, in_file = known.head, await asyncio.to_thread(_hash_in_file, file, verified, known.seq)
    else:
        (last,) = await store.read_sealed(tenant, manifest.run, after=manifest.events - 1, limit=1)
        there, in_file = header_hash(last.header), bytes.fromhex(manifest.head)
    if there != in_file:
        raise NotImportedError(manifest.run, "another run of this id is here; import the file into another store")
    if known.seq < manifest.events and not known.imported_from:
        why = "it was started here, and goes on here: the file holds events of it that this store does not have"
        raise NotImportedError(manifest.run, f"{why}; import the file into another store")
    return known.seq >= manifest.events


async def _keep(
    store: EventStore, tenant: str, file: BinaryIO, verified: VerifiedFile, *, after: int, progress: Progress
) -> int:
    """Keep what the file holds behind event `after`: how many events that were."""
    run, total = verified.manifest.run, verified.manifest.events
    if verified.manifest.is_erased:
        raise NotImportedError(
            run, "its payloads were erased before it was exported, so there is nothing to show of it"
        )
    tell = _told_from_thread(progress)
    statuses = await asyncio.to_thread(lambda: [*_followed(file, verified, tell)])
    pages = _pages_again(file, verified)
    added, previous = 0, CHAIN_START
    for status in statuses:
        page = await asyncio.to_thread(next, pages)
        for bundle, data in page.bundles.items():
            await store.put_bundle(tenant, bundle, data)
        last = page.first + len(page.sealed) - 1
        if last > after:
            fresh = _behind(page, max(after, page.first - 1), previous)
            await _keep_page(store, tenant, verified, fresh, status=status)
            added += len(fresh.page.sealed)
        previous = header_hash(page.sealed[-1].header)
        progress("keeping", last, total)
    return added


class _Fresh(Struct, frozen=True):
    """What of a page is not kept yet, and what it stands behind."""

    page: FilePage
    after: int
    previous: bytes


def _behind(page: FilePage, after: int, previous: bytes) -> _Fresh:
    """The page without the events up to number `after`. What it brings along stays with it: that may have to come."""
    skipped = after - page.first + 1
    if skipped:
        previous = header_hash(page.sealed[skipped - 1].header)
    rest = FilePage(page.sealed[skipped:], page.events[skipped:], page.bundles, page.blobs)
    return _Fresh(rest, after, previous)


async def _keep_page(store: EventStore, tenant: str, verified: VerifiedFile, fresh: _Fresh, *, status: str) -> None:
    manifest, page = verified.manifest, fresh.page
    kept = ImportedPage(
        tenant=tenant,
        run=manifest.run,
        imported_from=manifest.tenant,
        after=fresh.after,
        previous=fresh.previous,
        sealed=page.sealed,
        events=page.events,
        status=status,
        blobs=page.blobs,
    )
    try:
        await store.imports.keep(kept)
    except StaleRunError:
        # Somebody else brings the same file: that is as good, as long as it is the same.
        last = fresh.after + len(page.sealed)
        found = await store.read_sealed(tenant, manifest.run, after=last - 1, limit=1)
        if [one.header for one in found] != [page.sealed[-1].header]:
            raise


# --- reading it again ------------------------------------------------------------------------------------------------


def _followed(file: BinaryIO, verified: VerifiedFile, progress: Progress) -> Iterator[str]:
    """The status of the run after each page, as its own graph leads there; `NotImportedError` if it does not."""
    manifest = verified.manifest
    plan = _plan_of(file, verified)
    state = RunState(manifest.run, manifest.tenant)
    for page in _pages_again(file, verified):
        _check_keepable(manifest.run, page)
        for event in page.events:
            try:
                state = evolve(plan, state, event)
            except (AssertionError, LookupError, TypeError, ValueError, AttributeError, ArithmeticError) as problem:
                why = f"event {event.seq} ({event.type}) cannot follow what is before it ({problem})"
                raise NotImportedError(manifest.run, why) from problem
        progress("following", state.seq, manifest.events)
        yield status_of(state)


def _plan_of(file: BinaryIO, verified: VerifiedFile) -> Plan:
    """What the run is on where its log ends: that has all of the log to answer for."""
    run, bundle = verified.manifest.run, verified.manifest.summary.bundle
    found = next((page.bundles[bundle] for page in _pages_again(file, verified) if bundle in page.bundles), None)
    if found is None:
        raise NotImportedError(run, f"the file does not hold bundle {bundle}")
    try:
        plan = open_bundle(found)
    except (BundleProblem, RecursionError) as problem:
        raise NotImportedError(run, f"{problem}; `--verify-only` says whether the file is whole") from problem
    if plan.bundle_hash != bundle:
        why = f"its graph means something else in this release (bundle {plan.bundle_hash} instead of {bundle})"
        raise NotImportedError(run, f"{why}; `--verify-only` says whether the file is whole")
    return plan


def _check_keepable(run: str, page: FilePage) -> None:
    """Refuse numbers and names that no run of ours has, before they meet a database."""
    changed = imported_changes(run, page.events)
    numbers = [number for line in changed.intended.values() for number in (line.attempt, line.ordinal)]
    texts = [text for line in changed.intended.values() for text in (line.effect, line.digest)]
    texts += [one.effect for one in changed.settled.values()]
    if changed.origin is not None:
        numbers.append(changed.origin.priority)
        texts += [changed.origin.graph, changed.origin.graph_hash, changed.origin.parent]
    if changed.pin is not None:
        texts.append(changed.pin.graph_hash)
    if any(abs(number) > INT_MAX for number in numbers) or any(_EMPTY in text for text in texts):
        raise NotImportedError(run, f"the events from {page.first} on hold a number or a name that cannot be kept")


def _hash_in_file(file: BinaryIO, verified: VerifiedFile, seq: int) -> bytes:
    """The hash of the header of event `seq`, as the file has it."""
    for page in _pages_again(file, verified):
        if page.first + len(page.sealed) > seq:
            return header_hash(page.sealed[seq - page.first].header)
    raise AssertionError("the file has more events than that")


def _pages_again(file: BinaryIO, verified: VerifiedFile) -> Iterator[FilePage]:
    """The pages of a file that was found whole; each part is the one that was found."""
    file.seek(0)
    return RunFileReading(file, known=verified.manifest).pages()


def _trusted(verified: VerifiedFile, trusted: Collection[str]) -> tuple[str, ...]:
    return tuple(signer for signer in verified.signers if signer in trusted)


def _size_of(file: BinaryIO) -> int:
    size = file.seek(0, 2)
    file.seek(0)
    return size


def _told_from_thread(progress: Progress) -> Progress:
    """The same, to be called in a thread; it is told in the event loop, where it was asked for."""
    if progress is untold:
        return progress
    loop = asyncio.get_running_loop()
    return lambda what, done, total: loop.call_soon_threadsafe(progress, what, done, total) and None
