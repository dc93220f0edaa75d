"""What asks a server in a benchmark: HTTP/1.1 over connections that stay open, with as little of its own as can be."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, Self

HOST: Final = "127.0.0.1"


@dataclass(frozen=True)
class Answer:
    """What came of one request, from the moment at which it was due."""

    kind: str
    status: int
    seconds: float
    retry_after: str = ""

    @property
    def is_good(self) -> bool:
        """Whether it was done."""
        return 200 <= self.status < 300


class Clients:
    """Some connections to one server; what is asked waits for one that is free."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._free: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()
        self._under_way: set[asyncio.Task[None]] = set()
        self._runs: deque[str] = deque(maxlen=200)
        self._count = 0

    @classmethod
    async def connected(cls, port: int, count: int) -> Self:
        """So many connections."""
        made = cls(port)
        for _ in range(count):
            made._free.put_nowait(await asyncio.open_connection(HOST, port))
        made._count = count
        return made

    def ask(self, kind: str, answers: list[Answer]) -> None:
        """Ask something of a kind; the answer comes to the others."""
        task = asyncio.create_task(self._ask(kind, answers, time.perf_counter()))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def all_answered(self) -> None:
        """Until everything is answered."""
        while self._under_way:
            await asyncio.wait(self._under_way)

    async def started(self, graph: str, inputs: dict[str, Any]) -> str:
        """The id of a new run."""
        _, body = await self._exchange("POST", "/v1/runs", json.dumps({"graph": graph, "inputs": inputs}).encode())
        return json.loads(body)["run"]

    async def seq_of(self, run: str) -> int:
        """The number of a run's last event."""
        _, body = await self._exchange("GET", f"/v1/runs/{run}/row", b"")
        return int(json.loads(body)["seq"])

    async def events_since(self, seqs: dict[str, int]) -> int:
        """How many events some runs have had since."""
        return sum([await self.seq_of(run) - seq for run, seq in seqs.items()])

    async def listen(self) -> None:
        """Hear everything, and do nothing with it."""
        reader, writer = await asyncio.open_connection(HOST, self._port)
        try:
            writer.write(b"GET /v1/stream HTTP/1.1\r\nhost: localhost\r\n\r\n")
            while await reader.read(65_536):
                pass
        finally:
            writer.close()

    async def close(self) -> None:
        """Let the connections go."""
        for _ in range(self._count):
            (_, writer) = await self._free.get()
            writer.close()

    async def _ask(self, kind: str, answers: list[Answer], due: float) -> None:
        run = self._runs[-1] if self._runs else "none"
        match kind if self._runs else "start":
            case "start":
                given = ("POST", "/v1/runs", b'{"graph":"two","inputs":{"n":1}}')
            case "get":
                given = ("GET", f"/v1/runs/{run}", b"")
            case "list":
                given = ("GET", "/v1/runs?limit=20", b"")
            case _:
                given = ("GET", f"/v1/runs/{run}/events", b"")
        head, body = await self._exchange(*given)
        status = int(head[9:12])
        answers.append(Answer(kind, status, time.perf_counter() - due, _header(head, b"retry-after")))
        if status == 202:
            self._runs.append(json.loads(body)["run"])

    async def _exchange(self, method: str, path: str, body: bytes) -> tuple[bytes, bytes]:
        reader, writer = await self._free.get()
        if reader.at_eof():  # the server let go of it while nobody needed it
            writer.close()
            reader, writer = await asyncio.open_connection(HOST, self._port)
        try:
            length = f"content-type: application/json\r\ncontent-length: {len(body)}\r\n" if body else ""
            writer.write(f"{method} {path} HTTP/1.1\r\nhost: localhost\r\n{length}\r\n".encode() + body)
            head = await reader.readuntil(b"\r\n\r\n")
            return head, await reader.readexactly(int(_header(head.lower(), b"content-length") or 0))
        except (OSError, asyncio.IncompleteReadError):
            writer.close()
            reader, writer = await asyncio.open_connection(HOST, self._port)
            return b"HTTP/1.1 599 \r\n\r\n", b""
        finally:
            self._free.put_nowait((reader, writer))


def _header(head: bytes, name: bytes) -> str:
    found = head.lower().partition(b"\r\n" + name + b": ")[2]
    return found.partition(b"\r\n")[0].decode()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server((HOST, 0)) as free:
        return free.getsockname()[1]


def wait_until_taken(port: int) -> None:
    """Until connections to a port are taken."""
    for _ in range(200):
        with suppress(ConnectionRefusedError), socket.create_connection((HOST, port)):
            return
        time.sleep(0.05)
