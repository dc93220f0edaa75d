"""The artifacts of a tenant: kept once for the same bytes, read in pieces, given up only when no run names them.

They lie in the store as records, so every process that works on it has them, and backups hold them too (ADR 0035).
What was begun by a process that died is cleared away by the next upload.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable
from contextlib import suppress
from typing import Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from interlock.artifacts.artifact import UNKNOWN_TYPE, Artifact
from interlock.artifacts.errors import ArtifactInUseError, ArtifactNotFoundError, ArtifactTooLongError
from interlock.artifacts.parts import Parts, in_parts
from interlock.store.errors import RecordChangedError
from interlock.store.event_store import EventStore
from interlock.store.records import Record

ARTIFACT: Final = "artifact"
UPLOAD: Final = "artifact.upload"
"""One that is under way, or was cut off: by its name, and in the end with the digest and size that it came to."""
USE: Final = "artifact.use"
"""That a run was started with an artifact: `DIGEST:RUN`."""

UPLOAD_MICROS_MAX: Final = 24 * 3600 * 1_000_000
"""After so long an upload that has not ended never will."""
START_MICROS_MAX: Final = 60 * 1_000_000
"""So long after it was noted that a run is started with an artifact, the run may not be on record yet."""
CLEARED_AT_ONCE: Final = 10
_USES_AT_ONCE: Final = 100


class _Kept(Struct, frozen=True):
    """What is on record of an artifact."""

    artifact: Artifact
    upload: str
    """Under which name its parts lie."""


class ArtifactShelf:
    """The artifacts of a tenant."""

    def __init__(self, store: EventStore, tenant: str, *, now: Callable[[], int]) -> None:
        self._store = store
        self._records = store.records
        self._tenant = tenant
        self._now = now
        self._parts = Parts(store.records, tenant)

    async def keep(
        self, pieces: AsyncIterable[bytes], *, type: str = "", by: str = "", bytes_max: int
    ) -> tuple[Artifact, bool]:
        """Keep bytes as they come; the artifact, and whether it is a new one. Raises `ArtifactTooLongError`.

        The same bytes are the same artifact. Its type is the first that was said of it.
        """
        await self._clear_cut_off()
        upload = secrets.token_hex(16)
        await self._records.put(self._tenant, UPLOAD, upload, b"")
        try:
            digest, size = await self._take(upload, pieces, bytes_max)
            made = Artifact(digest=digest, bytes=size, type=type or UNKNOWN_TYPE, at=self._now(), by=by)
            await self._records.put(self._tenant, UPLOAD, upload, _whole(made))
            return await self._shelve(_Kept(made, upload))
        finally:
            await self._clear(upload)

    async def find(self, digest: str) -> Artifact | None:
        """An artifact, if it is there."""
        found = await self._find(digest)
        return None if found is None else found[0].artifact

    async def get(self, digest: str) -> Artifact:
        """An artifact. Raises `ArtifactNotFoundError`."""
        return (await self._get(digest))[0].artifact

    async def listed(self, *, after: str = "", limit: int) -> list[Artifact]:
        """Artifacts in the order of their digests."""
        records = await self._records.listed(self._tenant, ARTIFACT, after=after, limit=limit)
        return [_read(record).artifact for record in records]

    async def read(self, digest: str, *, first: int = 0, after: int | None = None) -> AsyncIterator[bytes]:
        """Its bytes, or those from number `first` on and before number `after`, in pieces."""
        kept, _ = await self._get(digest)
        end = kept.artifact.bytes if after is None else min(after, kept.artifact.bytes)
        async for piece in self._parts.read(kept.upload, first=first, after=end):
            yield piece

    async def note_use(self, digests: Iterable[str], run: str) -> None:
        """Note that a run is started with artifacts, before it is. Raises `ArtifactNotFoundError`."""
        for digest in digests:
            await self._records.put(self._tenant, USE, f"{digest}:{run}", b"")
            await self._get(digest)  # looked for only now: whoever gives it up meanwhile finds that it is used

    async def drop(self, digest: str) -> None:
        """Give up an artifact. Raises `ArtifactNotFoundError`, or `ArtifactInUseError` if a run on record names it."""
        kept, version = await self._get(digest)
        await self._refuse_used(digest)
        await self._records.put(self._tenant, UPLOAD, kept.upload, _whole(kept.artifact))
        await self._records.drop(self._tenant, ARTIFACT, digest, expected=version)
        await self._clear(kept.upload)

    # --- keeping ---

    async def _take(self, upload: str, pieces: AsyncIterable[bytes], bytes_max: int) -> tuple[str, int]:
        whole, size, number = hashlib.sha256(), 0, 0
        async for part in in_parts(pieces):
            size += len(part)
            if size > bytes_max:
                raise ArtifactTooLongError(bytes_max)
            whole.update(part)
            await self._parts.put(upload, number, part)
            number += 1
        return whole.hexdigest(), size

    async def _shelve(self, new: _Kept) -> tuple[Artifact, bool]:
        digest = new.artifact.digest
        try:
            await self._records.put(self._tenant, ARTIFACT, digest, msgspec.msgpack.encode(new), expected=0)
        except RecordChangedError:
            kept, version = await self._get(digest)
            return await self._typed(kept, new.artifact.type, version), False
        return new.artifact, True

    async def _typed(self, kept: _Kept, type: str, version: int) -> Artifact:
        """What is kept, with the type that is said of it now, where none was known before."""
        if kept.artifact.type != UNKNOWN_TYPE or type == UNKNOWN_TYPE:
            return kept.artifact
        typed = replace(kept, artifact=replace(kept.artifact, type=type))
        data = msgspec.msgpack.encode(typed)
        with suppress(RecordChangedError):  # somebody else was first to say of which type it is
            await self._records.put(self._tenant, ARTIFACT, kept.artifact.digest, data, expected=version)
        return typed.artifact

    # --- giving up ---

    async def _refuse_used(self, digest: str) -> None:
        """Runs that are on record no more use nothing: what was noted of them goes."""
        after, starting = f"{digest}:", self._now() - START_MICROS_MAX
        while uses := await self._records.listed(self._tenant, USE, after=after, limit=_USES_AT_ONCE):
            for use in uses:
                named, _, run = use.key.partition(":")
                if named != digest:
                    return
                if use.at > starting or await self._store.find_run(self._tenant, run) is not None:
                    raise ArtifactInUseError(digest, run)
                await self._records.drop(self._tenant, USE, use.key)
            after = uses[-1].key

    async def _clear_cut_off(self) -> None:
        before = self._now() - UPLOAD_MICROS_MAX
        for record in await self._records.listed(self._tenant, UPLOAD, limit=CLEARED_AT_ONCE):
            if record.at < before:
                await self._clear(record.key)

    async def _clear(self, upload: str) -> None:
        """End an upload: where it came to an artifact its parts stay, else they are given up."""
        record = await self._records.find(self._tenant, UPLOAD, upload)
        if record is None:
            return
        digest, _, size = record.data.decode().partition(":")
        found = await self._find(digest) if digest else None
        if found is None or found[0].upload != upload:
            await self._parts.drop(upload, size=int(size) if size else None)
        await self._records.drop(self._tenant, UPLOAD, upload)

    # --- what is on record ---

    async def _get(self, digest: str) -> tuple[_Kept, int]:
        found = await self._find(digest)
        if found is None:
            raise ArtifactNotFoundError(digest)
        return found

    async def _find(self, digest: str) -> tuple[_Kept, int] | None:
        record = await self._records.find(self._tenant, ARTIFACT, digest)
        return None if record is None else (_read(record), record.version)


def _whole(artifact: Artifact) -> bytes:
    """What is noted of an upload whose bytes are all there."""
    return f"{artifact.digest}:{artifact.bytes}".encode()


def _read(record: Record) -> _Kept:
    return msgspec.msgpack.decode(record.data, type=_Kept)
