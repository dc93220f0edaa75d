"""The bytes of artifacts, in parts of a bounded size that lie in the store: so whoever reads or writes holds one part.

Each part begins with its own SHA-256, so that a wrong byte shows where it is. Parts lie under the name of the upload
that brought them, since the digest of the whole is known only when its last byte has come.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterable, AsyncIterator
from typing import Final

from interlock.store.errors import DamagedError
from interlock.store.records import Records

PART_BYTES: Final = 512 * 1024
DROPPED_AT_ONCE: Final = 32
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

    async def drop(self, upload: str, *, size: int | None = None) -> None:
        """Give up all parts of an upload, the last ones first: what is left after a death in between is still found.

        Without its `size` it is looked for how many there are.
        """
        left = await self._count(upload) if size is None else -(-size // PART_BYTES)
        while left > 0:
            some = range(max(0, left - DROPPED_AT_ONCE), left)
            await asyncio.gather(*(self._records.drop(self._tenant, PART, _key(upload, each)) for each in some))
            left = some.start

    async def _count(self, upload: str) -> int:
        number = 0
        while await self._records.find(self._tenant, PART, _key(upload, number)) is not None:
            number += 1
        return number


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
