"""The webhooks of a tenant; and by which webhook, whosever, a request is known: by its signature, and nothing else."""

from __future__ import annotations

import secrets
from typing import Final

from interlock.tools.secrets import SecretSource
from interlock.webhooks.declaring import WebhookSettings
from interlock.webhooks.errors import WebhookRefusedError
from interlock.webhooks.received import Received
from interlock.webhooks.registry import KeptWebhook, WebhookRegistry
from interlock.webhooks.schemes import is_signed

MICROS: Final = 1_000_000


class Webhooks:
    """The webhooks of an `Interlock`. They work while it is open."""

    def __init__(self, registry: WebhookRegistry, *, tenant: str, source: SecretSource, now: int) -> None:
        self._registry = registry
        self._tenant = tenant
        self._secrets = source
        self._now = now

    async def listed(self) -> list[KeptWebhook]:
        """Every webhook of the tenant."""
        return await self._registry.listed(self._tenant)

    async def create(self, name: str, declared: WebhookSettings, *, by: str = "") -> KeptWebhook:
        """Put a webhook on record, at an address of its own. Raises `WebhookDeclaredError`."""
        return await self._registry.create(self._tenant, name, declared, by=by)

    async def drop(self, name: str) -> None:
        """Give up a webhook. Raises `WebhookNotFoundError`, or `WebhookDeclaredError` for one of the settings."""
        await self._registry.drop(self._tenant, name)

    def has_secret(self, webhook: KeptWebhook) -> bool:
        """Whether its secret is given to this process: without it nothing is known by a signature."""
        return self._secrets.find(webhook.declared.secret) is not None

    async def recognised(self, address: str, request: Received) -> KeptWebhook:
        """The webhook whose sender has signed a request, of any tenant. Raises `WebhookRefusedError`."""
        webhook = await self._registry.at(address)
        secret = None if webhook is None else self._secrets.find(webhook.declared.secret)
        # Where nobody is, or no secret, a signature is reckoned all the same: the time tells nothing either.
        key = secrets.token_hex() if secret is None else secret.reveal()
        scheme = "interlock" if webhook is None else webhook.declared.scheme
        tolerance = 1 if webhook is None else webhook.declared.tolerance_seconds
        fits = is_signed(scheme, key, request, now=self._now // MICROS, tolerance_seconds=tolerance)
        if webhook is None or secret is None or not fits:
            raise WebhookRefusedError
        return webhook
