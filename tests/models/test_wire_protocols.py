"""Providers against a server on loopback, with their libraries and without: what it says well, and what badly."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import msgspec
import pytest

from interlock.core.event_parts import Error
from interlock.core.messages import Answered, AskedCall, Instructions, ModelReply, ModelRequest, Said, Told, Usage
from interlock.core.spending import NOTHING, Spending
from interlock.models.breaker import FAILURES_MAX
from interlock.models.outcomes import ModelAnswered, ModelFailed, ModelOutcome, ModelRefused, Try
from tests.models.fake_replies import FakeCall, FakeReply
from tests.models.fake_server import FakeServer
from tests.models.set_up import KEY, READ_FILE, REQUEST, ManualTime, asked, compatible, gateway, priced, routed
from tests.store.event_loop import in_event_loop

Kind: TypeAlias = Callable[[str], dict[str, Any]]


def unheard(_: str) -> None:
    """A listener that has gone."""


def openai(url: str) -> dict[str, Any]:
    """OpenAI's own library, at the server of a test."""
    return compatible(url) | {"kind": "openai"}


def anthropic(url: str) -> dict[str, Any]:
    """Anthropic's protocol, spoken by the server of a test."""
    return {"kind": "anthropic", "url": url, "key": "model_key"}


WARNS_OF_COUNTS = pytest.mark.filterwarnings("ignore::pydantic_ai.usage.UsageExtractionFailedWarning")
"""Its counts are read by its own library alone."""


@in_event_loop
async def test_an_answer_comes_back_with_its_usage_and_its_cost() -> None:
    """What a call has cost is booked in micro-dollars: 20 tokens at one, 5 at two."""
    async with (
        FakeServer(FakeReply("hello")) as server,
        gateway({"a": compatible(server.url)}, priced("a/m")) as models,
    ):
        outcome = await asked(models)

    assert outcome == ModelAnswered(
        ModelReply("hello", model="a/m", usage=Usage(20, 5)),
        Spending(30, 25),
        (Try("a/m", 0, spent=Spending(30, 25)),),
    )


@in_event_loop
async def test_what_is_said_to_openai_is_its_protocol() -> None:
    """A model sees roles, calls and results in pairs, and names of tools that its provider takes."""
    call = AskedCall("c1", "agent:planner", {"goal": "x"})
    request = ModelRequest(
        (Instructions("Be brief."), Told("Plan."), Said("", (call,)), Answered("c1", "agent:planner", "done")),
        (READ_FILE,),
        temperature=0.5,
        tokens_max=99,
    )
    async with FakeServer() as server, gateway({"a": compatible(server.url)}, priced("a/m")) as models:
        await asked(models, request)

    body = server.requests[0].body
    assert [(each["role"], each.get("content")) for each in body["messages"]] == [
        ("system", "Be brief."),
        ("user", "Plan."),
        ("assistant", None),
        ("tool", "done"),
    ]
    assert body["messages"][2]["tool_calls"][0]["function"] == {"name": "agent_planner", "arguments": '{"goal":"x"}'}
    [tool] = body["tools"]
    assert (tool["function"]["name"], tool["function"]["parameters"]) == ("read_file", READ_FILE.input)
    assert (body["model"], body["temperature"]) == ("m", 0.5)
    assert body["max_tokens"] == 99
    assert server.requests[0].headers["authorization"] == f"Bearer {KEY}"


@in_event_loop
async def test_a_tool_is_called_by_our_name_however_the_provider_was_told_it() -> None:
    """`agent:planner` cannot be said to a provider; the engine must not learn of that."""
    planner = ModelRequest((Told("Plan."),), (READ_FILE.__class__("agent:planner", "", {"type": "object"}),))
    reply = FakeReply(calls=[FakeCall("agent_planner", '{"goal": "x"}')])
    async with FakeServer(reply) as server, gateway({"a": compatible(server.url)}, priced("a/m")) as models:
        outcome = await asked(models, planner)

    assert isinstance(outcome, ModelAnswered)
    assert outcome.reply.calls == (AskedCall("call_1", "agent:planner", {"goal": "x"}),)
    assert outcome.reply.finish == "calls"


