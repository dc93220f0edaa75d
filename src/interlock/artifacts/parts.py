"""The bytes of artifacts, in parts of a bounded size that lie in the store: so whoever reads or writes holds one part.

Each part begins with its own SHA-256, so that a wrong byte shows where it is. Parts lie under the name of the upload
that brought them, since the digest of the whole is known only when its last byte has come.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterable, AsyncIterator
from typing import Final

from interlock.store.errors import DamagedError
from interlock.store.records import Records

PART_BYTES: Final = 512 * 1024
PART: Final = "artifact.part"
_PROOF_BYTES: Final = hashlib.sha256().digest_size


class Parts:
    """The parts of the uploads of a tenant."""

    def __init__(self, records: Records, tenant: str) -> None:
        self._records = records
        self._tenant = tenant

    async def put(self, upload: str, number: int, data: bytes) -> None:
        """Keep a part."""
        await self._records.put(self._tenant, PART, _key(upload, number), hashlib.sha256(data).digest() + data)

    async def read(self, upload: str, *, first: int, after: int) -> AsyncIterator[bytes]:
        """The bytes from number `first` on and before number `after`, part by part."""
        while first < after:
            number, begin = divmod(first, PART_BYTES)
            data = (await self._part(upload, number))[begin : begin + after - first]
            if not data:
                raise DamagedError(f"part {number} of upload {upload}")
            yield data
            first += len(data)

    async def _part(self, upload: str, number: int) -> bytes:
        record = await self._records.find(self._tenant, PART, _key(upload, number))
        if record is None:
            raise DamagedError(f"part {number} of upload {upload}")
        proof, data = record.data[:_PROOF_BYTES], record.data[_PROOF_BYTES:]
        if hashlib.sha256(data).digest() != proof:
            raise DamagedError(f"part {number} of upload {upload}")
        return data

    async def drop(self, upload: str) -> None:
        """Give up all parts of an upload, the last first: what is left after a death in between is still found."""
        last = 0
        while await self._records.find(self._tenant, PART, _key(upload, last)) is not None:
            last += 1
        for number in reversed(range(last)):
            await self._records.drop(self._tenant, PART, _key(upload, number))


async def in_parts(pieces: AsyncIterable[bytes]) -> AsyncIterator[bytes]:
    """The same bytes, in parts of one size but for the last."""
    waiting = bytearray()
    async for piece in pieces:
        waiting += piece
        while len(waiting) >= PART_BYTES:
            yield bytes(waiting[:PART_BYTES])
            del waiting[:PART_BYTES]
    if waiting:
        yield bytes(waiting)


def _key(upload: str, number: int) -> str:
    return f"{upload}:{number:08d}"
