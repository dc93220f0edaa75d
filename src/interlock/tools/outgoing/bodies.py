"""The body of an answer, read within its bounds: no more than so many bytes, packed or unpacked."""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterable
from typing import Final

from interlock.tools.outgoing.errors import OutgoingFailed

ACCEPTED_ENCODING: Final = "gzip"
_GZIP: Final = 16 + zlib.MAX_WBITS


async def read_body(chunks: AsyncIterable[bytes], *, encoding: str, bytes_max: int, origin: str) -> bytes:
    """The whole body, unpacked. A body beyond `bytes_max` is given up as soon as that is known."""
    unpacking = _unpacking(encoding, bytes_max, origin)
    came = 0
    async for chunk in chunks:
        came += len(chunk)
        if came > bytes_max:
            raise too_large(origin, bytes_max)
        unpacking.take(chunk)
    return unpacking.whole()


def too_large(origin: str, bytes_max: int) -> OutgoingFailed:
    """What is told of a body that is too large."""
    return OutgoingFailed(f"{origin} answered with more than {bytes_max:,} bytes", kind="invalid", retryable=False)


def _unpacking(encoding: str, bytes_max: int, origin: str) -> _Plain | _Gzip:
    match encoding.strip().lower():
        case "" | "identity":
            return _Plain()
        case "gzip" | "x-gzip":
            return _Gzip(bytes_max, origin)
        case _:
            told = f"{origin} answered in the encoding {encoding[:40]!r}, which nobody has asked for"
            raise OutgoingFailed(told, kind="invalid", retryable=False)


class _Plain:
    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def take(self, chunk: bytes) -> None:
        self._parts.append(chunk)

    def whole(self) -> bytes:
        return b"".join(self._parts)


class _Gzip:
    """Unpacks as it comes, and never more at once than may still come: a bomb ends at the bound."""

    def __init__(self, bytes_max: int, origin: str) -> None:
        self._bytes_max = bytes_max
        self._origin = origin
        self._parts: list[bytes] = []
        self._left = bytes_max
        self._member = zlib.decompressobj(_GZIP)

    def take(self, chunk: bytes) -> None:
        while chunk:
            if self._member.eof:
                self._member = zlib.decompressobj(_GZIP)
            part = self._unpacked(chunk)
            self._left -= len(part)
            if self._left < 0:
                raise too_large(self._origin, self._bytes_max)
            self._parts.append(part)
            chunk = self._member.unused_data if self._member.eof else self._member.unconsumed_tail

    def whole(self) -> bytes:
        if self._parts and not self._member.eof:
            raise OutgoingFailed(f"{self._origin} broke off in the middle of its answer", in_doubt=True)
        return b"".join(self._parts)

    def _unpacked(self, chunk: bytes) -> bytes:
        try:
            return self._member.decompress(chunk, self._left + 1)
        except zlib.error as error:
            told = f"{self._origin} answered with what is not gzip, though it says so: {error}"
            raise OutgoingFailed(told, kind="invalid", retryable=False) from error
