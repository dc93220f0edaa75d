"""Keys of those who listen: a stream is over when the key is with which it began."""

from __future__ import annotations

from collections.abc import Generator

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from interlock.api import listening_keys
from interlock.settings import ServerSettings
from tests.api.conftest import GRAPHS
from tests.api.keys_at_hand import key_of
from tests.api.running_server import RunningServer, running_server
from tests.embedded.workshop import Workshop


@pytest.fixture(scope="module")
def guarded() -> Generator[RunningServer]:
    """A server that asks everybody for a key, and looks at those of listeners more often than others do."""
    with (
        pytest.MonkeyPatch.context() as patched,
        running_server(GRAPHS, Workshop().tools, settings=ServerSettings(require_key=True)) as running,
    ):
        patched.setattr(listening_keys, "LOOK_SECONDS", 0.02)
        yield running


def revoke(server: RunningServer, key: str) -> None:
    """An owner ends a key."""
    with server.as_key(key_of(server, role="owner")) as owner:
        assert owner.delete(f"/v1/keys/{key.split('_')[1]}").json()["status"] == "revoked"


def socket_of(server: RunningServer, key: str) -> ClientConnection:
    """A WebSocket of a browser, which sends its key as a subprotocol."""
    return connect(server.url.replace("http", "ws") + "/v1/stream", subprotocols=[Subprotocol(key)])


def test_a_stream_ends_with_its_key(guarded: RunningServer) -> None:
    """Whoever was let go would else go on hearing everything, for as long as they keep the connection."""
    key = key_of(guarded)
    with guarded.as_key(key) as listener, listener.stream("GET", "/v1/stream") as told:
        heard = told.iter_bytes()
        next(heard)
        revoke(guarded, key)
        with pytest.raises(httpx.RemoteProtocolError):
            list(heard)
        again = listener.get("/v1/stream")

    assert again.json()["code"] == "key_refused"


def test_a_socket_ends_with_its_key(guarded: RunningServer) -> None:
    """A page that stays open overnight is no way around it."""
    key = key_of(guarded)
    with socket_of(guarded, key) as socket:
        socket.send('{"subscribe": "all"}')
        socket.recv(timeout=5)
        revoke(guarded, key)
        with pytest.raises(ConnectionClosed):
            socket.recv(timeout=5)


def test_the_keys_of_others_are_no_matter(guarded: RunningServer) -> None:
    """Whose key is good hears on, whoever else has to go."""
    gone, stays = key_of(guarded), key_of(guarded)
    with (
        guarded.as_key(stays) as listener,
        listener.stream("GET", "/v1/stream", params={"type": "run.started"}) as told,
        socket_of(guarded, gone) as socket,
    ):
        heard = told.iter_lines()
        revoke(guarded, gone)
        with pytest.raises(ConnectionClosed):
            socket.recv(timeout=5)
        listener.post("/v1/runs", json={"graph": "make"})
        started = next(line for line in heard if line.startswith("event:"))

    assert started == "event: run.started"
