"""A server on loopback that speaks the protocols of OpenAI and Anthropic, and misbehaves as it is told.

In tests its replies are given one by one; by itself (`python -m tests.models.fake_server --scripts models`) it answers
from the scripts of a project, so that whatever runs on the scripted provider runs against a real server as well.
"""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from tests.models.fake_replies import FakeReply, FakeRequest, Replies
from tests.models.fake_words import Events, anthropic_answer, anthropic_events, openai_answer, openai_events
from tests.models.served_scripts import rude, scripted_replies

HOST = "127.0.0.1"


class FakeServer:
    """The server, from entering to leaving. Its replies are taken in order; after the last it says `ok`."""

    def __init__(self, *replies: FakeReply, answers: Replies | None = None) -> None:
        self.requests: list[FakeRequest] = []
        self.replies = list(replies)
        self.in_flight = 0
        self.in_flight_most = 0
        self.may_answer = asyncio.Event()
        """Cleared, it keeps every request waiting."""
        self.may_answer.set()
        self._arrived = asyncio.Condition()
        self._answers = answers or self._next_reply
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        """Where it is reached, as OpenAI's library takes it."""
        return f"{self.root}/v1"

    @property
    def root(self) -> str:
        """Where it is reached, as Anthropic's library takes it."""
        assert self._server is not None, "it is not started"
        return f"http://{HOST}:{self._server.sockets[0].getsockname()[1]}"

    async def start(self, port: int = 0) -> None:
        """Listen, on a free port if none is named."""
        self._server = await asyncio.start_server(self._connected, HOST, port)

    async def stop(self) -> None:
        """Close the server and every connection to it."""
        assert self._server is not None, "it is not started"
        self._server.close()
        connections = list(self._connections)
        for connection in connections:
            connection.cancel()
        await asyncio.gather(*connections, return_exceptions=True)
        await self._server.wait_closed()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def heard(self, count: int) -> None:
        """Wait until so many requests have come."""
        async with self._arrived:
            await self._arrived.wait_for(lambda: len(self.requests) >= count)

    def _next_reply(self, _: FakeRequest) -> FakeReply:
        return self.replies.pop(0) if self.replies else FakeReply("ok")

    # --- HTTP ---------------------------------------------------------------------------------------------------------

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            while await self._served(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the client has gone, or the server goes
        finally:
            self._connections.discard(task)
            writer.close()

    async def _served(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Serve one request; whether the connection stays."""
        request = await _read_request(reader)
        async with self._arrived:
            self.requests.append(request)
            self._arrived.notify_all()
        self.in_flight += 1
        self.in_flight_most = max(self.in_flight_most, self.in_flight)
        try:
            return await self._answer(request, writer)
        finally:
            self.in_flight -= 1

    async def _answer(self, request: FakeRequest, writer: asyncio.StreamWriter) -> bool:
        if request.path.endswith("/models"):
            return await _send(writer, 200, {}, json.dumps({"object": "list", "data": []}))
        reply = self._answers(request)
        await self.may_answer.wait()
        if reply.hangs:
            await asyncio.Event().wait()
        is_anthropic = request.path.endswith("/messages")
        if reply.status != 200:
            error = {"message": reply.error, "type": "error", "code": None}
            return await _send(writer, reply.status, reply.headers, json.dumps({"type": "error", "error": error}))
        if reply.body is not None:
            return await _send(writer, 200, reply.headers, reply.body)
        if request.is_streamed:
            events = anthropic_events(reply) if is_anthropic else openai_events(reply)
            return await _send_stream(writer, events, reply)
        answer = anthropic_answer(reply) if is_anthropic else openai_answer(reply)
        return await _send(writer, 200, reply.headers, json.dumps(answer))


async def _read_request(reader: asyncio.StreamReader) -> FakeRequest:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.rstrip("\r\n").split("\r\n")
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return FakeRequest(first.split(" ")[1], headers, json.loads(body) if body else {})


async def _send(writer: asyncio.StreamWriter, status: int, headers: Mapping[str, str], body: str) -> bool:
    data = body.encode()
    lines = {"content-type": "application/json", "content-length": str(len(data))} | dict(headers)
    writer.write(_head(status, lines) + data)
    await writer.drain()
    return True


async def _send_stream(writer: asyncio.StreamWriter, events: Events, reply: FakeReply) -> bool:
    writer.write(_head(200, {"content-type": "text/event-stream", "transfer-encoding": "chunked"}))
    for number, (name, data) in enumerate(events):
        if number == reply.cut_after:
            return False
        if number == reply.ends_after:
            break
        if number == reply.hangs_after:
            await writer.drain()
            await asyncio.Event().wait()
        heading = f"event: {name}\n" if name else ""
        piece = f"{heading}data: {data}\n\n".encode()
        writer.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
        await writer.drain()
    writer.write(b"0\r\n\r\n")
    await writer.drain()
    return True


def _head(status: int, headers: Mapping[str, str]) -> bytes:
    lines = [f"HTTP/1.1 {status} Told", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


# --- By itself --------------------------------------------------------------------------------------------------------


def main() -> None:
    """Serve until it is ended; the address is printed on a line of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scripts", type=Path, help="answer from the scripts of this folder, else say `ok`")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--rude-every", type=int, default=0, help="answer each n-th request with 429 or 500")
    arguments = parser.parse_args()
    asyncio.run(_serve(arguments.scripts, arguments.port, arguments.rude_every))


async def _serve(scripts: Path | None, port: int, rude_every: int) -> None:
    answers: Replies = (lambda _: FakeReply("ok")) if scripts is None else scripted_replies(scripts)
    server = FakeServer(answers=rude(answers, rude_every) if rude_every else answers)
    await server.start(port)
    print(server.url, flush=True)  # noqa: T201 - whoever started it reads the address
    await asyncio.Event().wait()


if __name__ == "__main__":
    main()
