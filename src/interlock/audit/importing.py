"""A verified run file kept in a store: as the record of what happened elsewhere, which nobody drives on here.

The file is read three times: to find it whole and signed, to follow its events on its own graph, and to keep it. So
nothing is kept of a file that has a fault, and what is kept can be shown, replayed and compared by this release. It was
some run of some tenant, and stays that: its headers are not written anew, whoever's place it is kept in.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from typing import BinaryIO

from msgspec import Struct

from interlock.audit.errors import NotImportedError, UntrustedSignerError
from interlock.audit.exporting import Progress, untold
from interlock.audit.following import followed, hash_in_file, pages_again
from interlock.audit.import_record import ImportRecord, note_import
from interlock.audit.off_loop import off_loop
from interlock.audit.run_file import FilePage, VerifiedFile, verify_file
from interlock.store.errors import StaleRunError
from interlock.store.event_store import EventStore
from interlock.store.imports import ImportedPage
from interlock.store.rows import RunRow
from interlock.store.sealing import CHAIN_START, header_hash


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
    size = file.seek(0, 2)
    file.seek(0)
    verified = await off_loop(
        lambda tell: verify_file(file, on_part=lambda: tell("reading", file.tell(), size)), progress
    )
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
    keeping = _Keeping(store, tenant, file, verified)
    known = await store.find_run(tenant, verified.manifest.run)
    if known is not None:
        await keeping.check_same(known)
    added = await keeping.keep_behind(known.seq if known else 0, progress)
    if known is None or known.imported_from:
        await note_import(store.records, tenant, ImportRecord.of(verified, at=at, by=by, trusted=trusted))
    return ImportedRun(verified, _trusted(verified, trusted), added)


class _Keeping:
    """One file being kept in one place."""

    def __init__(self, store: EventStore, tenant: str, file: BinaryIO, verified: VerifiedFile) -> None:
        self._store = store
        self._tenant = tenant
        self._file = file
        self._verified = verified
        self._manifest = verified.manifest

    async def check_same(self, known: RunRow) -> None:
        """Refuse another run than the one that is here under the same id; and to add to one that goes on here."""
        run, events = self._manifest.run, self._manifest.events
        if known.seq < events:
            there = known.head
            in_file = await asyncio.to_thread(hash_in_file, self._file, self._verified, known.seq)
        else:
            there, in_file = await self._hash_here(events), bytes.fromhex(self._manifest.head)
        if there != in_file:
            raise NotImportedError(run, "another run of this id is here; import the file into another store")
        if known.seq < events and not known.imported_from:
            why = "it was started here, and goes on here: the file holds events of it that this store does not have"
            raise NotImportedError(run, f"{why}; import the file into another store")

    async def keep_behind(self, after: int, progress: Progress) -> int:
        """Keep what the file holds behind event `after`: how many events that were."""
        total = self._manifest.events
        if after >= total:
            return 0
        if self._manifest.is_erased:
            why = "its payloads were erased before it was exported, so there is nothing to show of it"
            raise NotImportedError(self._manifest.run, why)
        statuses = await off_loop(lambda tell: list(followed(self._file, self._verified, tell)), progress)
        pages = pages_again(self._file, self._verified)
        previous = CHAIN_START
        for status in statuses:
            page = await asyncio.to_thread(next, pages)
            await self._keep_page(page, behind=after, previous=previous, status=status)
            previous = header_hash(page.sealed[-1].header)
            progress("keeping", page.last, total)
        return total - after

    async def _keep_page(self, page: FilePage, *, behind: int, previous: bytes, status: str) -> None:
        """Keep those events of a page that are not kept yet, and all that it brings along."""
        if page.last <= behind:
            return
        for bundle, data in page.bundles.items():
            await self._store.put_bundle(self._tenant, bundle, data)
        skipped = max(0, behind + 1 - page.first)
        fresh = ImportedPage(
            tenant=self._tenant,
            run=self._manifest.run,
            imported_from=self._manifest.tenant,
            after=page.first + skipped - 1,
            previous=header_hash(page.sealed[skipped - 1].header) if skipped else previous,
            sealed=page.sealed[skipped:],
            events=page.events[skipped:],
            status=status,
            blobs=page.blobs,
        )
        try:
            await self._store.imports.keep(fresh)
        except StaleRunError:
            # Somebody else brings it as well: that is as good, as long as it is the same.
            if await self._hash_here(page.last) != fresh.head:
                raise

    async def _hash_here(self, seq: int) -> bytes:
        """The hash of the header of event `seq`, as it is kept here; nothing if that is not kept."""
        found = await self._store.read_sealed(self._tenant, self._manifest.run, after=seq - 1, limit=1)
        return header_hash(found[0].header) if found else b""


def _trusted(verified: VerifiedFile, trusted: Collection[str]) -> tuple[str, ...]:
    return tuple(signer for signer in verified.signers if signer in trusted)
