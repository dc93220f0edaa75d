"""A run as one signed file, in pieces that can be sent on as they are made: a page of events is held at a time.

Each event is held against the header before it and its own, each blob and bundle against its name: what is damaged is
not signed. Of a run that goes on, the file holds what was on record when it was begun. Nothing is changed by it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Final, TypeAlias

from interlock.audit.decision_lines import decision_lines
from interlock.audit.errors import NotExportedError
from interlock.audit.layout import README, README_TEXT, blob_part, bundle_part, decisions_part, events_part, next_blobs
from interlock.audit.manifest import (
    FORMAT,
    KIND,
    MANIFEST,
    SIGNATURES,
    Manifest,
    PartEntry,
    Signature,
    entry_of,
    sign,
    written_manifest,
    written_signatures,
)
from interlock.audit.mentioned import UnwalkableError, mentioned_in
from interlock.audit.run_facts import RunFacts, is_name
from interlock.audit.sealed_pages import EVENT_BYTES_MAX, PAGE_BLOB_BYTES_MAX, is_full, written_event
from interlock.audit.signing_key import SigningKey
from interlock.audit.tar_parts import END, PART_BYTES_MAX, Part, written
from interlock.core.events import Event
from interlock.store.errors import DamagedError, MissingError
from interlock.store.event_store import EventStore
from interlock.store.rows import RunRow
from interlock.store.sealing import CHAIN_START, Sealed, header_hash, read_header, unseal, verify_chain

Progress: TypeAlias = Callable[[str, int, int], None]
"""Told what is being done, how much of it is done, and how much there is."""
Signed: TypeAlias = Callable[[bytes], Sequence[Signature]]
"""Signatures of a manifest that others have made, by its bytes."""

EVENTS_AT_ONCE: Final = 500
BLOB_BYTES_AT_ONCE: Final = 8 * 1024 * 1024
"""Blobs are asked for together up to so many bytes."""


def untold(what: str, done: int, total: int) -> None:
    """Nobody asks how far it is."""


def unsigned(manifest: bytes) -> Sequence[Signature]:
    """Nobody else has signed it."""
    return ()


class RunExport:
    """A run's file being made: iterate over it once to get its bytes, piece by piece.

    Raises `MissingError` if there is no such run, `DamagedError` if it is not what was stored, and `NotExportedError`.
    """

    def __init__(
        self,
        store: EventStore,
        key: SigningKey,
        *,
        tenant: str,
        run: str,
        signed: Signed = unsigned,
        progress: Progress = untold,
    ) -> None:
        """`signed` gives the signatures that others have made of the very same manifest."""
        self._store = store
        self._key = key
        self._tenant = tenant
        self._run = run
        self._signed = signed
        self._progress = progress
        self._manifest: Manifest | None = None
        self.bytes_made = 0
        """How many bytes there are so far."""

    @property
    def manifest(self) -> Manifest:
        """What the file says of itself, once all of it was made."""
        assert self._manifest is not None, "a file is known once it was made"
        return self._manifest

    @property
    def signer(self) -> str:
        """The fingerprint of the key that signs it here."""
        return self._key.fingerprint

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """The pieces of the file: each is one part of it."""
        async for part in self._parts():
            piece = written(part)
            self.bytes_made += len(piece)
            yield piece
        self.bytes_made += len(END)
        yield END

    async def _parts(self) -> AsyncIterator[Part]:
        making = _Making(self._store, self._tenant, await self._store.get_run(self._tenant, self._run))
        async for part in making.parts(self._progress):
            yield part
        self._manifest = making.manifest()
        manifest = written_manifest(self._manifest)
        if len(manifest) > PART_BYTES_MAX:
            parts = len(self._manifest.parts)
            raise NotExportedError(self._run, f"it consists of {parts:,} parts, more than a manifest can name")
        yield Part(MANIFEST, manifest)
        yield Part(SIGNATURES, written_signatures([*self._signed(manifest), sign(manifest, self._key)]))


class _Page:
    """Some events in a row, and the blobs that they mention and no page before them did."""

    def __init__(self) -> None:
        self.sealed: list[Sealed] = []
        self.mentioned: dict[str, int] = {}
        self._bytes = 0

    def take(self, sealed: Sealed, mentioned: Mapping[str, int]) -> None:
        """One more event."""
        self.sealed.append(sealed)
        fresh = {digest: size for digest, size in mentioned.items() if digest not in self.mentioned}
        self.mentioned |= fresh
        self._bytes += len(sealed.header) + len(sealed.payload or b"") + sum(fresh.values())

    @property
    def is_full(self) -> bool:
        """Whether the next event stands in another page."""
        return is_full(len(self.sealed), self._bytes)


class _Making:
    """One file in the making: what stands in it so far."""

    def __init__(self, store: EventStore, tenant: str, row: RunRow) -> None:
        self._store = store
        self._tenant = tenant
        self._row = row
        self._facts = RunFacts(row.run)
        self._erased = 0
        self._blobs: set[str] = set()
        self._bundles: set[str] = set()
        self.entries: list[PartEntry] = []

    async def parts(self, progress: Progress) -> AsyncIterator[Part]:
        """Every part before the manifest."""
        yield self._noted(README, README_TEXT.encode())
        done = 0
        async for page in self._pages():
            async for part in self._parts_of(page, first=done + 1):
                yield part
            done += len(page.sealed)
            progress("events", done, self._row.seq)

    def manifest(self) -> Manifest:
        """What the file says of itself, once all parts are made."""
        row = self._row
        if not (is_name(row.run) and is_name(self._facts.tenant)):
            raise NotExportedError(row.run, f"no reader takes such a name, or that of tenant {self._facts.tenant!r}")
        if self._erased not in (0, row.seq):
            raise NotExportedError(row.run, "its payloads are just being erased; export it once that is done")
        summary = self._facts.erased_summary(row) if self._erased else self._facts.summary()
        return Manifest(
            kind=KIND,
            format=FORMAT,
            tenant=self._facts.tenant,
            run=row.run,
            summary=summary,
            events=row.seq,
            erased=self._erased,
            head=row.head.hex(),
            parts=tuple(self.entries),
        )

    async def _pages(self) -> AsyncIterator[_Page]:
        """The log as it is cut into pages."""
        page = _Page()
        async for sealed in self._log():
            mentioned = self._mentioned_in(sealed.payload or b"", f"event {read_header(sealed).seq}")
            page.take(sealed, {digest: size for digest, size in mentioned.items() if digest not in self._blobs})
            if page.is_full:
                yield page
                page = _Page()
        if page.sealed:
            yield page

    async def _log(self) -> AsyncIterator[Sealed]:
        """The events as they are stored, each held against the one before it."""
        row, after, previous = self._row, 0, CHAIN_START
        while after < row.seq:
            limit = min(EVENTS_AT_ONCE, row.seq - after)
            sealed = await self._store.read_sealed(self._tenant, row.run, after=after, limit=limit)
            is_last = len(sealed) < limit or after + limit == row.seq
            broken = verify_chain(sealed, head=row.head if is_last else None, after=after, previous=previous)
            if broken is not None:
                raise DamagedError(f"event {broken.seq} of run {row.run} ({broken.what})", seq=broken.seq)
            for one in sealed:
                yield one
            after, previous = after + limit, header_hash(sealed[-1].header)

    async def _parts_of(self, page: _Page, *, first: int) -> AsyncIterator[Part]:
        yield self._noted(events_part(first), b"".join(map(self._event, page.sealed)))
        events = [unseal(one) for one in page.sealed if one.payload is not None]
        self._facts.take([read_header(one) for one in page.sealed], events)
        self._erased += len(page.sealed) - len(events)
        if lines := decision_lines(events):
            yield self._noted(decisions_part(first), lines)
        for bundle in self._bundles_named(events):
            yield self._noted(bundle_part(bundle), await self._bundle(bundle))
        async for part in self._blob_parts(page.mentioned):
            yield part

    def _event(self, sealed: Sealed) -> bytes:
        if max(len(sealed.header), len(sealed.payload or b"")) > EVENT_BYTES_MAX:
            seq = read_header(sealed).seq
            raise NotExportedError(self._row.run, f"event {seq} is longer than the {EVENT_BYTES_MAX:,} bytes of any")
        return written_event(sealed)

    def _bundles_named(self, events: Sequence[Event]) -> Iterator[str]:
        """The bundles that stand behind a page. Of an erased run the last one is still known."""
        named = self._facts.bundles_in(events) if events else [self._row.bundle]
        for bundle in named:
            if bundle not in self._bundles:
                self._bundles.add(bundle)
                yield bundle

    async def _bundle(self, bundle: str) -> bytes:
        data = await self._store.get_bundle(self._tenant, bundle)
        if sha256(data).hexdigest() != bundle:
            raise DamagedError(f"bundle {bundle}")
        return data

    async def _blob_parts(self, mentioned: Mapping[str, int]) -> AsyncIterator[Part]:
        """What was mentioned and does not stand in the file yet, then what that mentions in turn."""
        size = 0
        while wanted := next_blobs(mentioned, self._blobs):
            inner: dict[str, int] = {}
            for batch in _batches(wanted, mentioned):
                for digest, data in (await self._loaded(batch)).items():
                    self._blobs.add(digest)
                    inner |= self._mentioned_in(data, f"blob {digest}")
                    size += len(data)
                    if size > PAGE_BLOB_BYTES_MAX:
                        raise NotExportedError(
                            self._row.run, f"few events mention more than {PAGE_BLOB_BYTES_MAX:,} bytes"
                        )
                    yield self._noted(blob_part(digest), data)
            mentioned = inner

    async def _loaded(self, digests: Collection[str]) -> dict[str, bytes]:
        try:
            stored = await self._store.blobs(self._tenant, digests)
        except MissingError as missing:
            raise DamagedError(
                f"blob {missing.name}, which run {self._row.run} mentions and which is not there,"
            ) from missing
        return {digest: stored[digest] for digest in digests}

    def _mentioned_in(self, data: bytes, what: str) -> dict[str, int]:
        try:
            return mentioned_in(data)
        except UnwalkableError as why:
            raise NotExportedError(self._row.run, f"{what} cannot be walked through: {why}") from why

    def _noted(self, name: str, data: bytes) -> Part:
        if len(data) > PART_BYTES_MAX:
            raise NotExportedError(self._row.run, f"{name} would have {len(data):,} bytes, more than any part may")
        part = Part(name, data)
        self.entries.append(entry_of(part))
        return part


def _batches(digests: Sequence[str], sizes: Mapping[str, int]) -> Iterator[list[str]]:
    """The digests in their order, together as many as are not too large to be held at once."""
    batch: list[str] = []
    size = 0
    for digest in digests:
        batch.append(digest)
        size += sizes[digest]
        if size >= BLOB_BYTES_AT_ONCE or len(batch) >= EVENTS_AT_ONCE:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
