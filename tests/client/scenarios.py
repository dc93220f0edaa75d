"""Runs the scenarios of `sdk/scenarios` with a Python client: steps as data, and the little that reads them.

The client of a scenario speaks through a proxy that breaks connections where a step says so.
"""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import suppress
from functools import partial
from operator import attrgetter
from pathlib import Path
from typing import Any, Protocol, cast

import msgspec
import yaml

from interlock.client import AsyncClient, Client, ClientError, FeedEvent, Patience, Selection
from tests.client.cutting_proxy import CuttingProxy

FOLDER = Path(__file__).parents[2] / "sdk" / "scenarios"
ARCHIVE = FOLDER / "archive.tar.gz"
SECONDS_MAX = 20
PATIENCE = Patience(first_seconds=0.01, away_seconds=2.0)
LARGE = "x" * 40_000
BYTES = b"\x00\xff ABC"
GREETING = "graph: greeting\nnodes:\n  a: {value: hello}\n"
_NAMED = re.compile(r"\$([a-z]+)((?:\.\w+)*)")

Step = dict[str, Any]
Asker = Callable[[str, dict[str, Any]], Any]


def names() -> list[str]:
    """Every scenario there is."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


class Speaks(Protocol):
    """One of the two clients, as a scenario uses it."""

    name: str

    async def call(self, method: str, given: Mapping[str, Any]) -> Any:  # noqa: ANN401 - what any method comes to
        """What a method comes to; of one that tells, all that it tells."""
        ...

    def listen(self, method: str, given: Mapping[str, Any], hear: Callable[[Any], None]) -> None:
        """Hear what a method tells, beside everything else."""
        ...

    async def close(self) -> None:
        """Be done."""
        ...


class Blocking:
    """A `Client`, in threads of its own so that the proxy goes on."""

    name = "blocking"

    def __init__(self, url: str) -> None:
        self._client = Client(url, key="", patience=PATIENCE)
        self._threads: list[threading.Thread] = []

    async def call(self, method: str, given: Mapping[str, Any]) -> Any:  # noqa: ANN401 - as above
        """What a method comes to."""
        return await asyncio.to_thread(self._call, method, given)

    def _call(self, method: str, given: Mapping[str, Any]) -> Any:  # noqa: ANN401 - as above
        found = attrgetter(method)(self._client)(**given)
        return list(cast("Iterator[Any]", found)) if isinstance(found, Iterator) else found

    def listen(self, method: str, given: Mapping[str, Any], hear: Callable[[Any], None]) -> None:
        """Hear what a method tells."""
        loop = asyncio.get_running_loop()

        def work() -> None:
            with suppress(ClientError, RuntimeError):  # the proxy and the loop are gone when the scenario is over
                for told in attrgetter(method)(self._client)(**given):
                    loop.call_soon_threadsafe(hear, told)

        self._threads.append(threading.Thread(target=work, daemon=True))
        self._threads[-1].start()

    async def close(self) -> None:
        """Close its connections; who listens finds nobody there any more."""
        for thread in self._threads:
            await asyncio.to_thread(thread.join, SECONDS_MAX)
        self._client.close()


class Awaited:
    """An `AsyncClient`."""

    name = "awaited"

    def __init__(self, url: str) -> None:
        self._client = AsyncClient(url, key="", patience=PATIENCE)
        self._tasks: list[asyncio.Task[None]] = []

    async def call(self, method: str, given: Mapping[str, Any]) -> Any:  # noqa: ANN401 - as above
        """What a method comes to."""
        found = attrgetter(method)(self._client)(**given)
        return (
            [each async for each in cast("AsyncIterator[Any]", found)]
            if isinstance(found, AsyncIterator)
            else await found
        )

    def listen(self, method: str, given: Mapping[str, Any], hear: Callable[[Any], None]) -> None:
        """Hear what a method tells."""

        async def work() -> None:
            async for told in attrgetter(method)(self._client)(**given):
                hear(told)

        self._tasks.append(asyncio.ensure_future(work()))

    async def close(self) -> None:
        """Stop listening, and close its connections."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._client.close()


class Heard:
    """What was heard in one place."""

    def __init__(self) -> None:
        self.events: list[Any] = []
        self.has_more = asyncio.Event()

    def hear(self, told: object) -> None:
        """One thing more."""
        self.events.append(told.event if isinstance(told, FeedEvent) else told)
        self.has_more.set()

    async def until(self, type: str, run: str | None) -> None:
        """Come back when an event of a type was heard, perhaps of one run."""
        async with asyncio.timeout(SECONDS_MAX):
            while not any(event.type == type and run in {None, event.run} for event in self.events):
                self.has_more.clear()
                await self.has_more.wait()


