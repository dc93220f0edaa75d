"""Calls as models write them: whatever they write becomes data, and nothing of it is dropped."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.core.canonical import canonical
from interlock.core.messages import AskedCall
from interlock.models.asked_calls import CALLS_MAX, NAME_MAX, WRITTEN_MAX, HeardCall, asked_calls

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@given(st.dictionaries(st.text(), JSON, max_size=4))
def test_sound_arguments_are_read_as_they_were_meant(arguments: dict[str, object]) -> None:
    """As text or as data, whichever a library hands over."""
    expected = (AskedCall("1", "t", canonical(arguments)),)

    assert asked_calls([HeardCall("1", "t", json.dumps(arguments))]) == expected
    assert asked_calls([HeardCall("1", "t", arguments)]) == expected


@given(st.text(max_size=300))
def test_any_text_becomes_a_call_or_a_problem(written: str) -> None:
    """Nothing that a model writes is an exception."""
    [call] = asked_calls([HeardCall("1", "t", written)])

    assert call.problem or isinstance(call.arguments, dict)


@pytest.mark.parametrize(
    "written",
    [
        "[" * 100_000,
        '{"a":' * 5_000 + "1" + "}" * 5_000,
        '{"n": 1e999}',
        '{"a": "\\ud800"}',
        '{"a": 1} and so on',
        "\x00",
        "\ud800",
        "null",
    ],
)
def test_hostile_arguments_are_told_as_a_problem(written: str) -> None:
    """Deep, huge or half: the agent is told, the process lives on, and what was written is kept within bounds."""
    [call] = asked_calls([HeardCall("1", "t", written)])

    assert call.problem
    assert call.raw
    assert len(call.raw) <= 20_001


def test_a_call_without_arguments_has_none() -> None:
    """Some servers say nothing at all, others an empty text."""
    assert [each.arguments for each in asked_calls([HeardCall("1", "t", ""), HeardCall("2", "t", None)])] == [{}, {}]


def test_each_call_has_an_id_of_its_own() -> None:
    """Results are matched to calls by it."""
    calls = asked_calls([HeardCall("a", "t", "{}"), HeardCall("a", "t", "{}"), HeardCall("", "t", "{}")])

    assert [call.id for call in calls] == ["a", "a_2", "call_3"]


def test_a_call_that_names_no_tool_is_told() -> None:
    """It can be answered by nobody, but it was asked for."""
    assert asked_calls([HeardCall("a", "", "{}")]) == (AskedCall("a", "", raw="{}", problem="the call names no tool"),)


def test_a_flood_of_calls_is_cut_and_said_to_be_cut() -> None:
    """A model gone astray must not start ten thousand tools."""
    calls = asked_calls([HeardCall("", "t", "{}") for _ in range(10_000)])

    assert len(calls) == CALLS_MAX + 1
    assert calls[-1].problem == "more than 128 calls in one answer"


def test_also_the_call_that_is_one_too_many_has_an_id_of_its_own() -> None:
    """Its answer, which says why it is not made, must not be taken for that of another."""
    calls = asked_calls(
        [HeardCall(f"call_{CALLS_MAX + 1}", "t", "{}"), *(HeardCall("", "t", "{}") for _ in range(200))]
    )

    assert len({call.id for call in calls}) == len(calls) == CALLS_MAX + 1


def test_a_call_can_be_kept_whatever_its_names_are_made_of() -> None:
    """Half a character, or a name without end, in an id or a name of a tool: no log could hold the answer."""
    [call] = asked_calls([HeardCall("\ud800", "\ud800" + "x" * 100_000, "{}")])

    assert (call.id, call.tool) == ("?", "?" + "x" * (NAME_MAX - 1) + "…")
    assert msgspec.json.decode(msgspec.json.encode(call), type=AskedCall) == call


def test_arguments_that_a_library_has_read_may_be_as_deep_as_they_like() -> None:
    """Showing them must not be what breaks."""
    deep: dict[str, Any] = {}
    for _ in range(50_000):
        deep = {"a": deep}

    [call] = asked_calls([HeardCall("1", "t", deep)])

    assert call.problem
    assert call.raw


def test_arguments_longer_than_any_answer_are_told_as_a_problem() -> None:
    """They would be counted and sent again in each turn that follows."""
    [call] = asked_calls([HeardCall("1", "t", '{"a": "' + "x" * WRITTEN_MAX + '"}')])

    assert call.problem == "the arguments are longer than 1,000,000 characters"