@pytest.mark.parametrize("streamed", [True, False])
@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ('{"path": ', "the arguments are no JSON: Input data was truncated"),
        ('["a"]', "the arguments are no JSON object"),
        ('{"n": 99999999999999999999}', "arguments.n is an integer beyond 64 bits: pass it as text"),
    ],
)
@in_event_loop
async def test_arguments_that_cannot_be_read_are_told_and_not_dropped(
    arguments: str, problem: str, *, streamed: bool
) -> None:
    """The agent repairs what a model wrote badly; a call that vanished could not be repaired."""
    reply = FakeReply(calls=[FakeCall("read_file", arguments), FakeCall("read_file", "{}")])
    request = ModelRequest(REQUEST.messages, (READ_FILE,))
    async with FakeServer(reply) as server, gateway({"a": compatible(server.url)}, priced("a/m")) as models:
        outcome = await asked(models, request, on_token=unheard if streamed else None)

    assert isinstance(outcome, ModelAnswered)
    assert outcome.reply.calls == (
        AskedCall("call_1", "read_file", raw=arguments, problem=problem),
        AskedCall("call_1_2", "read_file", {}),
    )


@pytest.mark.parametrize("kind", [compatible, openai, anthropic])
@in_event_loop
async def test_tokens_are_told_as_they_come(kind: Kind) -> None:
    """A person who waits reads along; what they read is no event."""
    heard: list[str] = []
    async with FakeServer(FakeReply("one two three four")) as server:
        url = server.url if kind is compatible else server.root
        async with gateway({"a": kind(url)}, priced("a/claude-opus-4-6")) as models:
            outcome = await asked(models, on_token=heard.append)

    assert isinstance(outcome, ModelAnswered)
    assert outcome.reply.text == "one two three four"
    assert heard == ["one two ", "three fo", "ur"]
    assert outcome.reply.usage == Usage(20, 5)


async def heard_in_part(kind: Kind, reply: FakeReply) -> tuple[ModelOutcome, int, Spending]:
    """What becomes of a call whose stream comes in part, of how many requests, and what was held for it."""
    async with FakeServer(reply) as server:
        url = server.url if kind is compatible else server.root
        async with gateway({"a": kind(url)}, priced("a/claude-opus-4-6")) as models:
            outcome = await asked(models, on_token=unheard)
            return outcome, len(server.requests), routed(models).reserve


@pytest.mark.parametrize("kind", [compatible, openai, anthropic])
@in_event_loop
async def test_a_stream_that_breaks_off_is_paid_as_far_as_it_was_heard(kind: Kind) -> None:
    """The provider bills what it has made, so the request is not repeated with money that is held for one answer."""
    outcome, requests, reserve = await heard_in_part(kind, FakeReply("x" * 80, cut_after=5))

    assert isinstance(outcome, ModelFailed)
    assert outcome.error.kind == "unavailable"
    assert outcome.retryable
    assert 0 < outcome.spent.usd < reserve.usd
    assert requests == 1


@pytest.mark.parametrize("kind", [compatible, openai, anthropic])
@in_event_loop
async def test_a_stream_that_ends_before_its_answer_is_no_answer(kind: Kind) -> None:
    """A proxy that gives up ends a stream in good order: half a sentence must not pass for what the model said."""
    outcome, requests, reserve = await heard_in_part(kind, FakeReply("x" * 80, ends_after=5))

    assert isinstance(outcome, ModelFailed)
    assert outcome.error == Error(
        "unavailable", "a/claude-opus-4-6: the connection failed: the stream ended before its answer"
    )
    assert outcome.retryable
    assert 0 < outcome.spent.usd < reserve.usd
    assert requests == 1


@pytest.mark.parametrize(
    ("header", "said", "waited"),
    [
        ("retry-after", "7", 7_000_000),
        ("retry-after", "Mon, 12 Jan 1970 13:46:47 GMT", 7_000_000),
        ("retry-after-ms", "1500", 1_500_000),
    ],
)
@pytest.mark.parametrize("kind", [compatible, openai, anthropic])
@in_event_loop
async def test_a_provider_that_asks_for_time_is_given_it(kind: Kind, header: str, said: str, waited: int) -> None:
    """Its word is as good as it gets: sooner would be refused again, later would be time lost."""
    time = ManualTime()
    async with FakeServer(FakeReply(status=429, headers={header: said}), FakeReply("ok")) as server:
        url = server.url if kind is compatible else server.root
        async with gateway({"a": kind(url)}, priced("a/claude-opus-4-6"), time=time) as models:
            outcome = await asked(models)

    assert isinstance(outcome, ModelAnswered)
    assert time.slept == [waited]
    assert [each.error and each.error.kind for each in outcome.tries] == ["rate_limited", None]


