"""How many effects a worker performs at once: those of the runs it drives and those it has claimed share its hands."""

from __future__ import annotations

from interlock.engine.sharing.placing import Hands


def test_whoever_waits_for_room_hears_of_it_whatever_made_it() -> None:
    """A call of a run that is driven here ends without a word to the queue; what is on offer must not wait for one."""
    heard: list[int | None] = []
    hands = Hands(2)
    hands.on_room(lambda: heard.append(hands.free))

    taken = [hands.take(), hands.take(), hands.take()]
    hands.release()
    hands.release()

    assert taken == [True, True, False]
    assert heard == [1]
