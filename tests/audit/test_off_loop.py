"""Reading a file in a thread: it tells how far it is, and does not outlive whoever asked for it."""

from __future__ import annotations

import asyncio
import threading

import pytest

from interlock.audit.exporting import Progress, untold
from interlock.audit.off_loop import off_loop
from tests.store.event_loop import in_event_loop


@in_event_loop
async def test_how_far_it_is_is_told_where_it_was_asked_for() -> None:
    """Whoever draws a bar is not to be called from two threads."""
    told: list[tuple[str, int, int, bool]] = []
    here = threading.current_thread()

    def work(tell: Progress) -> str:
        tell("reading", 1, 2)
        return "done"

    def note(what: str, done: int, total: int) -> None:
        told.append((what, done, total, threading.current_thread() is here))

    assert await off_loop(work, note) == "done"
    await asyncio.sleep(0)
    assert told == [("reading", 1, 2, True)]


@in_event_loop
async def test_what_nobody_waits_for_any_more_stops() -> None:
    """Ctrl-C would else wait for the end of a file of gigabytes."""
    began, may_go_on, ended = asyncio.Event(), threading.Event(), threading.Event()
    went_on: list[str] = []
    loop = asyncio.get_running_loop()

    def work(tell: Progress) -> None:
        loop.call_soon_threadsafe(began.set)
        may_go_on.wait()
        try:
            tell("reading", 1, 2)
            went_on.append("to the next part")
        finally:
            ended.set()

    waiting = asyncio.create_task(off_loop(work, untold))
    await began.wait()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    may_go_on.set()

    assert await asyncio.to_thread(ended.wait, 10)
    assert went_on == []
