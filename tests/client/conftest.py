"""One server for all tests of the client that need no other, and clients that lose no time with waiting."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from interlock.client import Client, Patience
from tests.api.conftest import GRAPHS
from tests.api.running_server import RunningServer, running_server
from tests.embedded.workshop import Workshop

QUICK = Patience(first_seconds=0.005)


@pytest.fixture(scope="session")
def server() -> Generator[RunningServer]:
    """A server on loopback that asks for no key."""
    with running_server(GRAPHS, Workshop("broken").tools) as running:
        yield running


@pytest.fixture
def client(server: RunningServer) -> Generator[Client]:
    """A client of it."""
    with Client(server.url, key="", patience=QUICK) as made:
        yield made
