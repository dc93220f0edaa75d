"""What a listener is sent, from where they were: first what is on record, then what happens, in one order and once."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack
from typing import Final

from msgspec import Struct

from interlock.api.streams.frames import Place, Told
from interlock.api.streams.hub import Hub
from interlock.api.streams.listener import Listener, OverError
from interlock.api.streams.live import LiveTold
from interlock.api.streams.topics import Topic

HEARTBEAT_SECONDS: Final = 15.0
TOLD_AT_ONCE: Final = 64 * 1024
"""How many bytes of what is on record are sent at a time."""
END: Final = "run.ended"


class Writing(Struct, frozen=True):
    """How things are written for a listener; a heartbeat is sent where there is nothing else for a while."""

    event: Callable[[Told], bytes]
    live: Callable[[LiveTold], bytes]
    heartbeat: bytes


async def of_run(
    hub: Hub, run: str, *, types: frozenset[str], after: int, deltas: bool, writing: Writing
) -> AsyncIterator[bytes]:
    """One run from an event on, up to its end, which is always told."""
    topic = Topic(runs=frozenset({run}), types=types | {END} if types else types)
    async with AsyncExitStack() as stack:
        listener = await stack.enter_async_context(hub.listening(topic, writing.event, writing.live))
        if deltas:
            await stack.enter_async_context(hub.live.hearing(run, listener))
        is_live = False
        while not is_live:
            frames = Frames(writing.event)
            async for told in hub.past_of_run(run, after=after):
                after = told.place.seq
                if topic.takes(told):
                    frames.add(told)
                if frames.size > TOLD_AT_ONCE:
                    yield frames.take()
                if told.kept.type == END:
                    yield frames.take()
                    return
            yield frames.take()
            is_live = listener.release(lambda told, known=after: told.place.seq > known)
        async for frame in _heard(listener, writing.heartbeat):
            yield frame
            if listener.has_heard_end:
                return


async def of_feed(
    hub: Hub, topic: Topic, *, after: Place | None, live: Sequence[str], writing: Writing
) -> AsyncIterator[bytes]:
    """Many runs, from a place in the feed on, or from now on. It has no end."""
    async with AsyncExitStack() as stack:
        listener = await stack.enter_async_context(hub.listening(topic, writing.event, writing.live))
        for run in live:
            await stack.enter_async_context(hub.live.hearing(run, listener))
        yield writing.heartbeat  # whoever waits for the stream to begin sees that it has
        is_live = False
        while not is_live:
            frames = Frames(writing.event)
            if after is not None:
                async for told in hub.past(topic, after=after):
                    after = told.place
                    frames.add(told)
                    if frames.size > TOLD_AT_ONCE:
                        yield frames.take()
            yield frames.take()
            is_live = listener.release(lambda told, known=after: known is None or told.place > known)
        async for frame in _heard(listener, writing.heartbeat):
            yield frame


class Frames:
    """Frames that are sent together."""

    def __init__(self, write: Callable[[Told], bytes]) -> None:
        self._write = write
        self._frames: list[bytes] = []
        self.size = 0

    def add(self, told: Told) -> None:
        """One more."""
        self._frames.append(self._write(told))
        self.size += len(self._frames[-1])

    def take(self) -> bytes:
        """All of them, to be sent."""
        frames, self._frames, self.size = self._frames, [], 0
        return b"".join(frames)


async def _heard(listener: Listener, heartbeat: bytes) -> AsyncIterator[bytes]:
    while True:
        try:
            yield await listener.frames(within=HEARTBEAT_SECONDS) or heartbeat
        except OverError:
            return
