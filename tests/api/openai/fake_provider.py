"""A provider for a server under test: it lives in a thread of its own, and is told from the test how to answer."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Generator
from contextlib import contextmanager

from tests.models.fake_replies import FakeReply, FakeRequest
from tests.models.fake_server import FakeServer

SECONDS = 10


class FakeProvider:
    """The provider, as a test sees it."""

    def __init__(self, server: FakeServer, loop: asyncio.AbstractEventLoop) -> None:
        self._server = server
        self._loop = loop

    @property
    def url(self) -> str:
        """Where it is reached."""
        return self._server.url

    def answers(self, *replies: FakeReply) -> None:
        """What it says next; it forgets what it was asked before."""
        self._server.requests.clear()
        self._server.replies[:] = replies

    @property
    def asked(self) -> list[FakeRequest]:
        """What it was asked since then."""
        return list(self._server.requests)

    def heard(self, count: int) -> None:
        """Wait until it was asked so often."""
        asyncio.run_coroutine_threadsafe(self._server.heard(count), self._loop).result(SECONDS)


@contextmanager
def fake_provider() -> Generator[FakeProvider]:
    """A provider that listens on loopback."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    server = FakeServer()
    asyncio.run_coroutine_threadsafe(server.start(), loop).result(SECONDS)
    try:
        yield FakeProvider(server, loop)
    finally:
        asyncio.run_coroutine_threadsafe(server.stop(), loop).result(SECONDS)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(SECONDS)
        loop.close()
