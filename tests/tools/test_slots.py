"""Slots bound what runs at once, serve in the order of coming, and lose none when somebody gives up."""

from __future__ import annotations

import asyncio

from interlock.tools import Slots
from tests.tools.doorstep import lived


def test_a_freed_slot_goes_to_the_first_who_waits_and_not_to_who_comes_late() -> None:
    """Otherwise a busy graph would starve a quiet one."""

    async def story() -> object:
        slots = Slots(1)
        assert slots.take()
        first, second = slots.queue(), slots.queue()
        slots.release()
        return first.done(), second.done(), slots.take()

    assert lived(story) == (True, False, False)


def test_who_gives_up_is_passed_over() -> None:
    """A place in the line that nobody holds must not swallow a slot."""

    async def story() -> object:
        slots = Slots(1)
        slots.take()
        leaver = asyncio.create_task(slots.turn(slots.queue()))
        stayer = slots.queue()
        await asyncio.sleep(0)
        leaver.cancel()
        await asyncio.wait((leaver,))
        slots.release()
        return stayer.done(), slots.free

    assert lived(story) == (True, 0)


def test_a_slot_that_was_handed_over_to_somebody_just_leaving_is_passed_on() -> None:
    """Cancel and release can meet in one turn of the loop: the slot must not get lost between them."""

    async def story() -> object:
        slots = Slots(1)
        slots.take()
        leaver = asyncio.create_task(slots.turn(slots.queue()))
        await asyncio.sleep(0)
        slots.release()
        leaver.cancel()
        await asyncio.wait((leaver,))
        return leaver.cancelled(), slots.free

    assert lived(story) == (True, 1)


def test_the_line_is_bounded() -> None:
    """What cannot be served soon is better refused than kept in memory."""

    async def story() -> object:
        slots = Slots(1, waiting_max=1)
        slots.take()
        before = slots.is_full
        slots.queue()
        return before, slots.is_full

    assert lived(story) == (False, True)
