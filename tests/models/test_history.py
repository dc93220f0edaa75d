"""A history as providers insist on it: calls and results in pairs, tools by names that they take."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from interlock.core.messages import Answered, AskedCall, Instructions, Message, Said, Told
from interlock.models.coherence import coherent
from interlock.models.tool_names import ToolNames

CALL = AskedCall("c1", "read_file", {"path": "a"})


def test_a_history_in_pairs_stays_as_it_is() -> None:
    """Whatever is in order is sent as it was said."""
    messages: list[Message] = [Instructions("i"), Told("t"), Said("", (CALL,)), Answered("c1", "read_file", "x")]

    assert coherent(messages) == messages


def test_a_result_of_which_the_call_was_cut_off_is_told_as_text() -> None:
    """What it says may still matter; as a result it would be refused."""
    assert coherent([Told("t"), Answered("c1", "read_file", "x")]) == [Told("t"), Told("Result of read_file:\nx")]


def test_a_call_without_a_result_is_left_out() -> None:
    """A provider waits for its result, and refuses what comes instead."""
    assert coherent([Said("let me see", (CALL,)), Told("t")]) == [Said("let me see"), Told("t")]
    assert coherent([Said("", (CALL,)), Told("t")]) == [Told("t")]


MESSAGES = st.lists(
    st.one_of(
        st.builds(Told, st.text(max_size=3)),
        st.builds(
            Said,
            st.text(max_size=3),
            st.lists(st.sampled_from("abc"), max_size=2, unique=True).map(
                lambda ids: tuple(AskedCall(each, "t", {}) for each in ids)
            ),
        ),
        st.builds(Answered, st.sampled_from("abc"), st.just("t"), st.text(max_size=3)),
    ),
    max_size=8,
)


@given(MESSAGES)
def test_whatever_is_cut_no_result_stands_before_its_call(messages: list[Message]) -> None:
    """Contexts are cut anywhere."""
    asked: set[str] = set()
    orphans: list[str] = []
    for message in coherent(messages):
        match message:
            case Said(calls=calls):
                asked |= {call.id for call in calls}
            case Answered(call=call):
                orphans += [] if call in asked else [call]
            case _:
                pass

    assert orphans == []


@given(st.lists(st.text(min_size=1, max_size=90), max_size=8, unique=True))
def test_names_are_taken_by_providers_and_lead_back_to_ours(names: list[str]) -> None:
    """However tools are called, and however alike: each is told apart."""
    sent = ToolNames(names)

    assert [sent.ours(sent.sent(name)) for name in names] == names
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{1,64}", sent.sent(name)) for name in names)


def test_names_that_only_differ_in_what_is_not_taken_are_told_apart() -> None:
    """`a.b` and `a:b` are two tools; the one that needs no change keeps its name."""
    names = ToolNames(["a:b", "a_b", "a.b"])

    assert names.sent("a_b") == "a_b"
    assert len({names.sent(each) for each in ("a:b", "a_b", "a.b")}) == 3
    assert names.ours("never_offered") == "never_offered"
