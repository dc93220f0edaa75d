"""The latest events of a run that somebody listens to: who comes again is told from here, and the log is not read anew.

A window begins where the log ended when the first listener came, and grows with what happens up to a bound. What lies
before it is read from the log by those who want it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

from interlock.api.streams.frames import Told
from interlock.api.streams.listener import Listener
from interlock.api.streams.live import LiveTold
from interlock.api.streams.topics import Topic

EVENTS_MAX: Final = 500


class RunWindow:
    """One run, and those who listen to it."""

    def __init__(self) -> None:
        self.users = 0
        """Those who listen, and those who are about to."""
        self._listeners: set[Listener] = set()
        self._events: deque[Told] = deque(maxlen=EVENTS_MAX)
        self._last = -1
        """The number of the last event that is here, or that the log ended with; -1: not known yet."""

    @property
    def is_open(self) -> bool:
        """Whether it is known where it begins."""
        return self._last >= 0

    @property
    def before(self) -> int:
        """The number of the event before the first that is here."""
        return self._events[0].place.seq - 1 if self._events else self._last

    def open(self, last: int) -> None:
        """It begins behind an event. What was told meanwhile and lies behind it stays."""
        if not self.is_open:
            self._last = last
            early = [told for told in self._events if told.place.seq > last]
            self._events.clear()
            self._take(early)

    def tell(self, events: Sequence[Told]) -> None:
        """Something happened in the run. What was known here already, those who listen were told before."""
        if not self.is_open:
            self._events.extend(events)
            return
        taken = self._take(events)
        for listener in self._listeners:
            listener.hear([told for told in taken if listener.topic.takes(told)])

    def join(
        self, topic: Topic, *, after: int, frame: Callable[[Told], bytes], live_frame: Callable[[LiveTold], bytes]
    ) -> Listener:
        """Somebody listens from an event on that lies in the window: what is here behind it is told at once."""
        listener = Listener(topic, frame, live_frame)
        listener.hear([told for told in self._events if told.place.seq > after and topic.takes(told)])
        listener.release(lambda _: True)
        self._listeners.add(listener)
        return listener

    def leave(self, listener: Listener) -> None:
        """Somebody listens no more."""
        self._listeners.discard(listener)

    def end(self) -> None:
        """Nothing more is told."""
        for listener in self._listeners:
            listener.end()

    def _take(self, events: Sequence[Told]) -> list[Told]:
        """Those of the events that follow what is here."""
        taken: list[Told] = []
        for told in events:
            if told.place.seq == self._last + 1:
                taken.append(told)
                self._last += 1
        self._events.extend(taken)
        return taken
