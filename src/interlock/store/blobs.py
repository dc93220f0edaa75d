"""How the bytes of a blob are stored: compressed where that helps, and named so that a wrong byte shows. Pure."""

from __future__ import annotations

import hashlib
import hmac
import zlib
from typing import Final

from interlock.store.errors import DamagedError

_RAW: Final = b"\x00"
_ZLIB: Final = b"\x01"
_NAMED_ELSEWHERE: Final = b"\x02"
"""Before what is stored of a blob of an imported run stands this tenant's word that it was brought under its name."""
_LEVEL: Final = 1
"""The quickest: most of what compression saves in such data it saves here, at a quarter of the usual cost."""


def pack_blob(data: bytes) -> bytes:
    """The bytes to store."""
    packed = zlib.compress(data, _LEVEL)
    return _ZLIB + packed if len(packed) < len(data) else _RAW + data


def pack_imported_blob(data: bytes, *, digest: str, key: bytes) -> bytes:
    """The bytes to store of a blob that is named under the key of whoever made it.

    That key is theirs, so from now on the tenant's own says that these are the bytes which came under that name.
    """
    packed = pack_blob(data)
    if _digest(data, key) == digest:
        return packed
    return _NAMED_ELSEWHERE + _word_for(data, digest, key) + packed


def unpack_blob(stored: bytes, *, name: str) -> bytes:
    """The bytes that were packed."""
    form, data = stored[:1], stored[1:]
    if form == _NAMED_ELSEWHERE:
        return unpack_blob(data[hashlib.sha256().digest_size :], name=name)
    try:
        return zlib.decompress(data) if form == _ZLIB else data
    except zlib.error as error:
        raise DamagedError(f"blob {name}") from error


def read_blob(stored: bytes, *, digest: str, key: bytes) -> bytes:
    """The bytes that were packed, if they are those that the digest names; `DamagedError` if they are not."""
    data = unpack_blob(stored, name=f"blob {digest}")
    if stored[:1] != _NAMED_ELSEWHERE:
        check_blob(data, digest=digest, key=key)
    elif not stored[1:].startswith(_word_for(data, digest, key)):
        raise DamagedError(f"blob {digest}")
    return data


def check_blob(data: bytes, *, digest: str, key: bytes) -> None:
    """Refuse bytes that are not those the digest names under the tenant's key."""
    if _digest(data, key) != digest:
        raise DamagedError(f"blob {digest}")


def _digest(data: bytes, key: bytes) -> str:
    return hmac.digest(key, data, "sha256").hex()


def _word_for(data: bytes, digest: str, key: bytes) -> bytes:
    # Under a key of its own, so that the name of a blob never passes for such a word, nor the word for a name.
    return hmac.digest(hmac.digest(key, b"named elsewhere", "sha256"), bytes.fromhex(digest) + data, "sha256")
