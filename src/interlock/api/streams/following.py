"""What a listener is sent, from where they were: first what is on record, then what happens, in one order and once."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack
from typing import Final

from msgspec import Struct

from interlock.api.streams.frames import LAST, Place, Told
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
    begun: Callable[[Place], bytes] | None = None
    """That a stream of many runs has begun, and behind which place: who is cut off before anything happens comes back
    there. Otherwise a heartbeat says that it has."""


async def of_run(
    hub: Hub, run: str, *, types: frozenset[str], after: int, deltas: bool, writing: Writing
) -> AsyncIterator[bytes]:
    """One run from an event on, up to its end, which is always told."""
    topic = Topic(runs=frozenset({run}), types=types | {END} if types else types)
    async with AsyncExitStack() as stack:
        window = await stack.enter_async_context(hub.window(run))
        while after < window.before:
            async with hub.catching_up:
                portion = await _portion(hub.past_of_run(run, after=after), topic, writing, upto=window.before)
            yield portion.frames
            if portion.has_end or portion.last is None:
                return
            after = portion.last.seq
        listener = window.join(topic, after=after, frame=writing.event, live_frame=writing.live)
        stack.callback(window.leave, listener)
        if deltas:
            await stack.enter_async_context(hub.live.hearing(run, listener))
        async for frame in _heard(listener, writing.heartbeat):
            yield frame
            if listener.has_heard_end:
                return


async def of_feed(
    hub: Hub, topic: Topic, *, after: Place | None, live: Sequence[str], writing: Writing
) -> AsyncGenerator[bytes]:
    """Many runs, from a place in the feed on, or from now on. It has no end."""
    async with AsyncExitStack() as stack:
        listener = await stack.enter_async_context(hub.listening(topic, frame=writing.event, live_frame=writing.live))
        for run in live:
            await stack.enter_async_context(hub.live.hearing(run, listener))
        known = after or Place(await hub.end(), LAST)
        # Whoever waits for the stream to begin sees that it has: nothing is missed from here.
        yield writing.heartbeat if writing.begun is None else writing.begun(known)
        is_live = False
        while not is_live:
            async with hub.catching_up:
                portion = await _portion(hub.past(topic, after=known), topic, writing)
            yield portion.frames
            known = portion.last or known
            is_live = portion.is_all and listener.release(lambda told, known=known: told.place > known)
        async for frame in _heard(listener, writing.heartbeat):
            yield frame


class Portion(Struct, frozen=True):
    """Some of what is on record."""

    frames: bytes
    last: Place | None
    """The place of the last event that was read; nothing, if there was none."""
    is_all: bool
    """Whether there was no more."""
    has_end: bool
    """Whether the run ended in it."""


async def _portion(past: AsyncIterator[Told], topic: Topic, writing: Writing, *, upto: int = LAST) -> Portion:
    """What is on record from where somebody is on, as much of it as is sent at once."""
    frames: list[bytes] = []
    size, last, has_end = 0, None, False
    async for told in past:
        last, has_end = told.place, told.kept.type == END
        if topic.takes(told):
            frames.append(writing.event(told))
            size += len(frames[-1])
        if size > TOLD_AT_ONCE or last.seq >= upto:
            return Portion(b"".join(frames), last, is_all=False, has_end=has_end)
    return Portion(b"".join(frames), last, is_all=True, has_end=has_end)


async def _heard(listener: Listener, heartbeat: bytes) -> AsyncIterator[bytes]:
    while True:
        try:
            yield await listener.frames(within=HEARTBEAT_SECONDS) or heartbeat
        except OverError:
            return