@in_event_loop
async def test_a_storm_of_errors_opens_the_breaker_and_ends_when_the_model_is_well() -> None:
    """A server in trouble is left alone, then tried by one call, and used again at once when that is answered."""
    time = ManualTime()
    storm = [FakeReply(status=500)] * 5
    async with (
        FakeServer(*storm) as server,
        gateway({"a": compatible(server.url, attempts=5)}, priced("a/m"), time=time) as models,
    ):
        route = routed(models)
        failed = await models.call(route, REQUEST, call_id="c1")
        refused = await models.call(route, REQUEST, call_id="c2")
        time.at += 31_000_000
        answered = await models.call(route, REQUEST, call_id="c3")

    assert isinstance(failed, ModelFailed)
    assert isinstance(refused, ModelRefused)
    assert "left alone for 30 s more" in refused.error.message
    assert isinstance(answered, ModelAnswered)
    assert len(server.requests) == 6


@in_event_loop
async def test_the_next_model_answers_when_the_first_cannot() -> None:
    """A fallback chain is there for the day on which a provider is not."""
    async with FakeServer(FakeReply(status=400, error="no")) as bad, FakeServer(FakeReply("ok")) as good:
        providers = {"a": compatible(bad.url), "b": compatible(good.url)}
        async with gateway(providers, priced("a/m"), priced("b/m", price={"input": "9", "output": "9"})) as models:
            outcome = await asked(models)

    assert isinstance(outcome, ModelAnswered)
    assert outcome.reply.model == "b/m"
    assert outcome.tries[0].error == Error("invalid", "it does not accept the request: 400 no")


@in_event_loop
async def test_an_answer_that_breaks_off_is_not_told_as_the_beginning_of_the_next() -> None:
    """Who reads along must not take the words of two models for those of one."""
    heard: list[str] = []
    async with (
        FakeServer(FakeReply("It is all very", cut_after=3), FakeReply("Forty-two.")) as server,
        gateway({"a": compatible(server.url)}, priced("a/one"), priced("a/two")) as models,
    ):
        outcome = await asked(models, on_token=heard.append)

    assert isinstance(outcome, ModelAnswered)
    assert (outcome.reply.text, "".join(heard)) == ("Forty-two.", "It is all very…\nForty-two.")


@in_event_loop
async def test_a_server_that_hangs_is_given_up_and_paid_for_in_full() -> None:
    """Nobody knows whether it has worked, so what it may put on the bill is booked."""
    async with (
        FakeServer(FakeReply(hangs=True)) as server,
        gateway({"a": compatible(server.url, whole_seconds=0.05)}, priced("a/m")) as models,
    ):
        outcome = await asked(models)
        reserve = routed(models).reserve

    assert isinstance(outcome, ModelFailed)
    assert (outcome.error.kind, outcome.spent) == ("timeout", reserve)


@in_event_loop
async def test_a_stream_without_a_first_token_is_given_up_earlier_than_a_long_answer() -> None:
    """How long an answer may be says nothing of how long one waits for it to begin."""
    async with (
        FakeServer(FakeReply("x" * 40, hangs_after=0)) as server,
        gateway({"a": compatible(server.url, first_token_seconds=0.05)}, priced("a/m")) as models,
    ):
        outcome = await asked(models, on_token=unheard)

    assert isinstance(outcome, ModelFailed)
    assert outcome.error == Error("timeout", "a/m: it did not answer in time")


@pytest.mark.parametrize("body", ["[1, 2]", '"yes"', "{}", '{"choices": []}', '{"choices": null}'])
@in_event_loop
async def test_an_answer_of_another_shape_is_told_as_that(body: str) -> None:
    """Servers behind a wrong address answer with whatever they have: it names no code of ours."""
    async with (
        FakeServer(FakeReply(body=body)) as server,
        gateway({"a": compatible(server.url)}, priced("a/m")) as models,
    ):
        outcome = await asked(models)

    assert isinstance(outcome, ModelFailed)
    assert outcome.error.message == "a/m: its answer cannot be read: it is no chat completion, or an empty one"


@in_event_loop
async def test_a_server_that_is_not_there_costs_nothing() -> None:
    """Whoever was never reached sends no bill."""
    async with gateway({"a": compatible("http://127.0.0.1:1/v1", attempts=1)}, priced("a/m")) as models:
        outcome = await asked(models)

    assert isinstance(outcome, ModelFailed)
    assert (outcome.error.kind, outcome.spent) == ("unavailable", NOTHING)


@pytest.mark.parametrize("kind", [compatible, pytest.param(anthropic, marks=WARNS_OF_COUNTS)])
@pytest.mark.parametrize(
    "usage",
    [
        None,
        {"prompt_tokens": -5, "completion_tokens": 5},
        {"prompt_tokens": 20, "completion_tokens": 10**12},
        {"prompt_tokens": 0, "completion_tokens": 0},
    ],
)
@in_event_loop
async def test_usage_that_cannot_be_true_is_counted_here(kind: Kind, usage: Mapping[str, Any] | None) -> None:
    """A wrong count would give money back, or eat a budget: our own is taken, and marked as an estimate."""
    async with FakeServer(FakeReply("x" * 30, usage=usage)) as server:
        url = server.url if kind is compatible else server.root
        async with gateway({"a": kind(url)}, priced("a/claude-opus-4-6")) as models:
            outcome = await asked(models)
            reserve = routed(models).reserve

    assert isinstance(outcome, ModelAnswered)
    assert outcome.reply.usage.estimated
    assert 0 < outcome.spent.usd <= reserve.usd


