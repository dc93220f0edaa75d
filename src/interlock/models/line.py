"""The line to one provider: the provider itself, made when it is needed, the turns that calls wait for, its key."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import msgspec

from interlock.core.messages import ModelReply
from interlock.core.plan import Micros
from interlock.models.declaring import ProviderSettings
from interlock.models.errors import ModelsError
from interlock.models.keys import ModelKey
from interlock.models.pacing import Pace, Pacing, Sleep
from interlock.models.provider import Provider, RequestFailed

_ENCODER = msgspec.json.Encoder()
_REPLIES = msgspec.json.Decoder(ModelReply)


class Line:
    """What is kept of one provider while a process runs."""

    def __init__(
        self,
        name: str,
        settings: ProviderSettings,
        key: ModelKey | None,
        *,
        make: Callable[[ModelKey | None], Provider],
        now: Callable[[], Micros],
        sleep: Sleep,
    ) -> None:
        self.settings = settings
        pace = Pace(
            concurrency=settings.concurrency,
            queue=settings.queue,
            requests_per_minute=settings.requests_per_minute,
            tokens_per_minute=settings.tokens_per_minute,
        )
        self.pacing = Pacing(name, pace, now=now, sleep=sleep)
        self._key = key
        self._make = make
        self._making = asyncio.Lock()
        self._provider: Provider | None = None

    async def provider(self) -> Provider:
        """The provider; `RequestFailed` where it cannot be made as it was declared."""
        if self._provider is None:
            async with self._making:
                if self._provider is None:
                    self._provider = await self._made()
        return self._provider

    async def _made(self) -> Provider:
        try:
            # A provider's library takes seconds to import: meanwhile others are served.
            return await asyncio.to_thread(self._make, self._key)
        except ModelsError as error:
            raise RequestFailed("refused", str(error)) from error

    def struck(self, text: str) -> str:
        """The text as it may be kept: without the provider's key, and without half characters that no log holds."""
        whole = text.encode("utf-8", "replace").decode()
        return whole if self._key is None else self._key.strike(whole)

    def without_key(self, reply: ModelReply) -> ModelReply:
        """The answer without the provider's key: an answer is kept for ever, and a provider may say what it likes."""
        if self._key is None:
            return reply
        written = _ENCODER.encode(reply).decode()
        struck = self._key.strike(written)
        return reply if struck == written else _REPLIES.decode(struck)

    async def close(self) -> None:
        """Let the connections go."""
        provider, self._provider = self._provider, None
        if provider is not None:
            await provider.close()
