"""Events over a WebSocket: one connection with any number of topics, which change without a reconnection.

    {"subscribe": "failures", "types": ["run.ended", "node.failed"], "after": "1042.3"}
    {"unsubscribe": "failures"}

What is told carries the topic, and each event the id to come back with. What comes within some hundredths of a second
is one message.
"""

from __future__ import annotations

import asyncio
from typing import Final

import msgspec
from fastapi import APIRouter
from starlette.websockets import WebSocket, WebSocketDisconnect

from interlock.api.desks import Desk, ReadsRuns
from interlock.api.errors import ApiError
from interlock.api.guard import LISTENS, REQUEST
from interlock.api.problems import problem_of
from interlock.api.streams.following import Writing, of_feed
from interlock.api.streams.frames import Place, Told, parse_place
from interlock.api.streams.live import LiveTold
from interlock.api.streams.spoken import said
from interlock.api.streams.topics import Topic
from interlock.core.errors import InterlockError
from interlock.showing.json import encoded

TOPICS_MAX: Final = 50
"""How many topics one connection may have."""
RUNS_MAX: Final = 200
NAME_MAX: Final = 200
"""How long the name of a topic may be: each message about it has it."""

router = APIRouter()


class Subscribe(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Hear a topic, under a name of the client's own; one of that name is replaced."""

    subscribe: str
    runs: list[str] = []
    graphs: list[str] = []
    types: list[str] = []
    deltas: bool = False
    after: str = ""


class Unsubscribe(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Hear a topic no more."""

    unsubscribe: str


class _Wanted(msgspec.Struct, frozen=True):
    """Either of the two, as it comes."""

    subscribe: str | None = None
    unsubscribe: str | None = None


def _event(told: Told) -> bytes:
    return b'{"id":"%b","event":%b},' % (str(told.place).encode(), told.data)


def _live(told: LiveTold) -> bytes:
    return b'{"live":"%b","event":%b},' % (told.type.encode(), told.data)


WRITING: Final = Writing(_event, _live, b"")


@router.websocket("/stream")
async def stream_topics(socket: WebSocket, desk: ReadsRuns) -> None:
    """Hear topics that change while one listens."""
    with socket.scope[LISTENS](socket.scope):
        offered = socket.scope.get("subprotocols", [])
        await socket.accept(subprotocol="interlock" if "interlock" in offered else None)
        connection = _Connection(socket, desk)
        try:
            await connection.serve()
        except WebSocketDisconnect:
            pass
        finally:
            await connection.close()


class _Connection:
    """One client, and what it hears."""

    def __init__(self, socket: WebSocket, desk: Desk) -> None:
        self._socket = socket
        self._desk = desk
        self._topics: dict[str, asyncio.Task[None]] = {}

    async def serve(self) -> None:
        """Take what the client wants until it goes."""
        while True:
            text = await said(self._socket)
            try:
                await self._take(text)
            except InterlockError as error:
                await self._send(b'{"problem":' + self._problem(error) + b"}")

    async def close(self) -> None:
        """The client has gone."""
        for task in self._topics.values():
            task.cancel()
        await asyncio.gather(*self._topics.values(), return_exceptions=True)

    async def _take(self, text: str) -> None:
        match _parsed(text):
            case Unsubscribe(unsubscribe=name):
                await self._drop(name)
            case wanted:
                await self._drop(wanted.subscribe)
                if len(self._topics) >= TOPICS_MAX:
                    raise ApiError("invalid_request", f"one connection may have {TOPICS_MAX} topics", field="subscribe")
                self._topics[wanted.subscribe] = asyncio.ensure_future(self._tell(wanted))

    async def _drop(self, name: str) -> None:
        task = self._topics.pop(name, None)
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _tell(self, wanted: Subscribe) -> None:
        try:
            await self._tell_events(wanted)
        except InterlockError as error:  # the other topics are told all the same
            await self._send(b'{"topic":' + encoded(wanted.subscribe) + b',"problem":' + self._problem(error) + b"}")
        except (WebSocketDisconnect, RuntimeError):
            return  # the client has gone, and is told nothing more
        else:
            # It was too slow, or the server is about to stop: it comes again with the last id it has.
            await self._socket.close(code=1013)

    async def _tell_events(self, wanted: Subscribe) -> None:
        hub = await self._desk.reception.hubs.of(self._desk.caller.tenant)
        topic = Topic(runs=frozenset(wanted.runs), graphs=frozenset(wanted.graphs), types=frozenset(wanted.types))
        live = sorted(topic.runs) if wanted.deltas else ()
        before = b'{"topic":' + encoded(wanted.subscribe) + b',"events":['
        await self._send(before + b"]}")
        async for frames in of_feed(hub, topic, after=_place(wanted.after), live=live, writing=WRITING):
            if frames:
                await self._send(before + frames.removesuffix(b",") + b"]}")

    def _problem(self, error: Exception) -> bytes:
        return encoded(problem_of(error, self._socket.scope[REQUEST]))

    async def _send(self, message: bytes) -> None:
        await self._socket.send_text(message.decode())


def _parsed(text: str) -> Subscribe | Unsubscribe:
    try:
        wanted = msgspec.json.decode(text, type=_Wanted)
        kind: type[Subscribe | Unsubscribe] = Unsubscribe if wanted.unsubscribe is not None else Subscribe
        found = msgspec.json.decode(text, type=kind)
    except (msgspec.MsgspecError, UnicodeError) as error:
        raise ApiError("invalid_request", f"that is neither a subscription nor the end of one: {error}") from error
    if isinstance(found, Subscribe):
        _check(found)
    return found


def _check(wanted: Subscribe) -> None:
    if len(wanted.subscribe) > NAME_MAX:
        raise ApiError("invalid_request", f"the name of a topic may have {NAME_MAX} characters", field="subscribe")
    if len(wanted.runs) + len(wanted.graphs) + len(wanted.types) > RUNS_MAX:
        raise ApiError("invalid_request", f"one topic may name {RUNS_MAX} runs, graphs and types", field="runs")
    if wanted.after and parse_place(wanted.after) is None:
        raise ApiError("invalid_request", f"{wanted.after!r} is not the id of an event", field="after")


def _place(written: str) -> Place | None:
    return parse_place(written) if written else None