@pytest.mark.parametrize(
    "reply",
    [
        FakeReply(status=401, error=f"wrong key {KEY}"),
        FakeReply(status=500, error=KEY),
        FakeReply(KEY),
        FakeReply(calls=[FakeCall("read_file", f'{{"path": "{KEY}"}}')]),
        FakeReply(body=KEY),
    ],
)
@in_event_loop
async def test_a_key_is_found_in_nothing_that_leaves_the_gateway(
    reply: FakeReply, caplog: pytest.LogCaptureFixture
) -> None:
    """A provider may say what it likes, also the key that it was sent: errors and answers are kept for ever."""
    caplog.set_level(logging.DEBUG)
    request = ModelRequest(REQUEST.messages, (READ_FILE,))
    async with (
        FakeServer(*[reply] * 3) as server,
        gateway({"a": compatible(server.url)}, priced("a/m")) as models,
    ):
        outcome = await asked(models, request)
        route = routed(models, request)

    assert server.requests[0].headers["authorization"] == f"Bearer {KEY}"
    assert KEY not in f"{outcome!r}{route!r}{models!r}{vars(models)!r}{caplog.text}"


@pytest.mark.parametrize("kind", [compatible, openai, anthropic])
@pytest.mark.parametrize("streamed", [True, False])
@in_event_loop
async def test_what_a_provider_says_can_be_kept_whatever_it_is_made_of(kind: Kind, *, streamed: bool) -> None:
    """Half a character in an error would break the writing of the run's log, and with it the run."""
    async with FakeServer(*[FakeReply(status=500, error="no \ud800")] * 3) as server:
        url = server.url if kind is compatible else server.root
        async with gateway({"a": kind(url)}, priced("a/claude-opus-4-6")) as models:
            outcome = await asked(models, on_token=unheard if streamed else None)

    assert isinstance(outcome, ModelFailed)
    assert "no ?" in outcome.error.message
    assert msgspec.json.encode(outcome)


@in_event_loop
async def test_data_is_asked_for_by_the_providers_own_means_where_it_has_some() -> None:
    """A provider that keeps to a schema needs no repairs; one that does not is told it in words."""
    request = ModelRequest(
        REQUEST.messages, output={"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
    )
    async with FakeServer(FakeReply('{"n": 1}'), FakeReply('{"n": 1}')) as server:
        for structured in ("native", "told"):
            async with gateway({"a": compatible(server.url)}, priced("a/m", structured=structured)) as models:
                await asked(models, request)

    native, told = (each.body for each in server.requests)
    assert native["response_format"]["json_schema"]["schema"]["properties"] == {"n": {"type": "integer"}}
    assert "response_format" not in told
    assert '"n":{"type":"integer"}' in told["messages"][0]["content"]


@in_event_loop
async def test_no_more_calls_are_made_at_once_than_a_provider_allows() -> None:
    """A server of one's own falls over when it is asked by everybody at once."""
    async with (
        FakeServer() as server,
        gateway({"a": compatible(server.url, concurrency=3)}, priced("a/m")) as models,
    ):
        server.may_answer.clear()
        calls = [asyncio.ensure_future(asked(models, call_id=f"c{number}")) for number in range(12)]
        await server.heard(3)
        server.may_answer.set()
        outcomes = await asyncio.gather(*calls)

    assert all(isinstance(outcome, ModelAnswered) for outcome in outcomes)
    assert server.in_flight_most == 3


@in_event_loop
async def test_calls_that_are_cancelled_leave_their_places_to_the_next() -> None:
    """A run that is cancelled must not hold slots, nor count as an illness of the model."""
    async with (
        FakeServer(*[FakeReply(hangs=True)] * FAILURES_MAX) as server,
        gateway({"a": compatible(server.url, concurrency=FAILURES_MAX)}, priced("a/m")) as models,
    ):
        hanging = asyncio.gather(*[asked(models, call_id=f"h{number}") for number in range(FAILURES_MAX)])
        await server.heard(FAILURES_MAX)
        hanging.cancel()
        with pytest.raises(asyncio.CancelledError):
            await hanging
        outcome = await asked(models, call_id="next")

    assert isinstance(outcome, ModelAnswered)
