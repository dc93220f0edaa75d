"""A run file being read: every part is held against what must stand there, and handed on page by page.

What is found wrong is named: the part, and the event, if it is one. Nothing of a page may be believed before the last
one was read, since who vouches for it is said at the end; whoever keeps pages therefore reads the file twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from hashlib import sha256
from typing import BinaryIO, Final

from msgspec import Struct

from interlock.audit.decision_lines import decision_lines
from interlock.audit.errors import RunFileError
from interlock.audit.layout import README, README_TEXT, blob_part, bundle_part, decisions_part, events_part, next_blobs
from interlock.audit.manifest import (
    MANIFEST,
    SIGNATURES,
    Manifest,
    PartEntry,
    Signature,
    entry_of,
    read_manifest,
    read_signatures,
)
from interlock.audit.mentioned import UnwalkableError, mentioned_in
from interlock.audit.run_facts import RunFacts, is_name
from interlock.audit.sealed_pages import PAGE_BLOB_BYTES_MAX, read_page
from interlock.audit.tar_parts import Part, read_parts
from interlock.core.events import Event
from interlock.store.errors import StoreError
from interlock.store.sealing import CHAIN_START, Broken, Sealed, header_hash, read_header, unseal, verify_chain

_EVENTS: Final = "events/"
_BUNDLES: Final = "bundles/"
_INT_MAX: Final = 2**63 - 1


class FilePage(Struct, frozen=True):
    """Some events in a row, as they were stored and as they read, with what they bring along."""

    sealed: Sequence[Sealed]
    events: Sequence[Event]
    """Those of which the payload is there: all, or none."""
    bundles: Mapping[str, bytes]
    blobs: Mapping[str, bytes]

    @property
    def first(self) -> int:
        """The number of its first event."""
        return read_header(self.sealed[0]).seq

    @property
    def last(self) -> int:
        """The number of its last event."""
        return self.first + len(self.sealed) - 1


class _Mention(Struct, frozen=True, gc=False):
    """That a blob is mentioned, of which size, and by what: an event, or a blob that one mentions."""

    size: int
    by: str
    seq: int | None


class VerifiedFile(Struct, frozen=True):
    """What a file was found to hold, all of it as it was signed."""

    manifest: Manifest
    written: bytes
    """The manifest as it stands in the file: what the signatures are of."""
    signatures: tuple[Signature, ...]

    @property
    def signers(self) -> tuple[str, ...]:
        """The fingerprints of the keys that have signed it."""
        return tuple(one.fingerprint for one in self.signatures)


def verify_file(file: BinaryIO, *, on_part: Callable[[], None] = lambda: None) -> VerifiedFile:
    """Read a whole file and find all of it as it was signed; `RunFileError` names the first thing that is not."""
    reading = RunFileReading(file, on_part=on_part)
    for _ in reading.pages():
        pass
    return reading.verified


class RunFileReading:
    """One way through a file, from its first byte to its last."""

    def __init__(
        self, file: BinaryIO, *, known: Manifest | None = None, on_part: Callable[[], None] = lambda: None
    ) -> None:
        """With `known`, the manifest of a file that was verified, each part has to be the one that was found then."""
        self._parts = _Parts(file, on_part, known.parts if known else None)
        self._after = 0
        self._page_name = ""
        self._previous = CHAIN_START
        self._erased = 0
        self._bundles: set[str] = set()
        self._blobs: set[str] = set()
        self._run = ""
        self._facts = RunFacts("")
        self._verified: VerifiedFile | None = None

    @property
    def verified(self) -> VerifiedFile:
        """What it was found to hold, once all pages were read."""
        assert self._verified is not None, "a file is verified once it was read to its end"
        return self._verified

    def pages(self) -> Iterator[FilePage]:
        """The pages of the run, each with what it brings along; then the end of the file is held against them."""
        if self._parts.take(README) != README_TEXT.encode():
            raise RunFileError(f"{README} is not the one that stands in every file", part=README)
        while self._after == 0 or self._parts.begins(_EVENTS):
            yield self._page()
        self._verified = self._end()

    # --- a page ---

    def _page(self) -> FilePage:
        first = self._after + 1
        name = self._page_name = events_part(first)
        sealed = read_page(self._parts.take(name), part=name, first=first)
        events = self._events(sealed, name)
        if lines := self._lines(events, name):
            self._check_lines(self._parts.take(decisions_part(first)), lines, decisions_part(first))
        bundles = {bundle: self._bundle(bundle) for bundle in self._bundles_named(events)}
        return FilePage(sealed, events, bundles, self._brought(sealed, first))

    def _events(self, sealed: Sequence[Sealed], part: str) -> list[Event]:
        """What the page says, once its chain holds."""
        first = self._after + 1
        broken = verify_chain(sealed, after=self._after, previous=self._previous)
        if broken is not None:
            seq = self._seq_at_fault(sealed, broken)
            raise RunFileError(f"event {seq} is not what was stored ({broken.what})", part=part, seq=seq)
        headers = [read_header(one) for one in sealed]
        if not (is_name(headers[0].tenant) and is_name(headers[0].run)):
            told = f"event {first} is of run {headers[0].run[:80]!r} of tenant {headers[0].tenant[:80]!r}"
            raise RunFileError(f"{told}, and neither may be called so", part=part, seq=first)
        self._facts = self._facts if self._after else RunFacts(headers[0].run)
        if self._after and (headers[0].tenant, headers[0].run) != (self._facts.tenant, self._run):
            told = f"event {first} is of run {headers[0].run} of tenant {headers[0].tenant}"
            raise RunFileError(f"{told}, and those before it of {self._run}", part=part, seq=first)
        self._run = headers[0].run
        events = [self._unsealed(one, part) for one in sealed if one.payload is not None]
        self._facts.take(headers, events)
        self._erased += len(sealed) - len(events)
        if not self._after and events and not (self._facts.has_begun and events[0].type == "run.started"):
            raise RunFileError("event 1 is not the start of a run", part=part, seq=1)
        self._after += len(sealed)
        self._previous = header_hash(sealed[-1].header)
        return events

    def _seq_at_fault(self, sealed: Sequence[Sealed], broken: Broken) -> int:
        """Of two headers that do not fit, it is the later one if that does not fit the one behind it either."""
        behind = sealed[broken.seq - self._after :][:2]
        if broken.fault == "changed_header" and len(behind) == 2:
            later, last = behind
            return broken.seq + (read_header(last).previous != header_hash(later.header))
        return broken.seq

    def _unsealed(self, sealed: Sealed, part: str) -> Event:
        header = read_header(sealed)
        try:
            event = unseal(sealed)
        except (StoreError, ValueError, TypeError, LookupError, RecursionError, OverflowError) as error:
            # Whoever made the bytes may have made anything.
            told = f"what event {header.seq} says cannot be read by this release ({error})"
            raise RunFileError(told, part=part, seq=header.seq) from error
        named = (event.type, event.attempt)
        if named != (header.type, header.attempt) or not 0 <= header.at <= _INT_MAX:
            told = f"the header of event {header.seq} says {header.type}, and its payload {event.type}"
            raise RunFileError(told, part=part, seq=header.seq)
        return event

    def _lines(self, events: Sequence[Event], part: str) -> bytes:
        try:
            return decision_lines(events)
        except (TypeError, ValueError, RecursionError) as error:
            raise RunFileError(f"a decision in {part} cannot be told: {error}", part=part) from error

    def _check_lines(self, found: bytes, derived: bytes, part: str) -> None:
        if found == derived:
            return
        pairs = zip(found.split(b"\n"), derived.split(b"\n"), strict=False)
        line = next((number for number, (one, other) in enumerate(pairs, start=1) if one != other), 0)
        told = f"line {line} of {part}" if line else f"the end of {part}"
        raise RunFileError(f"{told} is not what the events say", part=part)

    def _bundles_named(self, events: Sequence[Event]) -> Iterator[str]:
        for bundle in self._facts.bundles_in(events):
            if bundle not in self._bundles:
                yield bundle
        if not events and self._parts.begins(_BUNDLES):
            # The headers of an erased run do not say on which it was; the manifest does.
            yield self._parts.coming.removeprefix(_BUNDLES).partition(".")[0]

    def _bundle(self, bundle: str) -> bytes:
        name = bundle_part(bundle)
        data = self._parts.take(name)
        if sha256(data).hexdigest() != bundle:
            raise RunFileError(f"{name} is not the bundle of this hash", part=name)
        self._bundles.add(bundle)
        return data

    def _brought(self, sealed: Sequence[Sealed], first: int) -> dict[str, bytes]:
        """The blobs behind a page: those that its events mention, and those that these do, none of them twice."""
        mentioned: dict[str, _Mention] = {}
        for seq, one in enumerate(sealed, start=first):
            self._note_mentions(mentioned, one.payload or b"", by=f"event {seq}", seq=seq)
        brought: dict[str, bytes] = {}
        size = 0
        while wanted := next_blobs(mentioned, self._blobs):
            inner: dict[str, _Mention] = {}
            for digest in wanted:
                data = self._blob(digest, mentioned[digest])
                size += len(data)
                if size > PAGE_BLOB_BYTES_MAX:
                    told = f"the events from {first} on bring more than {PAGE_BLOB_BYTES_MAX:,} bytes of blobs"
                    raise RunFileError(told, part=blob_part(digest))
                brought[digest] = data
                self._note_mentions(inner, data, by=f"blob {digest}")
            mentioned = inner
        return brought

    def _blob(self, digest: str, mention: _Mention) -> bytes:
        name = blob_part(digest)
        data = self._parts.take(name, why=f", which {mention.by} mentions,", seq=mention.seq)
        if len(data) != mention.size:
            told = f"{name} has {len(data):,} bytes, and {mention.by} mentions one of {mention.size:,}"
            raise RunFileError(told, part=name, seq=mention.seq)
        self._blobs.add(digest)
        return data

    def _note_mentions(self, mentioned: dict[str, _Mention], data: bytes, *, by: str, seq: int | None = None) -> None:
        """Note what these bytes mention and nothing before them did."""
        try:
            for digest, size in mentioned_in(data).items():
                mentioned.setdefault(digest, _Mention(size, by, seq))
        except UnwalkableError as why:
            part = blob_part(by.removeprefix("blob ")) if seq is None else self._page_name
            raise RunFileError(f"{by} cannot be walked through: {why}", part=part, seq=seq) from why

    # --- the end ---

    def _end(self) -> VerifiedFile:
        entries = self._parts.entries
        written = self._parts.take(MANIFEST, why=f", or a page with event {self._after + 1},")
        signed = self._parts.take(SIGNATURES)
        self._parts.check_end()
        try:
            signatures = read_signatures(signed, manifest=written)
        except RunFileError:
            # One of the two was changed. The manifest was if it does not fit what stands before it.
            self._check_manifest(written, entries)
            raise
        return VerifiedFile(self._check_manifest(written, entries), written, signatures)

    def _check_manifest(self, written: bytes, entries: Sequence[PartEntry]) -> Manifest:
        manifest = read_manifest(written)
        _check_parts(entries, manifest.parts)
        self._check_log(manifest)
        return manifest

    def _check_log(self, manifest: Manifest) -> None:
        """The manifest says of the run what its events say, or nothing of it holds."""
        if manifest.events != self._after or manifest.head != self._previous.hex():
            told = f"event {self._after} is not the last one that was signed: that is event {manifest.events}"
            raise RunFileError(f"{told} with the hash {manifest.head}", part=self._page_name, seq=self._after)
        if (manifest.tenant, manifest.run) != (self._facts.tenant, self._run):
            told = f"the events are of run {self._run} of tenant {self._facts.tenant}"
            raise RunFileError(f"{told}, and {MANIFEST} of {manifest.run} of {manifest.tenant}", part=MANIFEST)
        if manifest.erased != self._erased or self._erased not in (0, self._after):
            told = f"{self._erased:,} events have no payload, and {MANIFEST} says {manifest.erased:,}"
            raise RunFileError(told, part=MANIFEST)
        if not self._erased and manifest.summary != self._facts.summary():
            raise RunFileError(f"what {MANIFEST} says of the run is not what its events say", part=MANIFEST)
        if self._bundles - {manifest.summary.bundle} and self._erased:
            raise RunFileError(f"the bundle in the file is not the one that {MANIFEST} names", part=MANIFEST)


def _check_parts(found: Sequence[PartEntry], signed: Sequence[PartEntry]) -> None:
    for one, other in zip(found, signed, strict=False):
        if one != other:
            raise RunFileError(f"{one.name} is not the one that was signed", part=one.name)
    if len(found) != len(signed):
        raise RunFileError(f"{MANIFEST} names {len(signed):,} parts, and there are {len(found):,}", part=MANIFEST)


class _Parts:
    """The parts of a file, each taken by the name that it must have."""

    def __init__(self, file: BinaryIO, on_part: Callable[[], None], known: Sequence[PartEntry] | None) -> None:
        self._left: Iterator[Part] = iter(read_parts(file))
        self._next: Part | None = None
        self._taken: set[str] = set()
        self._on_part = on_part
        self._known = known
        self.entries: list[PartEntry] = []
        """What was taken so far, but for manifest and signatures."""

    @property
    def coming(self) -> str:
        """The name of the next part; nothing at the end."""
        self._next = self._next or next(self._left, None)
        return self._next.name if self._next else ""

    def begins(self, folder: str) -> bool:
        """Whether the next part stands in a folder."""
        return self.coming.startswith(folder)

    def take(self, name: str, *, why: str = "", seq: int | None = None) -> bytes:
        """The next part, which has to be of this name."""
        coming, part = self.coming, self._next
        if part is None:
            raise RunFileError(f"{name}{why} is missing at the end of the file", part=name, seq=seq)
        if coming in self._taken:
            raise RunFileError(f"{coming} stands in the file twice", part=coming)
        if coming != name:
            raise RunFileError(f"{name}{why} is missing: {coming} stands in its place", part=name, seq=seq)
        self._next = None
        self._taken.add(name)
        if name not in (MANIFEST, SIGNATURES):
            self._note(entry_of(part))
        self._on_part()
        return part.data

    def _note(self, entry: PartEntry) -> None:
        if self._known is not None and entry not in self._known[len(self.entries) : len(self.entries) + 1]:
            raise RunFileError(f"{entry.name} was changed while the file was read", part=entry.name)
        self.entries.append(entry)

    def check_end(self) -> None:
        """Nothing may stand behind the last part."""
        if self.coming:
            raise RunFileError(f"{self.coming} stands behind the signatures", part=self.coming)
