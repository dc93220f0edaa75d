"""A real HTTP server on the loopback that answers as a test tells it to, and remembers what it was sent."""

from __future__ import annotations

import json
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Reply:
    """How one request is answered: at once, or never while the test lasts."""

    status: int = 204
    headers: dict[str, str] = field(default_factory=dict[str, str])
    hangs: bool = False


@dataclass
class Posted:
    """One request."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def ids(self) -> list[str]:
        """The ids of the events in it."""
        return [event["id"] for event in self.json]

    @property
    def json(self) -> Any:  # noqa: ANN401 - JSON data
        """The body as it is read by a receiver."""
        return json.loads(self.body)


@dataclass
class Receiver:
    """The server: `replies` are given in order, and then each request is accepted."""

    url: str
    replies: list[Reply] = field(default_factory=list[Reply])
    posted: list[Posted] = field(default_factory=list[Posted])
    over: threading.Event = field(default_factory=threading.Event)

    @property
    def accepted(self) -> list[str]:
        """The ids of the events in all requests, in order."""
        return [each for posted in self.posted for each in posted.ids]


@contextmanager
def receiving(*replies: Reply) -> Generator[Receiver]:
    """A server for as long as the test needs it."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.posted.append(Posted(self.path, dict(self.headers.items()), body))
            reply = receiver.replies.pop(0) if receiver.replies else Reply()
            if reply.hangs:
                receiver.over.wait()
                return
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """A test's output is not the place for it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    receiver = Receiver(f"http://127.0.0.1:{server.server_port}/events", list(replies))
    serving = threading.Thread(target=lambda: server.serve_forever(poll_interval=0.01))
    serving.start()
    try:
        yield receiver
    finally:
        receiver.over.set()
        server.shutdown()
        serving.join()
        server.server_close()
