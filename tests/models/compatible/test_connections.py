"""Connections to a server: kept while they can be used, and never one answer taken for another."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from interlock.models.compatible.connections import Connections
from interlock.models.compatible.failures import ConnectionLost, NotConnected
from tests.store.event_loop import in_event_loop

Say = Callable[[asyncio.StreamWriter], Awaitable[None]]


class RawServer:
    """Says on each request what it is told, byte for byte."""

    def __init__(self, *answers: bytes) -> None:
        self.answers = list(answers)
        self.connections = 0
        self.url = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""
        self.connections += 1
        while self.answers:
            head = await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]))
            said = self.answers.pop(0)
            writer.write(said.removesuffix(b"<CLOSE>"))
            if said.endswith(b"<CLOSE>"):
                break
        writer.close()


@asynccontextmanager
async def connected(*answers: bytes) -> AsyncGenerator[tuple[RawServer, Connections]]:
    """A server that says this, and what asks it."""
    raw = RawServer(*answers)
    listening = await asyncio.start_server(raw.serve, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    connections = Connections(f"http://127.0.0.1:{port}/v1", headers={"x-any": "1"}, connect_seconds=5)
    try:
        yield raw, connections
    finally:
        await connections.close()
        listening.close()


async def asked(connections: Connections) -> bytes:
    """The body of an answer."""
    async with connections.post("/ask", b"{}") as heard:
        return await heard.whole()


WHOLE = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\no\r\n1;x=y\r\nk\r\n0\r\nX-More: 1\r\n\r\n"


@in_event_loop
async def test_a_connection_is_used_again_once_its_answer_was_read() -> None:
    """A handshake for each request would cost more than the request."""
    async with connected(WHOLE, CHUNKED, WHOLE) as (raw, connections):
        said = [await asked(connections) for _ in range(3)]

    assert (said, raw.connections) == ([b"ok", b"ok", b"ok"], 1)


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok<CLOSE>",
        b"HTTP/1.1 200 OK\r\n\r\nok<CLOSE>",
        b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok<CLOSE>",
    ],
)
@in_event_loop
async def test_a_connection_that_the_server_ends_is_not_used_again(answer: bytes) -> None:
    """The next request would be lost with it."""
    async with connected(answer, WHOLE) as (raw, connections):
        said = [await asked(connections) for _ in range(2)]

    assert (said, raw.connections) == ([b"ok", b"ok"], 2)


@in_event_loop
async def test_an_answer_that_was_not_read_to_its_end_is_not_taken_for_the_next() -> None:
    """Whoever left in the middle leaves bytes behind that are of another's answer."""
    async with connected(WHOLE, WHOLE) as (raw, connections):
        async with connections.post("/ask", b"{}") as heard:
            assert heard.head.status == 200
        said = await asked(connections)

    assert (said, raw.connections) == (b"ok", 2)


@in_event_loop
async def test_what_a_server_says_before_its_answer_is_passed_over() -> None:
    """`100 Continue` and its like are no answers."""
    async with connected(b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + WHOLE) as (_, connections):
        assert await asked(connections) == b"ok"


@pytest.mark.parametrize(
    "said",
    [
        b"<CLOSE>",
        b"SSH-2.0-server\r\n\r\n<CLOSE>",
        b"HTTP/1.1 abc\r\n\r\n<CLOSE>",
        b"HTTP/1.1 200 OK\r\nContent-Length: nine\r\n\r\nok<CLOSE>",
        b"HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\nok<CLOSE>",
        b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nok<CLOSE>",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nok<CLOSE>",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nok<CLOSE>",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffff\r\nok<CLOSE>",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\nok<CLOSE>",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000 + b"\r\n\r\n<CLOSE>",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1" * 70_000 + b"<CLOSE>",
    ],
)
@in_event_loop
async def test_what_is_no_answer_is_told_as_that(said: bytes) -> None:
    """A server may say anything: it takes nobody down, and nobody waits for what does not come."""
    async with connected(said) as (_, connections):
        with pytest.raises(ConnectionLost):
            await asked(connections)


@in_event_loop
async def test_a_server_that_is_not_there_was_sent_nothing() -> None:
    """So it can be asked again, and costs nothing."""
    async with connected() as (_, connections):
        pass
    with pytest.raises(NotConnected):
        await asked(connections)
