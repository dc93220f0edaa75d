"""A real server for tests: a thread of its own with an event loop, a free port on loopback, and runs in memory."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Generator, Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

import httpx

from interlock import Interlock
from interlock.api.door import Door
from interlock.embedded.served import Served
from interlock.settings import ServerSettings
from tests.embedded.workshop import Graph

T = TypeVar("T")

READY_SECONDS = 20


@dataclass
class RunningServer:
    """Where it is, and the client of whoever works on this machine."""

    door: Door
    interlock: Interlock
    http: httpx.Client
    loop: asyncio.AbstractEventLoop
    served: list[Served[Interlock]] = field(default_factory=list[Served[Interlock]])

    @property
    def url(self) -> str:
        """Its address."""
        return self.door.url

    def get(self, path: str, **more: Any) -> Any:  # noqa: ANN401 - JSON, and what httpx takes
        """What is at a path below `/v1`, as data; the test fails where it is refused."""
        answer = self.http.get(f"/v1{path}", **more)
        assert answer.is_success, answer.text
        return answer.json()

    def post(self, path: str, body: Mapping[str, Any] | None = None) -> Any:  # noqa: ANN401 - as above
        """What comes of a request at a path below `/v1`; the test fails where it is refused."""
        answer = self.http.post(f"/v1{path}", json=dict(body or {}))
        assert answer.is_success, answer.text
        return answer.json()

    def refused(self, method: str, path: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - what httpx takes
        """The problem that a request below `/v1` meets; the test fails where it is done."""
        answer = self.http.request(method, f"/v1{path}", **more)
        assert answer.headers["content-type"] == "application/problem+json", answer.text
        told: dict[str, Any] = answer.json()
        assert told["status"] == answer.status_code
        return told

    def started(self, graph: str, inputs: Mapping[str, Any] | None = None, **more: object) -> str:
        """The id of a run that was started and has ended, or rests."""
        run: str = self.post("/runs", {"graph": graph, "inputs": dict(inputs or {}), **more})["run"]
        self.get(f"/runs/{run}", params={"wait": 20})
        return run

    def as_key(self, text: str) -> httpx.Client:
        """A client that comes with a key."""
        return httpx.Client(base_url=self.url, headers={"authorization": f"Bearer {text}"}, timeout=READY_SECONDS)

    def soon(self, work: Coroutine[Any, Any, T]) -> T:
        """What something comes to that has to be done in the server's own loop."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(READY_SECONDS)


async def _end_the_rest() -> None:
    """What libraries have left to the end of the process, as their loop ends before it."""
    left = asyncio.all_tasks() - {asyncio.current_task()}
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)


@contextmanager
def running_server(
    graphs: Mapping[str, Graph],
    tools: Iterable[Any] = (),
    *,
    settings: ServerSettings | None = None,
    works: bool = True,
    **project: Any,  # noqa: ANN401 - what an Interlock takes
) -> Generator[RunningServer]:
    """A server that knows these graphs and tools, and what else there is in its project.

    Unless it `works`, what is started waits for other processes.
    """
    documents = {name: {"graph": name, **graph} for name, graph in graphs.items()}
    interlock = Interlock(tools=tools, graphs=documents, **project)
    door = Door((settings or ServerSettings()).model_copy(update={"port": 0}))
    loop, until, ready = asyncio.new_event_loop(), asyncio.Event(), threading.Event()
    served: list[Served[Interlock]] = []

    async def face(given: Served[Interlock]) -> None:
        served.append(given)
        ready.set()
        await door.take_requests(given, until=until)

    def work() -> None:
        loop.run_until_complete(interlock.serve(until, face=face, works=works))
        loop.run_until_complete(_end_the_rest())

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    assert ready.wait(READY_SECONDS)
    with httpx.Client(base_url=door.url, timeout=READY_SECONDS) as http:
        try:
            yield RunningServer(door, interlock, http, loop, served)
        finally:
            loop.call_soon_threadsafe(until.set)
            thread.join(READY_SECONDS)
            loop.close()
    assert not thread.is_alive(), "the server ends when it is told to"
