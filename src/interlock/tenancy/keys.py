"""API keys: made, listed, revoked, and recognised.

A key is a record of the platform. Its text is shown once, to whoever made it, and only a hash of it is kept, so that
nobody who reads the store can call as somebody else. When a key was used last is not kept: that would be a write for
each request. Who may make a key is for the caller of this to ask.
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncGenerator, Iterable
from dataclasses import dataclass, field
from hmac import compare_digest
from typing import Final, Literal, TypeAlias

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from interlock.store.event_store import Clock
from interlock.store.records import RECORDS_LISTED, Record, Records
from interlock.tenancy.caller import MAY, ROLES, Caller, Role
from interlock.tenancy.errors import KeyDeclaredError, KeyNotFoundError
from interlock.tenancy.key_text import KeyParts, RandomBytes, new_key_text, parse_key
from interlock.tenancy.scopes import parse_scopes
from interlock.tenancy.tenant import PLATFORM, parse_tenant

API_KEY_KIND: Final = "api_key"
KEY_NAME_MAX: Final = 100

KeyStatus: TypeAlias = Literal["valid", "expired", "revoked"]
RefusedBecause: TypeAlias = Literal["malformed", "mistyped", "unknown", "expired", "revoked"]

_NOT_VALID: Final = "the API key is not valid: ask an owner of the tenant for another (`interlock keys create`)"
_REASONS: Final[dict[RefusedBecause, str]] = {
    "malformed": "that is not an API key: one begins with `ilk_` and is handed over as it was shown",
    "mistyped": "the API key is mistyped or cut off: copy the whole of it again",
    "unknown": _NOT_VALID,
    "expired": _NOT_VALID,
    "revoked": _NOT_VALID,
}


@dataclass(frozen=True)
class NewKey:
    """A key as it is shown once: nobody can find its text out later."""

    id: str
    text: str = field(repr=False)


class KeyRow(Struct, frozen=True, kw_only=True):
    """A key as it is listed: all of it but what it is recognised by."""

    id: str
    tenant: str
    name: str
    role: Role
    scopes: tuple[str, ...] = ()
    created_at: int
    created_by: str = ""
    expires_at: int | None = None
    """From which instant on it opens nothing; None: it stays until it is revoked."""
    revoked_at: int | None = None
    revoked_by: str = ""

    def status(self, at: int) -> KeyStatus:
        """Whether it opens anything at an instant."""
        if self.revoked_at is not None:
            return "revoked"
        return "expired" if self.expires_at is not None and at >= self.expires_at else "valid"

    def caller(self) -> Caller:
        """Who calls with it."""
        return Caller(tenant=self.tenant, name=self.name, role=self.role, scopes=self.scopes, key=self.id)


class KeyRefused(Struct, frozen=True):
    """A text that opens nothing. `because` is for the operator's log, and never told outside."""

    because: RefusedBecause

    @property
    def reason(self) -> str:
        """What may be told to whoever sent it: not whether such a key exists, or ever did."""
        return _REASONS[self.because]


class _Kept(Struct, frozen=True):
    row: KeyRow
    digest: bytes


