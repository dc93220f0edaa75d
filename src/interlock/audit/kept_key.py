"""Where the signing key of an installation is kept: a record of its store, made by whoever signs first.

A store is an installation: all processes that work on it sign alike, and a copy of it that is restored goes on signing
as before. Whoever reads the store's file or tables can therefore sign as it; they could also write its runs.
"""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec import Struct

from interlock.audit.errors import SigningKeyError
from interlock.audit.signing_key import ALGORITHM, KEY_BYTES, SigningKey
from interlock.store.errors import RecordChangedError
from interlock.store.records import Records
from interlock.store.salts import RandomBytes

SIGNING_KEY_KIND: Final = "signing_key"
_CURRENT: Final = "current"


class _KeptKey(Struct, frozen=True):
    algorithm: str
    private: bytes


async def signing_key(records: Records, *, tenant: str, random_bytes: RandomBytes) -> SigningKey:
    """The key of this installation; it is made now, if nothing was ever signed. `tenant` is whose record it is."""
    kept = await _find(records, tenant)
    if kept is not None:
        return kept
    made = SigningKey(random_bytes(KEY_BYTES))
    data = msgspec.msgpack.encode(_KeptKey(ALGORITHM, made.private))
    try:
        await records.put(tenant, SIGNING_KEY_KIND, _CURRENT, data, expected=0)
    except RecordChangedError:
        # Another process was quicker: theirs it is.
        theirs = await _find(records, tenant)
        assert theirs is not None, "a signing key is never dropped"
        return theirs
    return made


async def _find(records: Records, tenant: str) -> SigningKey | None:
    record = await records.find(tenant, SIGNING_KEY_KIND, _CURRENT)
    if record is None:
        return None
    try:
        kept = msgspec.msgpack.decode(record.data, type=_KeptKey)
    except msgspec.MsgspecError as error:
        raise SigningKeyError("the signing key of this store cannot be read: restore the data from a backup") from error
    if kept.algorithm != ALGORITHM:
        raise SigningKeyError(f"the signing key of this store is of the kind {kept.algorithm}: use a newer Interlock")
    return SigningKey(kept.private)
