"""Chat completions of models, asked by OpenAI's own library."""

from __future__ import annotations

from typing import Any, cast

import pytest
from openai import (
    APIStatusError,
    APITimeoutError,
    AuthenticationError,
    OpenAI,
    PermissionDeniedError,
    RateLimitError,
)
from openai.types.chat import ChatCompletionMessageParam, ChatCompletionToolParam

from interlock import Interlock
from interlock.embedded.served import Served
from interlock.settings import ServerSettings
from interlock.tenancy import LOCAL_TENANT
from tests.api.keys_at_hand import key_of
from tests.api.openai.fake_provider import FakeProvider
from tests.api.running_server import RunningServer, running_server
from tests.models.fake_replies import FakeCall, FakeReply

HELLO: list[ChatCompletionMessageParam] = [{"role": "user", "content": "Say hello."}]
WEATHER: ChatCompletionToolParam = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather in a town.",
        "parameters": {"type": "object", "properties": {"town": {"type": "string"}}, "required": ["town"]},
    },
}

TWO_CALLS = (FakeCall("get_weather", '{"town":"Bonn"}', "c1"), FakeCall("get_weather", '{"town":"Jena"}', "c2"))


async def _spent(served: Served[Interlock], run: str) -> int:
    handle = await (await served.of(LOCAL_TENANT)).open(run)
    return (await handle.costs()).total.usd


def test_an_existing_client_is_answered_by_changing_its_base_url(client: OpenAI, provider: FakeProvider) -> None:
    """That is the whole promise: nothing else of a program changes."""
    provider.answers(FakeReply("Hello.", usage={"prompt_tokens": 9, "completion_tokens": 2}))

    answer = client.chat.completions.create(model="default", messages=HELLO, temperature=0.5, max_tokens=50)

    choice = answer.choices[0]
    assert (choice.message.content, choice.finish_reason, answer.model) == ("Hello.", "stop", "fake/first")
    assert answer.usage is not None
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens, answer.usage.total_tokens) == (9, 2, 11)
    [asked] = provider.asked
    assert asked.body["messages"] == [{"role": "user", "content": "Say hello."}]
    assert (asked.body["model"], asked.body["temperature"], asked.body["max_tokens"]) == ("first", 0.5, 50)


def test_every_call_is_on_record_as_a_run(gateway: RunningServer, client: OpenAI, provider: FakeProvider) -> None:
    """Costs, policy and evidence hold for whoever comes through here as for any agent."""
    provider.answers(FakeReply("Hello.", usage={"prompt_tokens": 9, "completion_tokens": 2}))

    raw = client.chat.completions.with_raw_response.create(
        model="default", messages=HELLO, user="ada@example.org", metadata={"team": "a"}
    )

    run = gateway.get(f"/runs/{raw.headers['x-interlock-run']}")
    events = [each["type"] for each in gateway.get(f"/runs/{run['run']}/events")["events"]]
    assert (run["status"], run["graph"], run["labels"]["team"]) == ("succeeded", "passed-on", "a")
    assert len(run["labels"]["user_hash"]) == 64, "a person stands on record as a keyed hash"
    feed = gateway.soon(gateway.served[0].store.feed(LOCAL_TENANT, limit=10_000))
    appends = [(each.first_seq, each.last_seq) for each in feed if each.run == run["run"]]
    assert appends == [(1, 5), (6, 8)], "once before the model is asked, and once before its answer is told"
    spent = gateway.soon(_spent(gateway.served[0], run["run"]))
    assert spent == 9 + 2 * 2, "micro-dollars, by the price of the pool"
    assert events == [
        "run.started",
        "node.started",
        "decision.made",
        "decision.made",
        "effect.intended",
        "effect.done",
        "node.result",
        "run.ended",
    ]


def test_an_answer_is_streamed_as_it_is_made(client: OpenAI, provider: FakeProvider) -> None:
    """Whoever reads along sees the first words long before the last."""
    provider.answers(FakeReply("Hello, and a good day to you.", usage={"prompt_tokens": 9, "completion_tokens": 8}))

    chunks = list(
        client.chat.completions.create(
            model="default", messages=HELLO, stream=True, stream_options={"include_usage": True}
        )
    )

    told = [chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices]
    assert "".join(told) == "Hello, and a good day to you."
    assert [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices][-1] == "stop"
    assert chunks[-1].choices == []
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.total_tokens == 17


