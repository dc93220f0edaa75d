"""The latest events of a run, as those who listen to it are told them."""

from __future__ import annotations

import asyncio
from operator import attrgetter
from typing import cast

from interlock.api.streams.frames import Place, Told
from interlock.api.streams.run_window import RunWindow
from interlock.api.streams.topics import Topic
from interlock.core.events import Event


def told(seq: int) -> Told:
    """An event of which only the number matters."""
    return Told(Place(seq, seq), "r", "g", cast("Event", Numbered()))


class Numbered:
    """What happened is of no matter here."""

    type = "node.started"


def test_what_the_log_told_already_is_not_told_again_by_the_feed() -> None:
    """A listener comes between an append and its being spread: it has read the events, and they arrive once more."""
    window = RunWindow()
    window.open(2)

    async def scene() -> bytes:
        listener = window.join(
            Topic(runs=frozenset({"r"})),
            after=2,
            frame=lambda each: f"{each.place.seq} ".encode(),
            live_frame=attrgetter("frame"),
        )
        window.tell([told(1), told(2), told(3)])
        window.tell([told(3), told(4)])
        return await listener.frames(within=1)

    assert asyncio.run(scene()) == b"3 4 "
