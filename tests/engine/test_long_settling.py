"""Runs that have more to decide than one append may hold: a loop of values alone waits for nobody."""

from __future__ import annotations

from pathlib import Path

from interlock import Interlock
from interlock.engine.engine import DECIDED_AT_ONCE_MAX
from tests.engine.soundness import assert_sound
from tests.store.event_loop import in_event_loop


def counting(rounds: int) -> dict[str, object]:
    """A graph whose rounds follow from one another, with no call and no wait between them."""
    return {
        "graph": "counting",
        "nodes": {"count": {"loop": {"n": {"value": 1}}, "max": rounds, "at_max": "accept"}},
    }


@in_event_loop
async def test_a_long_loop_of_values_comes_to_its_end(tmp_path: Path) -> None:
    """Its rounds are appended in parts, each of which a crash would leave whole."""
    place = tmp_path / "interlock.db"
    async with Interlock(place) as interlock:
        run = await interlock.start(counting(DECIDED_AT_ONCE_MAX))

        status = await run.ended()

        assert status == "succeeded"
        assert (await run.row()).seq > DECIDED_AT_ONCE_MAX
    await assert_sound(place)


@in_event_loop
async def test_a_loop_that_would_not_end_is_cancelled_between_its_appends() -> None:
    """Nothing else waits in such a run, so a word from outside must be heard while it still decides."""
    async with Interlock() as interlock:
        run = await interlock.start(counting(10**9))
        await run.cancel(by="ada")

        assert await run.ended() == "cancelled"
