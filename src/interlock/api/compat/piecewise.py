"""Answers that are written as they are made: what a run tells may be more than memory holds."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable

from interlock.core.events import Event
from interlock.embedded.handle import RunHandle
from interlock.showing.json import encoded
from interlock.store.sealing import Header


async def told_of(run: RunHandle, tell: Callable[[Event | Header], Iterable[object]]) -> AsyncIterator[bytes]:
    """What each event of a run comes to, as JSON, in its order."""
    async for kept in run.log():
        for shape in tell(kept):
            yield encoded(shape)


async def lines(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """A piece a line."""
    async for piece in pieces:
        yield piece + b"\n"


async def as_list(
    run: str, name: str, pieces: AsyncIterator[bytes], *, run_key: str = "run_id"
) -> AsyncIterator[bytes]:
    """One object that says whose they are, and has all of them as the list of this name."""
    before = b"{" + encoded(run_key) + b":" + encoded(run) + b"," + encoded(name) + b":["
    async for piece in pieces:
        yield before + piece
        before = b","
    yield (b"" if before == b"," else before) + b"]}"
