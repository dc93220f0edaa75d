"""Events over plain HTTP: server-sent events, that go on from an id with nothing lost and nothing repeated."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from operator import attrgetter
from typing import Annotated, Any, Final

from fastapi import APIRouter, Header, Query
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from interlock.api.desks import ReadsRuns
from interlock.api.errors import ApiError
from interlock.api.guard import LISTENS
from interlock.api.runs.looking import RunId, Seq
from interlock.api.streams.following import Writing, of_feed, of_run
from interlock.api.streams.frames import parse_place
from interlock.api.streams.topics import Topic, types_meant
from interlock.core.lifecycle import RUN_ENDED

EVENT_STREAM: Final = "text/event-stream"
HEARTBEAT: Final = b": still here\n\n"
IN_RUN: Final = Writing(attrgetter("in_run"), attrgetter("frame"), HEARTBEAT)
IN_FEED: Final = Writing(
    attrgetter("in_feed"),
    attrgetter("frame"),
    HEARTBEAT,
    begun=lambda place: b"id: %b\n\n" % str(place).encode(),  # no event: whoever reads it keeps the id alone
)
STREAM: Final[dict[str, Any]] = {
    "status_code": 200,
    "responses": {
        200: {"description": "Events as they happen.", "content": {EVENT_STREAM: {"schema": {"type": "string"}}}}
    },
}

router = APIRouter(tags=["streams"])

LastEventId = Annotated[str, Header(alias="Last-Event-ID", max_length=100, description="Where a stream broke off.")]
Types = Annotated[list[str] | None, Query(alias="type", max_length=50, description="Types: `node.failed`, `node`.")]
Deltas = Annotated[bool, Query(description="Also what models are just saying, which is on no record.")]
After = Annotated[
    str, Query(max_length=100, description="The id of the last event that is known; `0`: from the first.")
]


class EventStream(Response):
    """An answer that goes on until there is no more to tell, or the client has gone."""

    media_type = EVENT_STREAM

    def __init__(self, frames: AsyncIterator[bytes]) -> None:
        super().__init__(headers={"cache-control": "no-store", "x-accel-buffering": "no"})
        del self.headers["content-length"]
        self._frames = frames

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send frames as they come. It counts as a listener and no longer as a request."""
        with scope[LISTENS](scope):
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            sending, gone = asyncio.ensure_future(self._send(send)), asyncio.ensure_future(_gone(receive))
            try:
                await asyncio.wait([sending, gone], return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in (sending, gone):
                    task.cancel()
                sent, _ = await asyncio.gather(sending, gone, return_exceptions=True)
            if isinstance(sent, Exception):
                raise sent

    async def _send(self, send: Send) -> None:
        async for frame in self._frames:
            if frame:
                await send({"type": "http.response.body", "body": frame, "more_body": True})
        await send({"type": "http.response.body", "body": b""})


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


@router.get("/runs/{run_id}/stream", **STREAM)
async def stream_run(
    run_id: RunId,
    desk: ReadsRuns,
    after: Seq = 0,
    type: Types = None,
    deltas: Deltas = False,
    last_event_id: LastEventId = "",
) -> Response:
    """The events of a run behind number `after`, up to its end. Their ids are their numbers."""
    if last_event_id:
        after = _number(last_event_id)
    row = await (await desk.interlock.open(run_id)).row()
    if row.status in RUN_ENDED and after >= row.seq:
        return Response(status_code=204)  # by this a browser knows not to come again
    hub = await desk.reception.hubs.of(desk.caller.tenant)
    types = types_meant(type or ())
    return EventStream(of_run(hub, run_id, types=types, after=after, deltas=deltas, writing=IN_RUN))


@router.get("/stream", **STREAM)
async def stream_events(
    desk: ReadsRuns,
    run: Annotated[list[str] | None, Query(max_length=200, description="Of these runs.")] = None,
    graph: Annotated[list[str] | None, Query(max_length=200, description="Of runs of these graphs.")] = None,
    type: Types = None,
    deltas: Deltas = False,
    after: After = "",
    last_event_id: LastEventId = "",
) -> Response:
    """The events of all runs, or of some, from now on or from an id on. It does not end."""
    written = last_event_id or after
    place = parse_place(written) if written else None
    if written and place is None:
        raise ApiError("invalid_request", f"{written!r} is not the id of an event of this stream", field="after")
    hub = await desk.reception.hubs.of(desk.caller.tenant)
    topic = Topic(runs=frozenset(run or ()), graphs=frozenset(graph or ()), types=types_meant(type or ()))
    return EventStream(of_feed(hub, topic, after=place, live=sorted(topic.runs) if deltas else (), writing=IN_FEED))


def _number(written: str) -> int:
    if not (written.isascii() and written.isdecimal()):
        raise ApiError("invalid_request", f"{written!r} is not the number of an event", field="Last-Event-ID")
    return min(int(written), 2**62)