def test_calls_of_tools_go_to_the_client_and_what_comes_of_them_back(client: OpenAI, provider: FakeProvider) -> None:
    """The client makes them: several at once, each with the id by which it is answered."""
    provider.answers(FakeReply(calls=TWO_CALLS), FakeReply("Rain in both."))

    said = client.chat.completions.create(model="default", messages=HELLO, tools=[WEATHER]).choices[0]
    last = client.chat.completions.create(
        model="default",
        tools=[WEATHER],
        messages=[
            *HELLO,
            cast("Any", said.message.model_dump()),  # as it came, with all that a client adds to it
            {"role": "tool", "tool_call_id": "c1", "content": "rain"},
            {"role": "tool", "tool_call_id": "c2", "content": "sun"},
        ],
    )

    assert (said.finish_reason, said.message.content) == ("tool_calls", None)
    assert [call.id for call in said.message.tool_calls or []] == ["c1", "c2"]
    assert last.choices[0].message.content == "Rain in both."
    sent = provider.asked[-1].body["messages"]
    assert [each["role"] for each in sent] == ["user", "assistant", "tool", "tool"]
    assert [(each["id"], each["function"]["name"]) for each in sent[1]["tool_calls"]] == [
        ("c1", "get_weather"),
        ("c2", "get_weather"),
    ]
    assert [each["content"] for each in sent[2:]] == ["rain", "sun"]


def test_calls_of_tools_come_whole_in_a_stream(client: OpenAI, provider: FakeProvider) -> None:
    """A client that puts pieces together by their index finds both, and neither mixed with the other."""
    provider.answers(FakeReply(calls=TWO_CALLS))

    with client.chat.completions.stream(model="default", messages=HELLO, tools=[WEATHER]) as stream:
        message = stream.get_final_completion().choices[0].message

    calls = [cast("Any", call) for call in message.tool_calls or []]
    assert [(call.id, call.function.arguments) for call in calls] == [
        ("c1", '{"town":"Bonn"}'),
        ("c2", '{"town":"Jena"}'),
    ]


def test_a_model_that_is_asked_too_often_says_when_to_come_again(client: OpenAI, provider: FakeProvider) -> None:
    """Clients back off by themselves where they are told 429."""
    provider.answers(FakeReply(status=429))

    with pytest.raises(RateLimitError) as refused:
        client.chat.completions.create(model="default", messages=HELLO)

    assert refused.value.response.headers["retry-after"] == "1"
    assert refused.value.code == "model_busy"


def test_what_was_said_before_a_stream_broke_is_followed_by_an_error(client: OpenAI, provider: FakeProvider) -> None:
    """Half an answer that looks whole would be believed."""
    provider.answers(FakeReply("Hello, and a good day to you.", cut_after=3))
    heard: list[str] = []

    with pytest.raises(Exception, match="first") as broken:  # noqa: PT012 - the stream breaks while it is read
        stream = client.chat.completions.create(model="default", messages=HELLO, stream=True)
        heard.extend(chunk.choices[0].delta.content or "" for chunk in stream)

    assert "Hello" in "".join(heard)
    assert getattr(broken.value, "code", "") in {"model_away", "model_failed"}


def test_an_answer_that_another_model_began_anew_is_not_taken_for_one(client: OpenAI, provider: FakeProvider) -> None:
    """The words of two models one after the other are an answer of neither."""
    provider.answers(FakeReply("Hello, and a good day to you.", cut_after=3), FakeReply("Good morning."))

    with pytest.raises(Exception, match="run") as broken:
        list(client.chat.completions.create(model="two", messages=HELLO, stream=True))

    assert getattr(broken.value, "code", "") == "answer_broken_off"


def test_scripted_answers_are_marked(client: OpenAI) -> None:
    """Nobody is to take for a model's word what somebody wrote down before."""
    raw = client.chat.completions.with_raw_response.create(model="told", messages=HELLO)
    streamed = client.chat.completions.create(model="told", messages=HELLO, stream=True)

    assert raw.headers["x-interlock-simulated"] == "true"
    assert (raw.parse().model_extra or {})["simulated"] is True
    assert streamed.response.headers["x-interlock-simulated"] == "true"


def test_a_name_that_nothing_has_is_refused_with_the_nearest_one(client: OpenAI) -> None:
    """A misspelt model is the most usual mistake there is."""
    with pytest.raises(APIStatusError) as refused:
        client.chat.completions.create(model="defualt", messages=HELLO)

    assert (refused.value.status_code, refused.value.code) == (404, "model_not_found")
    assert "did you mean default?" in refused.value.message


def test_a_model_is_asked_alone_by_its_own_name(client: OpenAI, provider: FakeProvider) -> None:
    """Who names one model wants that one, and no other in its place."""
    provider.answers(FakeReply("ok"))

    answer = client.chat.completions.create(model="fake/second", messages=HELLO)

    assert (answer.model, provider.asked[0].body["model"]) == ("fake/second", "second")


def test_what_can_be_asked_is_listed(client: OpenAI) -> None:
    """A chat window offers what it finds here."""
    names = [each.id for each in client.models.list()]

    assert names[:6] == ["default", "two", "told", "fake/first", "fake/second", "scripts/scripted"]
    assert client.models.retrieve("fake/first").owned_by == "fake"


