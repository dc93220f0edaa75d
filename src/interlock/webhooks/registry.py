"""Which webhooks there are: those of the settings, and those that tenants have put on record; each at an address.

A webhook of the settings is the local tenant's, at its name. One on record has an address that nobody can guess, and
that says of which tenant it is: what a request says of itself is never believed.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from collections.abc import Mapping as MappingOf
from typing import Final

import msgspec
from msgspec import Struct

from interlock.store.records import Record, Records
from interlock.tenancy.tenant import LOCAL_TENANT, PLATFORM
from interlock.webhooks.compiled import CompiledWebhooks
from interlock.webhooks.declaring import WebhookSettings
from interlock.webhooks.errors import WebhookDeclaredError, WebhookNotFoundError
from interlock.webhooks.mapping import Mapping

WEBHOOK: Final = "webhook"
ADDRESS: Final = "webhook.address"
"""Of which tenant and name the webhook at an address is. Kept above tenants, since a request says of none."""
KEPT_MAX: Final = 200
"""How many webhooks a tenant may have on record."""


class KeptWebhook(Struct, frozen=True, kw_only=True):
    """A webhook, and where it is found."""

    tenant: str
    name: str
    address: str
    declared: WebhookSettings
    mapping: Mapping
    by: str = ""
    at: int = 0
    is_on_record: bool = False
    """Or it stands in the settings, where alone it is changed."""


class _Entry(Struct, frozen=True):
    """What is on record of a webhook."""

    address: str
    declared: dict[str, object]
    by: str


class _At(Struct, frozen=True):
    """What is on record of an address."""

    tenant: str
    name: str


class WebhookRegistry:
    """The webhooks of a store and of the settings of who works on it."""

    def __init__(
        self,
        records: Records,
        declared: MappingOf[str, WebhookSettings],
        compiled: CompiledWebhooks,
        *,
        now: Callable[[], int],
    ) -> None:
        self._records = records
        self._declared = declared
        self._compiled = compiled
        self._now = now

    async def at(self, address: str) -> KeptWebhook | None:
        """The webhook at an address, whosever it is."""
        if address in self._declared:
            return self._of_settings(address)
        record = await self._records.find(PLATFORM, ADDRESS, address)
        if record is None:
            return None
        found = msgspec.msgpack.decode(record.data, type=_At)
        return await self.find(found.tenant, found.name)

    async def find(self, tenant: str, name: str) -> KeptWebhook | None:
        """A tenant's webhook by its name."""
        if tenant == LOCAL_TENANT and name in self._declared:
            return self._of_settings(name)
        record = await self._records.find(tenant, WEBHOOK, name)
        return None if record is None else self._read(tenant, record)

    async def listed(self, tenant: str) -> list[KeptWebhook]:
        """A tenant's webhooks, in the order of their names; those of the settings come first."""
        records = await self._records.listed(tenant, WEBHOOK, limit=KEPT_MAX)
        own = [self._of_settings(name) for name in sorted(self._declared)] if tenant == LOCAL_TENANT else []
        names = {each.name for each in own}
        return [*own, *(self._read(tenant, record) for record in records if record.key not in names)]

    async def create(self, tenant: str, name: str, declared: WebhookSettings, *, by: str) -> KeptWebhook:
        """Put a webhook on record. Raises `WebhookDeclaredError` if the name is taken, or there are enough."""
        if await self.find(tenant, name) is not None:
            raise WebhookDeclaredError(f"there is a webhook {name} already: give it up first, or choose another name")
        if len(await self._records.listed(tenant, WEBHOOK, limit=KEPT_MAX)) >= KEPT_MAX:
            raise WebhookDeclaredError(f"there are {KEPT_MAX} webhooks already, as many as may be: give one up first")
        address = f"{name}-{secrets.token_hex(12)}"
        entry = _Entry(address, declared.model_dump(mode="json", exclude_unset=True), by)
        await self._records.put(tenant, WEBHOOK, name, msgspec.msgpack.encode(entry), expected=0)
        await self._records.put(PLATFORM, ADDRESS, address, msgspec.msgpack.encode(_At(tenant, name)), expected=0)
        return self._kept(tenant, name, entry, at=self._now())

    async def drop(self, tenant: str, name: str) -> None:
        """Give up a webhook on record: at its address nobody is from now on. Raises `WebhookNotFoundError`."""
        found = await self.find(tenant, name)
        if found is None:
            raise WebhookNotFoundError(name)
        if not found.is_on_record:
            raise WebhookDeclaredError(f"webhook {name} stands in interlock.toml: take it out there")
        await self._records.drop(PLATFORM, ADDRESS, found.address)
        await self._records.drop(tenant, WEBHOOK, name)

    def _of_settings(self, name: str) -> KeptWebhook:
        written = self._declared[name].model_dump(mode="json", exclude_unset=True)
        declared, mapping = self._compiled.of(name, written)
        return KeptWebhook(tenant=LOCAL_TENANT, name=name, address=name, declared=declared, mapping=mapping)

    def _read(self, tenant: str, record: Record) -> KeptWebhook:
        return self._kept(tenant, record.key, msgspec.msgpack.decode(record.data, type=_Entry), at=record.at)

    def _kept(self, tenant: str, name: str, entry: _Entry, *, at: int) -> KeptWebhook:
        declared, mapping = self._compiled.of(name, entry.declared)
        return KeptWebhook(
            tenant=tenant,
            name=name,
            address=entry.address,
            declared=declared,
            mapping=mapping,
            by=entry.by,
            at=at,
            is_on_record=True,
        )
