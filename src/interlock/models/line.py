"""The line to one provider: the provider itself, made when it is needed, the turns that calls wait for, its key."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from interlock.core.plan import Micros
from interlock.core.redaction import NOTHING_SECRET
from interlock.models.declaring import ProviderSettings
from interlock.models.errors import ModelsError
from interlock.models.keys import ModelKey
from interlock.models.pacing import Pace, Pacing, Sleep
from interlock.models.provider import Provider, RequestFailed


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
        self.redaction = NOTHING_SECRET if key is None else key.redaction
        """What strikes the provider's key out."""
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
        return self.redaction.text(text.encode("utf-8", "replace").decode())

    async def close(self) -> None:
        """Let the connections go."""
        provider, self._provider = self._provider, None
        if provider is not None:
            await provider.close()
