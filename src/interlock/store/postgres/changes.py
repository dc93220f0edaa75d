"""How a store in PostgreSQL learns that somebody has committed something, without asking: LISTEN and NOTIFY.

Each commit is told to all other stores of the schema, at most once, after it and apart from it: PostgreSQL lets one
transaction at a time commit with a notification, so the one that does must not wait for the disk. Commits that follow
each other closely are told together. What is told by others, or committed here, moves a mark; to look at it costs
nothing.

A notification may be lost: with its connection, or with a process that ends between its commit and telling it. So each
time the connection that listens was made anew, everything counts as changed; and now and then it is asked for three
numbers, the ends of the signals, of the offers and of the feed. What was only given back, without an append, by a
process that ended at that very moment shows in none of them: who looks for work looks for it now and then by itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from contextlib import suppress
from typing import Final, Literal, TypeAlias

from interlock.store.errors import PlaceError
from interlock.store.event_store import Topic
from interlock.store.postgres.address import PostgresAddress
from interlock.store.postgres.patience import FIRST_PAUSE_SECONDS, PAUSE_MAX_SECONDS
from interlock.store.postgres.session import Session, connect
from interlock.store.postgres.sessions import Sessions

Told: TypeAlias = Literal["log", "signal", "work"]
"""What a commit was about, as notifications name it. One that is not known counts as a change of anything."""

POLL_SECONDS: Final = 10.0
QUIET_POLL_SECONDS: Final = 30.0
"""How often the numbers are asked for at least. It takes longer from one time to the next as long as all is quiet."""
TOGETHER_SECONDS: Final = 0.005
"""For so long commits are gathered before they are told, once one has been told at once."""

_MEANS: Final[dict[str, Topic]] = {"signal": "signals", "work": "work"}
# The notification may be lost with the server's memory, so it need not wait for the disk: see above.
_TELL: Final = "select set_config('synchronous_commit', 'off', true), pg_notify($1, $2)"
_ENDS: Final = """
    select coalesce((select max(id) from signal), 0), coalesce((select max(no) from offer), 0),
        coalesce((select sum(position) from feed_end), 0)::int8"""
_TOLD_BY_ENDS: Final[tuple[tuple[Told, ...], ...]] = (("signal", "work"), ("work",), ("log", "work"))
"""What it means if one of the ends has moved: an append may have given its run back."""


class Changes:
    """The marks of one store, and what moves them. Made, used and closed in one event loop."""

    def __init__(self, address: PostgresAddress, sessions: Sessions, *, name: str) -> None:
        self._address = address
        self._sessions = sessions
        self._name = name
        self._channel = address.schema
        self._marks: dict[Topic, int] = {"anything": 0, "signals": 0, "work": 0}
        self._untold: set[Told] = set()
        self._telling: asyncio.Task[None] | None = None
        self._listening: asyncio.Task[None] | None = None
        self._is_listening = asyncio.Event()

    async def mark(self, about: Topic) -> int:
        """The mark of a topic. Who looks for the first time waits until the server is listened to."""
        if self._listening is None:
            self._listening = asyncio.get_running_loop().create_task(self._listen(), name="interlock-listener")
        if not self._is_listening.is_set():
            await self._is_listening.wait()
        return self._marks[about]

    def committed(self, *about: Told) -> None:
        """Something was committed here: whoever looks here sees it at once, others are told."""
        self._move(about)
        self._untold.update(about)
        if self._telling is None:
            self._telling = asyncio.get_running_loop().create_task(self._tell(), name="interlock-notifier")

    async def close(self) -> None:
        """Tell what was not told yet, then stop listening."""
        if self._telling is not None:
            await asyncio.wait([self._telling])
        listening, self._listening = self._listening, None
        if listening is not None:
            listening.cancel()
            await asyncio.wait([listening])

    # --- telling ---

    async def _tell(self) -> None:
        try:
            while self._untold:
                # Where it cannot be told, others find out by themselves, a little later.
                with suppress(PlaceError):
                    await self._sessions.do(self._notify)
                await asyncio.sleep(TOGETHER_SECONDS)
        finally:
            self._telling = None

    async def _notify(self, session: Session) -> None:
        about, self._untold = sorted(self._untold), set[Told]()
        await session.fetch(_TELL, self._channel, f"{self._name} {' '.join(about)}")

    # --- listening ---

    async def _listen(self) -> None:
        """Listen until the store is closed, however often the connection breaks."""
        pause = FIRST_PAUSE_SECONDS
        while True:
            try:
                session = await connect(self._address)
            except Exception:  # noqa: BLE001 - a boundary: whoever reads or writes meets the same trouble, and tells it
                self._is_listening.set()
                await asyncio.sleep(pause)
                pause = min(2 * pause, PAUSE_MAX_SECONDS)
                continue
            pause = FIRST_PAUSE_SECONDS
            # What it ends with: the connection is gone, and another one is made.
            with suppress(Exception):
                await self._hear(session)
            session.terminate()

    async def _hear(self, session: Session) -> None:
        try:
            await session.add_listener(self._channel, self._told)
            self._move(_MEANS)
            self._is_listening.set()
            await self._poll(session)
        except asyncio.CancelledError:
            session.terminate()
            raise

    async def _poll(self, session: Session) -> None:
        """Look now and then whether anything was missed, until the connection is gone."""
        gone = asyncio.Event()
        session.add_termination_listener(lambda _: gone.set())
        seen, pause = await _ends(session), POLL_SECONDS
        while not gone.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await gone.wait()
                    return
            ends = await _ends(session)
            pause = min(2 * pause, QUIET_POLL_SECONDS) if ends == seen else POLL_SECONDS
            for before, after, about in zip(seen, ends, _TOLD_BY_ENDS, strict=True):
                if before != after:
                    self._move(about)
            seen = ends

    def _told(self, _connection: object, _process: int, _channel: str, payload: str) -> None:
        who, *about = payload.split(" ")
        if who != self._name:
            self._move(about)

    def _move(self, about: Collection[str]) -> None:
        self._marks["anything"] += 1
        for topic in about:
            if topic in _MEANS:
                self._marks[_MEANS[topic]] += 1


async def _ends(session: Session) -> tuple[int, ...]:
    row = await session.fetchrow(_ENDS)
    assert row is not None
    return tuple(row)
