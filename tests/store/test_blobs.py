"""How the bytes of a blob are stored, so that a wrong byte shows: also of one that got its name under another key."""

from __future__ import annotations

import hmac

import pytest

from interlock.store.blobs import pack_blob, pack_imported_blob, read_blob, unpack_blob
from interlock.store.errors import DamagedError

KEY = b"our key"
THEIRS = b"the key of somebody else"
TEXT = b"what a tool gave " * 100


def named(data: bytes, key: bytes) -> str:
    """What a blob is called by whoever has this key."""
    return hmac.digest(key, data, "sha256").hex()


@pytest.mark.parametrize("data", [b"", b"short", TEXT, bytes(range(256))], ids=["empty", "short", "text", "bytes"])
def test_a_blob_comes_back_as_it_was_under_either_name(data: bytes) -> None:
    """Compressed or not, ours or theirs."""
    theirs = pack_imported_blob(data, digest=named(data, THEIRS), key=KEY)

    assert read_blob(pack_blob(data), digest=named(data, KEY), key=KEY) == data
    assert read_blob(theirs, digest=named(data, THEIRS), key=KEY) == data
    assert unpack_blob(theirs, name="theirs") == data


def test_a_blob_that_comes_home_is_stored_as_it_was() -> None:
    """Its name is ours already, and says more than our word for somebody else's name."""
    assert pack_imported_blob(TEXT, digest=named(TEXT, KEY), key=KEY) == pack_blob(TEXT)


@pytest.mark.parametrize("place", [1, 20, 33, 60])
def test_a_changed_byte_of_an_imported_blob_shows(place: int) -> None:
    """In what vouches for it, and in what is vouched for."""
    stored = bytearray(pack_imported_blob(bytes(range(100)), digest=named(bytes(range(100)), THEIRS), key=KEY))
    stored[place] ^= 1

    with pytest.raises(DamagedError):
        read_blob(bytes(stored), digest=named(bytes(range(100)), THEIRS), key=KEY)


def test_an_imported_blob_is_vouched_for_under_one_name_and_one_key_alone() -> None:
    """Put under another name, or into another store, it is not what was brought."""
    stored = pack_imported_blob(TEXT, digest=named(TEXT, THEIRS), key=KEY)

    with pytest.raises(DamagedError):
        read_blob(stored, digest=named(b"something else", THEIRS), key=KEY)
    with pytest.raises(DamagedError):
        read_blob(stored, digest=named(TEXT, THEIRS), key=b"the key of another store")
    with pytest.raises(DamagedError):
        read_blob(pack_blob(TEXT), digest=named(TEXT, THEIRS), key=KEY)