def test_a_client_that_goes_leaves_a_call_that_was_given_up(
    gateway: RunningServer, client: OpenAI, provider: FakeProvider
) -> None:
    """Nobody pays for an answer that nobody waits for, and the record says why there is none."""
    provider.answers(FakeReply(hangs=True))
    with pytest.raises(APITimeoutError):
        client.with_options(timeout=0.5).chat.completions.create(
            model="default", messages=HELLO, metadata={"of": "gone"}
        )

    [row] = gateway.get("/runs", params={"label": "of:gone"})["runs"]
    run = gateway.get(f"/runs/{row['run']}", params={"wait": 20})
    assert run["status"] == "cancelled"


def test_a_stream_that_is_closed_is_given_up(gateway: RunningServer, client: OpenAI, provider: FakeProvider) -> None:
    """A person who has read enough closes the window."""
    provider.answers(FakeReply("Hello, and a good day to you.", hangs_after=3))

    stream = client.chat.completions.create(model="default", messages=HELLO, stream=True)
    first = next(iter(stream)).choices[0].delta
    run = stream.response.headers["x-interlock-run"]
    stream.close()

    assert first.role == "assistant"
    assert gateway.get(f"/runs/{run}", params={"wait": 20})["status"] == "cancelled"


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"n": 2}, "n"),
        ({"logprobs": True}, "logprobs"),
        ({"frequency_penalty": 0.5}, "frequency_penalty"),
        ({"parallel_tool_calls": False, "tools": [WEATHER]}, "parallel_tool_calls"),
        ({"reasoning_effort": "high"}, "reasoning_effort"),
        ({"max_tokens": 5, "max_completion_tokens": 6}, "max_tokens"),
        ({"tool_choice": "required"}, "tool_choice"),
        ({"tools": [WEATHER, WEATHER]}, "tools[1].function.name"),
        ({"response_format": {"type": "json_schema", "json_schema": {"name": "x"}}}, "response_format.json_schema"),
        ({"temperature": 7}, "temperature"),
        (
            {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]}]},
            "messages[0].content[0]",
        ),
        ({"messages": [{"role": "tool", "tool_call_id": "c9", "content": "x"}]}, "messages[0].tool_call_id"),
        ({"messages": []}, "messages"),
    ],
)
def test_what_cannot_be_honoured_is_refused_by_its_name(client: OpenAI, more: dict[str, Any], field: str) -> None:
    """An option that were passed over in silence would be missed in production."""
    with pytest.raises(APIStatusError) as refused:
        client.post("/chat/completions", cast_to=object, body={"model": "default", "messages": HELLO, **more})

    assert (refused.value.status_code, refused.value.code, refused.value.param) == (422, "invalid_request", field)


def test_options_reach_the_model(client: OpenAI, provider: FakeProvider) -> None:
    """What is taken is not only taken."""
    provider.answers(FakeReply('{"town": "Bonn"}'))

    answer = client.chat.completions.create(
        model="default",
        messages=[{"role": "developer", "content": "Be terse."}, {"role": "user", "content": "Where?"}],
        top_p=0.5,
        stop=["END"],
        seed=7,
        max_completion_tokens=99,
        tools=[WEATHER],
        tool_choice={"type": "function", "function": {"name": "get_weather"}},
        response_format={
            "type": "json_schema",
            "json_schema": {"name": "place", "schema": {"type": "object", "properties": {"town": {"type": "string"}}}},
        },
    )

    assert answer.choices[0].message.content == '{"town": "Bonn"}'
    [asked] = provider.asked
    sent = {name: asked.body[name] for name in ("top_p", "stop", "seed", "max_tokens", "tool_choice")}
    assert sent == {
        "top_p": 0.5,
        "stop": ["END"],
        "seed": 7,
        "max_tokens": 99,
        "tool_choice": {"type": "function", "function": {"name": "get_weather"}},
    }
    assert asked.body["messages"][0]["content"].startswith("Be terse.\n\nAnswer with one JSON value")


def test_a_server_that_asks_for_keys_takes_no_other_text() -> None:
    """That any text will do holds for a machine of one's own alone."""
    with running_server({}, settings=ServerSettings(require_key=True)) as guarded:
        stranger = OpenAI(base_url=f"{guarded.url}/openai/v1", api_key="sk-any-text", max_retries=0)
        with stranger, pytest.raises(AuthenticationError) as refused:
            stranger.models.list()
        key = key_of(guarded, role="viewer")
        with OpenAI(base_url=f"{guarded.url}/openai/v1", api_key=key, max_retries=0) as viewer:
            names = [each.id for each in viewer.models.list()]
            with pytest.raises(PermissionDeniedError) as kept_out:
                viewer.chat.completions.create(model="default", messages=HELLO)

    assert (refused.value.code, kept_out.value.code) == ("key_refused", "not_allowed")
    assert "interlock" in names