class Scenario:
    """One run of a scenario: what was kept by name, and what was heard."""

    def __init__(self, client: Speaks, proxy: CuttingProxy, unique: str) -> None:
        self._client = client
        self._proxy = proxy
        self._kept: dict[str, Any] = {
            "client": f"{client.name}-{unique}",
            "large": LARGE,
            "bytes": BYTES,
            "archive": ARCHIVE.read_bytes(),
            "greeting": GREETING,
        }
        self._heard: dict[str, Heard] = {}

    async def play(self, steps: list[Step]) -> None:
        """Every step in turn. A step that comes out otherwise fails the test with what it is."""
        for step in steps:
            match step:
                case {"call": method}:
                    await self._call(method, step)
                case {"listen": name, "to": method}:
                    heard = self._heard[name] = Heard()
                    self._client.listen(method, self._filled(step["with"]), heard.hear)
                case {"hear": name, "until": type}:
                    await self._heard[name].until(type, self._filled(step.get("run")))
                case {"cut": True}:
                    self._proxy.cut()
                case {"lossless": name, "run": run}:
                    await self._compare(name, self._filled(run))
                case _:
                    [(setting, value)] = step.items()
                    assert hasattr(self._proxy, setting), step
                    setattr(self._proxy, setting, value)

    async def _call(self, method: str, step: Step) -> None:
        given = self._filled(step.get("with", {}))
        if "selection" in given:
            given["selection"] = Selection(**given["selection"])
        if "given" in step:
            given["confirm" if method == "fork" else "handler"] = partial(_says, step["given"])
        told, raised = await self._outcome(method, given)
        assert (raised.code if raised else None) == step.get("raises"), f"{step}: {raised or told}"
        self._kept[step.get("as", "")] = told
        if "expect" in step:
            plain = msgspec.to_builtins(told, builtin_types=[bytes])
            seen = [each[step["each"]] for each in plain] if "each" in step else plain
            assert is_like(seen, self._filled(step["expect"])), f"{step}: {seen}"

    async def _outcome(self, method: str, given: Mapping[str, Any]) -> tuple[Any, ClientError | None]:
        try:
            return await self._client.call(method, given), None
        except ClientError as error:
            return None, error

    async def _compare(self, name: str, run: str) -> None:
        on_record = await self._client.call("events", {"run": run})
        heard = [event for event in self._heard[name].events if event.run == run]
        assert heard == on_record, f"{name} heard {[(event.seq, event.type) for event in heard]}"

    def _filled(self, written: Any) -> Any:  # noqa: ANN401 - JSON data
        """What is written, with what was kept in the place of names."""
        match written:
            case dict():
                return {name: self._filled(each) for name, each in cast("dict[str, Any]", written).items()}
            case list():
                return [self._filled(each) for each in cast("list[Any]", written)]
            case str() if whole := _NAMED.fullmatch(written):
                return self._found(whole)
            case str():
                return _NAMED.sub(lambda named: str(self._found(named)), written)
            case _:
                return written

    def _found(self, named: re.Match[str]) -> Any:  # noqa: ANN401 - JSON data
        found: Any = self._kept[named[1]]
        for part in filter(None, named[2].split(".")):
            found = _part_of(found, part)
        return found


def _part_of(whole: object, part: str) -> object:
    return cast("dict[str, Any]", whole)[part] if isinstance(whole, dict) else getattr(whole, part)


def _says(word: object, _: object) -> object:
    """A function of a user: whatever it is asked, it says this."""
    return word


def is_like(seen: object, expected: object) -> bool:
    """Whether what is seen has at least what is expected, and lists are as long."""
    match expected:
        case dict():
            wanted = cast("dict[str, object]", expected)
            return isinstance(seen, dict) and all(
                name in seen and is_like(cast("dict[str, object]", seen)[name], each) for name, each in wanted.items()
            )
        case list():
            items, found = cast("list[object]", expected), cast("list[object]", seen)
            return isinstance(seen, list) and len(found) == len(items) and all(map(is_like, found, items))
        case _:
            return seen == expected


async def play(name: str, make: Callable[[str], Speaks], *, host: str, port: int, unique: str) -> None:
    """Play a scenario with a client."""
    steps = yaml.safe_load((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"))["steps"]
    async with CuttingProxy(host, port) as proxy:
        client = make(proxy.url)
        try:
            await Scenario(client, proxy, unique).play(steps)
        finally:
            await proxy.__aexit__()
            await client.close()