class ApiKeys:
    """The keys of all tenants in one store."""

    def __init__(self, records: Records, *, now: Clock, random_bytes: RandomBytes = secrets.token_bytes) -> None:
        self._records = records
        self._now = now
        self._random_bytes = random_bytes

    @property
    def now(self) -> Clock:
        """By which clock keys expire."""
        return self._now

    async def create(
        self,
        tenant: str,
        name: str,
        *,
        role: Role,
        scopes: Iterable[str] = (),
        expires_at: int | None = None,
        by: str = "",
    ) -> tuple[NewKey, KeyRow]:
        """Make a key; its text is in what is given here, and nowhere afterwards. Raises a `TenancyError`."""
        text = new_key_text(self._random_bytes)
        parts = parse_key(text)
        assert isinstance(parts, KeyParts)
        row = KeyRow(
            id=parts.id,
            tenant=parse_tenant(tenant),
            name=_parse_name(name),
            role=_parse_role(role),
            scopes=parse_scopes(scopes),
            created_at=self._now(),
            created_by=by,
            expires_at=_parse_expiry(expires_at, now=self._now()),
        )
        await self._put(_Kept(row, parts.digest), expected=0)
        return NewKey(parts.id, text), row

    async def listed(self, tenant: str | None = None) -> list[KeyRow]:
        """Every key of a tenant, or of all: those that open nothing any more too. The one made last comes first."""
        rows = [_kept(record).row async for record in self._all()]
        chosen = [row for row in rows if tenant in (None, row.tenant)]
        return sorted(chosen, key=lambda row: (-row.created_at, row.id))

    async def get(self, id: str, *, tenant: str | None = None) -> KeyRow:
        """A key. With a `tenant`, another tenant's is not there. Raises `KeyNotFoundError`."""
        return (await self._get(id, tenant)).row

    async def revoke(self, id: str, *, by: str = "", tenant: str | None = None) -> KeyRow:
        """See to it that a key opens nothing from now on; once more changes nothing. Raises `KeyNotFoundError`."""
        kept = await self._get(id, tenant)
        if kept.row.revoked_at is not None:
            return kept.row
        revoked = replace(kept.row, revoked_at=self._now(), revoked_by=by)
        await self._put(replace(kept, row=revoked))
        return revoked

    async def find(self, text: str) -> Caller | KeyRefused:
        """Who calls with a key's text."""
        found = await self.find_row(text)
        return found if isinstance(found, KeyRefused) else found.caller()

    async def find_row(self, text: str) -> KeyRow | KeyRefused:
        """The key of a text, if it opens anything now."""
        parts = parse_key(text)
        if not isinstance(parts, KeyParts):
            return KeyRefused(parts)
        record = await self._records.find(PLATFORM, API_KEY_KIND, parts.id)
        kept = None if record is None else _kept(record)
        if kept is None or not compare_digest(kept.digest, parts.digest):
            return KeyRefused("unknown")
        status = kept.row.status(self._now())
        return kept.row if status == "valid" else KeyRefused(status)

    async def _get(self, id: str, tenant: str | None) -> _Kept:
        record = await self._records.find(PLATFORM, API_KEY_KIND, id)
        kept = None if record is None else _kept(record)
        if kept is None or tenant not in (None, kept.row.tenant):
            raise KeyNotFoundError(id)
        return kept

    async def _put(self, kept: _Kept, *, expected: int | None = None) -> None:
        data = msgspec.json.encode(kept)
        await self._records.put(PLATFORM, API_KEY_KIND, kept.row.id, data, expected=expected)

    async def _all(self) -> AsyncGenerator[Record]:
        after = ""
        while page := await self._records.listed(PLATFORM, API_KEY_KIND, after=after, limit=RECORDS_LISTED):
            for record in page:
                yield record
            after = page[-1].key


def _kept(record: Record) -> _Kept:
    return msgspec.json.decode(record.data, type=_Kept)


# --- what a key may be made of ---------------------------------------------------------------------------------------


def _parse_name(name: str) -> str:
    if not name.strip() or len(name) > KEY_NAME_MAX or not name.isprintable():
        raise KeyDeclaredError(
            f"a key needs a name of up to {KEY_NAME_MAX} printable characters: what is done with it goes on record "
            "under that name"
        )
    return name.strip()


def _parse_role(role: str) -> Role:
    if role not in MAY:
        raise KeyDeclaredError(f"{role[:40]!r} is not a role: there are {', '.join(ROLES)}")
    return role


def _parse_expiry(expires_at: int | None, *, now: int) -> int | None:
    if expires_at is not None and expires_at <= now:
        raise KeyDeclaredError("the key would have expired before it is made: say a later instant, or none")
    return expires_at
