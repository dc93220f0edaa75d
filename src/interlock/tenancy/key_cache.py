"""Keys remembered for a few seconds, so that a request costs no read of the store.

What was found is remembered, what was refused is not: whoever tries keys out reads the store each time, and fills
nothing. A key that another process revokes opens its last request here when what is remembered of it is too old.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from interlock.tenancy.caller import Caller
from interlock.tenancy.key_text import KeyParts, parse_key
from interlock.tenancy.keys import ApiKeys, KeyRefused, KeyRow

REMEMBERED_SECONDS: Final = 5.0
"""For how long a key that was found is believed: so much later a revoked one is refused in every process."""
REMEMBERED_MAX: Final = 1_000
"""How many keys are remembered: who has more callers at once reads the store for some of them."""


class _Remembered(Struct, frozen=True):
    row: KeyRow
    read_at: int


class CachedKeys:
    """The keys of a store, for a process that is asked by many."""

    def __init__(
        self, kept: ApiKeys, *, remembered_seconds: float = REMEMBERED_SECONDS, remembered_max: int = REMEMBERED_MAX
    ) -> None:
        self.kept = kept
        self._believed_micros = round(remembered_seconds * 1_000_000)
        self._remembered_max = remembered_max
        self._remembered: dict[bytes, _Remembered] = {}
        self._revocations = 0

    async def find(self, text: str) -> Caller | KeyRefused:
        """Who calls with a key's text."""
        parts = parse_key(text)
        if not isinstance(parts, KeyParts):
            return KeyRefused(parts)
        row = self._believed(parts) or await self._read(parts, text)
        return row if isinstance(row, KeyRefused) else _checked(row, at=self.kept.now())

    async def revoke(self, id: str, *, by: str = "", tenant: str | None = None) -> KeyRow:
        """See to it that a key opens nothing from now on, here at once. Raises `KeyNotFoundError`."""
        try:
            return await self.kept.revoke(id, by=by, tenant=tenant)
        finally:
            # Also what is being read at this moment may be from before.
            self._revocations += 1
            self._remembered.clear()

    def _believed(self, parts: KeyParts) -> KeyRow | None:
        found = self._remembered.get(parts.digest)
        if found is None:
            return None
        # A clock that was put back makes an age that is below nothing: then it is read again.
        return found.row if 0 <= self.kept.now() - found.read_at < self._believed_micros else None

    async def _read(self, parts: KeyParts, text: str) -> KeyRow | KeyRefused:
        read_at, revocations = self.kept.now(), self._revocations
        found = await self.kept.find_row(text)
        self._remembered.pop(parts.digest, None)
        if isinstance(found, KeyRow) and revocations == self._revocations:
            self._remember(parts, _Remembered(found, read_at))
        return found

    def _remember(self, parts: KeyParts, found: _Remembered) -> None:
        while len(self._remembered) >= self._remembered_max:
            del self._remembered[next(iter(self._remembered))]
        self._remembered[parts.digest] = found


def _checked(row: KeyRow, *, at: int) -> Caller | KeyRefused:
    status = row.status(at)
    return row.caller() if status == "valid" else KeyRefused(status)
