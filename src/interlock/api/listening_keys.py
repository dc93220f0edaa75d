"""Keys of those who listen. A request is let in once, but who listens stays: a key that ends meanwhile ends that too.

It asks whether a key still opens something, and nothing more: what it opens was asked when the stream began.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Generator
from contextlib import contextmanager
from typing import Final

from interlock.api.errors import ApiError
from interlock.store.errors import StoreError
from interlock.tenancy import CachedKeys, KeyRefused

LOOK_SECONDS: Final = 2.0
"""How often it is asked."""

log = logging.getLogger(__name__)


class ListeningKeys:
    """Who listens with which key."""

    def __init__(self, keys: CachedKeys) -> None:
        self._keys = keys
        self._listening: dict[str, set[asyncio.Task[object]]] = {}
        self._refused: dict[asyncio.Task[object], KeyRefused] = {}
        self._looking: asyncio.Task[None] | None = None

    @contextmanager
    def heeded(self, text: str) -> Generator[None]:
        """Somebody listens with this key; `ApiError` once it opens nothing any more."""
        task = asyncio.current_task()
        assert task is not None
        self._listening.setdefault(text, set()).add(task)
        self._looking = self._looking or asyncio.get_running_loop().create_task(self._look())
        try:
            yield
        except asyncio.CancelledError:
            refused = self._refused.get(task)
            if refused is None:
                raise
            task.uncancel()
            raise ApiError("key_refused", refused.reason, headers={"www-authenticate": "Bearer"}) from None
        finally:
            self._refused.pop(task, None)
            self._leave(text, task)

    def _leave(self, text: str, task: asyncio.Task[object]) -> None:
        self._listening[text].discard(task)
        if not self._listening[text]:
            del self._listening[text]
        if not self._listening and self._looking is not None:
            self._looking.cancel()
            self._looking = None

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            for text in [*self._listening]:
                try:
                    found = await self._keys.find(text)
                except StoreError as error:
                    log.warning("keys_not_read why=%s", error)
                    break
                if isinstance(found, KeyRefused):
                    self._let_go(text, found)

    def _let_go(self, text: str, refused: KeyRefused) -> None:
        for task in self._listening.get(text, ()):
            self._refused[task] = refused
            task.cancel()
