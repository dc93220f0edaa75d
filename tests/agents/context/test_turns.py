"""Turns as messages: cut to fit where they have to be, and never longer than they may be."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from interlock.agents.context.turns import fitted, tokens_of_turn
from interlock.agents.state import Turn
from interlock.core.messages import Answered
from tests.agents.working import call


def rooms_overrun(turn: Turn) -> list[int]:
    """In which rooms, of all that could matter, a turn takes more than there is or leaves an answer empty."""
    cuts = [(room, fitted(turn, room)) for room in range(tokens_of_turn(turn) + 2)]
    return [room for room, cut in cuts if cut is not None and (tokens_of_turn(cut) > room or _has_empty_answer(cut))]


def _has_empty_answer(turn: Turn) -> bool:
    return not all(answer.text for answer in turn.answers)


@given(st.lists(st.integers(0, 40), min_size=1, max_size=4))
def test_a_turn_is_cut_to_its_room_or_has_none(lengths: list[int]) -> None:
    """Each answer keeps a share, if only a mark: an empty one is refused by some providers."""
    calls = tuple(call("read_file", str(number)) for number in range(len(lengths)))
    answers = tuple(
        Answered(each.id, each.tool, "word " * length or "-") for each, length in zip(calls, lengths, strict=True)
    )

    assert rooms_overrun(Turn("Looking.", calls, answers)) == []
