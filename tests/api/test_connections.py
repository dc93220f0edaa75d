"""Connections of clients that mean no good: each is cut off, whoever they are, and nobody else is kept from asking."""

from __future__ import annotations

import logging
import socket
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from typing import Final

import httpx
import pytest
from websockets.exceptions import ConnectionClosedError
from websockets.sync.client import connect

from interlock.api import connections
from tests.api.running_server import RunningServer

HEALTH: Final = b"GET /v1/health/live HTTP/1.1\r\nhost: localhost\r\n"
CHUNKED: Final = b"POST /v1/runs HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n"
UPGRADE: Final = (
    b"upgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-version: 13\r\n"
    b"sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
SENT_MAX: Final = 16 * 1024 * 1024


@contextmanager
def connection(server: RunningServer) -> Generator[socket.socket]:
    """A connection without a client around it."""
    with socket.create_connection((server.door.host, server.door.port), timeout=5) as made:
        yield made


def sent_without_end(made: socket.socket, piece: bytes) -> int:
    """How many bytes a server takes of somebody who goes on and on, before it lets them go."""
    sent = 0
    with suppress(ConnectionError):
        while sent < SENT_MAX:
            made.sendall(piece)
            sent += len(piece)
    return sent


def sent_back(made: socket.socket, *, until: bytes) -> bytes:
    """What a server sends, up to some word."""
    told = b""
    while until not in told:
        told += made.recv(65_536)
    return told


def cut_off_after(made: socket.socket) -> float:
    """How long it takes until nothing more can come, in seconds."""
    began = time.monotonic()
    with suppress(ConnectionResetError):
        while made.recv(65_536):
            pass
    return time.monotonic() - began


@pytest.mark.parametrize(
    ("begun", "piece"),
    [
        (CHUNKED + b"0\r\n", b"x-more: " + b"a" * 8_000 + b"\r\n"),
        (CHUNKED + b"0\r\nx-more: ", b"a" * 8_000),
        (CHUNKED + b"1;", b"a" * 8_000),
        (HEALTH, b"x-more: " + b"a" * 8_000 + b"\r\n"),
        (HEALTH + b"\r\n", b"\r\n" * 4_000),
    ],
    ids=["trailers", "one trailer", "an extension of a chunk", "headers", "empty lines"],
)
def test_what_is_part_of_no_body_has_an_end(server: RunningServer, begun: bytes, piece: bytes) -> None:
    """Trailers are kept until the request is over: without a bound anybody fills the memory, and without a key."""
    with connection(server) as made:
        made.sendall(begun)
        sent = sent_without_end(made, piece)

    assert sent < SENT_MAX


def test_a_trailer_is_no_header(server: RunningServer) -> None:
    """What stands in front of the server looks at headers alone: nothing is put among them afterwards."""
    with connection(server) as made:
        made.sendall(CHUNKED + b"2\r\n{}\r\n0\r\ncontent-type: application/json\r\n\r\n")
        answer = made.recv(65_536)

    assert answer.startswith(b"HTTP/1.1 415 ")


@pytest.mark.parametrize(
    ("request_sent", "more"),
    [
        (HEALTH + b"content-length: 9\r\n\r\n", b"x"),
        (b"POST /v1/nowhere HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9\r\n\r\n", b"x"),
        (HEALTH + b"\r\n", b"\r\n"),
        (HEALTH + b"\r\n", b"GET"),
    ],
    ids=["a body that is not wanted", "a body that is refused", "an empty line", "half a line"],
)
def test_who_was_answered_and_says_nothing_whole_is_cut_off(
    server: RunningServer, monkeypatch: pytest.MonkeyPatch, request_sent: bytes, more: bytes
) -> None:
    """A byte behind an answer must not hold a connection for ever: some thousands of those hold the server."""
    monkeypatch.setattr(connections, "HEAD_SECONDS", 0.1)
    with connection(server) as made:
        made.sendall(request_sent)
        made.recv(65_536)
        made.sendall(more)
        took = cut_off_after(made)

    assert took < 3


def test_who_waits_for_an_answer_is_not_cut_off(server: RunningServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The bound is for those who ask nothing: a stream on a connection that was used before goes on."""
    monkeypatch.setattr(connections, "HEAD_SECONDS", 0.1)
    with connection(server) as made:
        made.sendall(HEALTH + b"\r\n" + b"GET /v1/stream?graph=make HTTP/1.1\r\nhost: localhost\r\n\r\n")
        made.settimeout(0.3)
        with pytest.raises(TimeoutError):
            sent_back(made, until=b"run.started")
        made.settimeout(5)
        httpx.post(f"{server.url}/v1/runs", json={"graph": "make"})
        told = sent_back(made, until=b"run.started")

    assert b"run.started" in told


@pytest.mark.parametrize(
    "head",
    [
        b"GET /v1/stream HTTP/1.1\r\nhost: localhost\r\nx: " + b"a" * 10_000 + b"\r\n",
        b"GET /v1/stream HTTP/1.1\r\nhost: localhost\r\n" + b"x: a\r\n" * 300,
        b"GET /v1/stream?" + b"a" * 20_000 + b" HTTP/1.1\r\nhost: localhost\r\n",
    ],
    ids=["a long header", "many headers", "a long address"],
)
def test_a_socket_whose_head_is_not_understood_is_refused(server: RunningServer, head: bytes) -> None:
    """What reads heads of WebSockets takes less than what reads the others, and is silent where it takes no more."""
    with connection(server) as made:
        made.sendall(head + UPGRADE)
        answer = made.recv(1_000)

    assert answer.startswith(b"HTTP/1.1 400 ")


def test_what_is_no_text_ends_a_socket_in_good_order(server: RunningServer, caplog: pytest.LogCaptureFixture) -> None:
    """Whoever sends nonsense is told so, and fills nobody's log."""
    with connect(f"{server.url.replace('http', 'ws')}/v1/stream") as made, caplog.at_level(logging.INFO):
        made.send(b"\x00\xff")
        with pytest.raises(ConnectionClosedError) as closed:
            made.recv(timeout=5)

    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1003
    assert caplog.messages == []


def test_a_socket_that_is_refused_fills_no_log(server: RunningServer, caplog: pytest.LogCaptureFixture) -> None:
    """A page elsewhere tries as often as it likes."""
    with caplog.at_level(logging.INFO), connection(server) as made:
        made.sendall(b"GET /v1/stream HTTP/1.1\r\nhost: evil.example\r\n" + UPGRADE)
        answer = made.recv(65_536)

    assert answer.startswith(b"HTTP/1.1 403 ")
    assert caplog.messages == []
