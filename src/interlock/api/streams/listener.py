"""Somebody who listens: what waits for them, and no more of it than is bearable.

While what happened before is still being read for them, what happens meanwhile is held back, so that they hear all of
it in order. Who reads too slowly is cut: they come again from where they were, and miss nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from interlock.api.streams.frames import Told
from interlock.api.streams.live import LiveTold
from interlock.api.streams.topics import Topic

UNREAD_BYTES_MAX: Final = 4 * 1024 * 1024
HELD_MAX: Final = 10_000
"""How many events are held back while a listener catches up; beyond that it catches up once more."""


class OverError(Exception):
    """A listener is told no more: they read too slowly, or nobody tells any more. They may come again."""


class Listener:
    """One who listens to a topic. `frame` is how an event is written for them."""

    def __init__(self, topic: Topic, frame: Callable[[Told], bytes], live_frame: Callable[[LiveTold], bytes]) -> None:
        self.topic = topic
        self._frame = frame
        self._live_frame = live_frame
        self._told = asyncio.Event()
        self._frames: list[bytes] = []
        self._bytes = 0
        self._held: list[Told] | None = []
        self._is_new: Callable[[Told], bool] | None = None
        self.has_missed = False
        """Whether more happened than is held back."""
        self.has_heard_end = False
        """Whether the end of a run was among what they heard."""
        self._is_cut = False

    def hear(self, events: Sequence[Told]) -> None:
        """Something happened that is meant for them."""
        if self._held is None:
            self._tell(self._unknown(events))
            return
        self._held.extend(events)
        if len(self._held) > HELD_MAX:
            self._held.clear()
            self.has_missed = True

    def hear_live(self, told: list[LiveTold]) -> None:
        """Something is said just now: it has no place, and is not told again."""
        self._add(b"".join(map(self._live_frame, told)))

    def release(self, is_new: Callable[[Told], bool]) -> bool:
        """They have caught up: what was held back follows, but for what they know. False: too much happened."""
        if self.has_missed or self._held is None:
            self._held, self.has_missed = [], False
            return False
        held, self._held = self._held, None
        self._is_new = is_new
        self._tell(self._unknown(held))
        return True

    def end(self) -> None:
        """Nothing more is told."""
        self._is_cut = True
        self._told.set()

    async def frames(self, *, within: float) -> bytes:
        """What there is to be sent, all at once; nothing if that takes too long. Raises `OverError`."""
        if not self._frames:
            try:
                async with asyncio.timeout(within):
                    await self._told.wait()
            except TimeoutError:
                return b""
        self._told.clear()
        frames, self._frames, self._bytes = self._frames, [], 0
        if self._is_cut and not frames:
            raise OverError
        return b"".join(frames)

    def _unknown(self, events: Sequence[Told]) -> Sequence[Told]:
        """Those that they have not read themselves: they may have read further than was told until now."""
        if self._is_new is None or not events:
            return events
        unknown = [told for told in events if self._is_new(told)]
        if unknown:
            self._is_new = None  # what follows is newer still
        return unknown

    def _tell(self, events: Iterable[Told]) -> None:
        frames: list[bytes] = []
        for told in events:
            frames.append(self._frame(told))
            self.has_heard_end = self.has_heard_end or told.kept.type == "run.ended"
        self._add(b"".join(frames))

    def _add(self, frame: bytes) -> None:
        if not frame:
            return
        self._frames.append(frame)
        self._bytes += len(frame)
        if self._bytes > UNREAD_BYTES_MAX:
            self._is_cut = True
            self._frames.clear()
        self._told.set()
