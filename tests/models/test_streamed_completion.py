"""Streamed answers put together again: however they were cut, they come to what they would have been in one piece."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Sequence
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.models.outcomes import ModelAnswered, ModelFailed
from interlock.models.sdk.server_events import data_of
from interlock.models.sdk.streamed_completion import StreamedCompletion, StreamProblem
from tests.models.fake_replies import FakeCall, FakeReply
from tests.models.fake_server import FakeServer
from tests.models.fake_words import openai_answer, openai_events
from tests.models.set_up import asked, compatible, gateway, priced
from tests.store.event_loop import in_event_loop

KEYS = st.sampled_from(
    ["choices", "delta", "content", "tool_calls", "function", "arguments", "name", "id", "index", "usage", "error"]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8) | KEYS, inner, max_size=4),
    max_leaves=12,
)


def delta(**of: Any) -> bytes:  # noqa: ANN401 - JSON
    """A piece that brings this."""
    return json.dumps({"choices": [{"index": 0, "delta": of}]}).encode()


def call_piece(**of: Any) -> bytes:  # noqa: ANN401 - JSON
    """A piece of a call."""
    return delta(tool_calls=[of])


def put_together(*pieces: bytes) -> tuple[dict[str, Any], list[tuple[str, bool]]]:
    """The message that they come to, and what was told meanwhile."""
    told: list[tuple[str, bool]] = []
    completion = StreamedCompletion(lambda text, is_said: told.append((text, is_said)))
    for piece in (*pieces, b"[DONE]"):
        completion.take(piece)
    assert not completion.has_broken_off
    return completion.whole()["choices"][0]["message"], told


async def events_in(pieces: Sequence[bytes]) -> list[bytes]:
    """The data of the events that these bytes bring."""

    async def stream() -> AsyncGenerator[bytes]:
        for piece in pieces:
            yield piece

    return [data async for data in data_of(stream())]


@given(st.text(max_size=60), st.lists(st.tuples(st.text(max_size=8), st.text(max_size=40)), max_size=3))
def test_a_streamed_answer_comes_to_what_it_would_have_been_in_one_piece(
    text: str, calls: list[tuple[str, str]]
) -> None:
    """Whether somebody listens changes nothing of what an agent hears."""
    reply = FakeReply(text, [FakeCall(name, written, f"c{place}") for place, (name, written) in enumerate(calls)])
    at_once = openai_answer(reply)["choices"][0]["message"]

    message, told = put_together(*(data.encode() for _, data in openai_events(reply) if data != "[DONE]"))

    assert message == {"refusal": None, **at_once}
    assert "".join(piece for piece, is_said in told if is_said) == text


@given(st.lists(st.binary(max_size=20).filter(lambda data: b"\n" not in data and b"\r" not in data)), st.data())
def test_events_are_read_wherever_the_network_cuts_them(said: list[bytes], data: st.DataObject) -> None:
    """A packet ends in the middle of a letter."""
    kept = [each for each in said if each != b"[DONE]"]
    wire = (
        b": a comment\n\n" + b"".join(b"event: x\r\ndata: " + each + b"\r\n\r\n" for each in kept) + b"data: [DONE]\n\n"
    )
    cuts = sorted(data.draw(st.lists(st.integers(0, len(wire)), max_size=6)))
    pieces = [wire[start:end] for start, end in zip([0, *cuts], [*cuts, len(wire)], strict=True)]

    assert asyncio.run(events_in(pieces)) == [*kept, b"[DONE]"]


def test_half_a_character_waits_for_its_other_half() -> None:
    """Some servers cut their answers between the halves; one that stays alone can be kept by nobody."""
    message, _ = put_together(
        *[b'{"choices":[{"delta":{"content":"' + half + b'"}}]}' for half in (rb"\ud83d", rb"\ude00")]
    )
    alone, _ = put_together(rb'{"choices":[{"delta":{"content":"\ud83d"}}]}')

    assert (message["content"], alone["content"]) == ("😀", "\ufffd")


def test_calls_are_told_apart_however_a_server_numbers_them() -> None:
    """Some leave the number out, some give all calls the same; some send arguments as data."""
    first = {"id": "a", "function": {"name": "look", "arguments": '{"n":'}}
    rest = {"function": {"arguments": "1}"}}
    second = {"id": "b", "function": {"name": "add", "arguments": {"n": 2}}}

    unnumbered, _ = put_together(call_piece(**first), call_piece(**rest), call_piece(**second))
    alike, _ = put_together(*(call_piece(index=0, **each) for each in (first, rest, second)))

    expected = [("a", "look", '{"n":1}'), ("b", "add", '{"n": 2}')]
    for message in (unnumbered, alike):
        calls = [
            (call["id"], call["function"]["name"], call["function"]["arguments"]) for call in message["tool_calls"]
        ]
        assert calls == expected


def test_thoughts_and_arguments_are_told_apart_from_the_answer() -> None:
    """They are on the bill, so they are heard; a person who reads along is shown the answer alone."""
    pieces = [delta(content=text) for text in ("<think>", "hm", "</think>", "yes")]
    _, told = put_together(*pieces, delta(reasoning_content="why"), call_piece(index=0, function={"arguments": "{}"}))

    assert [text for text, is_said in told if is_said] == ["yes"]
    assert [text for text, is_said in told if not is_said] == ["<think>", "hm", "</think>", "why", "{}"]


@pytest.mark.parametrize(
    ("last", "has_broken_off"),
    [
        ([], True),
        ([b'{"choices": [], "usage": {"prompt_tokens": 1}}'], True),
        ([b'{"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}'], False),
        ([b"[DONE]"], False),
    ],
)
def test_an_answer_has_ended_when_its_server_says_so(last: list[bytes], has_broken_off: bool) -> None:  # noqa: FBT001
    """Some servers give no reason, some do not say that they are done: one of the two is enough, none is not."""
    completion = StreamedCompletion(lambda _, __: None)
    for piece in (delta(content="It is all"), *last):
        completion.take(piece)

    assert completion.has_broken_off is has_broken_off


@given(JSON)
def test_whatever_a_server_sends_it_is_a_piece_or_a_problem(said: object) -> None:
    """A server that has lost its mind is an answer that failed, and nothing else."""
    completion = StreamedCompletion(lambda _, __: None)
    with suppress(StreamProblem):
        completion.take(json.dumps(said).encode())
        assert completion.whole()["object"] == "chat.completion"


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (
            'data: {"error": {"message": "out of memory", "code": 500}}\n\n',
            "a/m: it has failed: 500 out of memory",
        ),
        ("data: {oops\n\n", "a piece of its answer cannot be read"),
        ("data: [DONE]\n\n", "its answer ended before it had begun"),
        ('{"choices": []}', "its answer ended before it had begun"),
        ("data: " + "[" * 100_000 + "\n\n", "a piece of its answer cannot be read"),
    ],
)
@in_event_loop
async def test_a_stream_that_goes_wrong_is_told_as_what_went_wrong(body: str, told: str) -> None:
    """What the server said is how its owner finds out."""
    broken = FakeReply(body=body, headers={"content-type": "text/event-stream"})
    async with (
        FakeServer(*[broken] * 3) as server,
        gateway({"a": compatible(server.url)}, priced("a/m")) as models,
    ):
        outcome = await asked(models, on_token=lambda _: None)

    assert isinstance(outcome, ModelFailed)
    assert told in outcome.error.message


@in_event_loop
async def test_an_answer_is_the_same_whether_somebody_listens_or_not() -> None:
    """Through the library and the wire: text, calls, usage and cost."""
    reply = FakeReply("I look.", [FakeCall("look", '{"n": 1}', "c1"), FakeCall("look", "{}", "c2")])
    async with (
        FakeServer(reply, reply) as server,
        gateway({"a": compatible(server.url)}, priced("a/m")) as models,
    ):
        alone, heard = await asked(models), await asked(models, on_token=lambda _: None)

    assert isinstance(alone, ModelAnswered)
    assert heard == alone
    assert [request.is_streamed for request in server.requests] == [False, True]
