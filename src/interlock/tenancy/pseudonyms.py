"""What stands on record in place of a person's mail address: a keyed hash, the same for the same person of a tenant.

Costs and limits can be counted by person, and nobody who reads the store learns who that was: without the tenant's key,
not even by hashing every address there is. With the key at hand an address can be tried out, so this hides people from
readers of figures and exports, and not from whoever holds the whole store.
"""

from __future__ import annotations

import hmac
import secrets
import unicodedata
from typing import Final

from interlock.store.errors import RecordChangedError
from interlock.store.records import Records
from interlock.tenancy.key_text import RandomBytes

PSEUDONYM_KEY_KIND: Final = "pseudonym_key"
PSEUDONYM_KEY_BYTES: Final = 32
_USERS: Final = "users"


def user_hash(key: bytes, email: str) -> str:
    """What stands for a mail address, however it was spelled: 64 hexadecimal digits."""
    spelled = unicodedata.normalize("NFC", email.strip().casefold())
    # Half characters come in through JSON; they are hashed as they are rather than refused.
    return hmac.digest(key, spelled.encode("utf-8", "surrogatepass"), "sha256").hex()


class PseudonymKeys:
    """The key of each tenant, made when it is first needed and kept for good: another would make new people of all."""

    def __init__(self, records: Records, *, random_bytes: RandomBytes = secrets.token_bytes) -> None:
        self._records = records
        self._random_bytes = random_bytes
        self._known: dict[str, bytes] = {}

    async def of(self, tenant: str) -> bytes:
        """A tenant's key."""
        if tenant not in self._known:
            self._known[tenant] = await self._find(tenant) or await self._make(tenant)
        return self._known[tenant]

    async def _find(self, tenant: str) -> bytes | None:
        record = await self._records.find(tenant, PSEUDONYM_KEY_KIND, _USERS)
        return None if record is None else record.data

    async def _make(self, tenant: str) -> bytes:
        key = self._random_bytes(PSEUDONYM_KEY_BYTES)
        try:
            await self._records.put(tenant, PSEUDONYM_KEY_KIND, _USERS, key, expected=0)
        except RecordChangedError:
            made_elsewhere = await self._find(tenant)
            assert made_elsewhere is not None, "a tenant's key is never dropped"
            return made_elsewhere
        return key
