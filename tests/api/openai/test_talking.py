"""Chats with graphs, agents and the platform itself, as a chat window has them."""

from __future__ import annotations

import re
from collections.abc import Generator
from pathlib import Path

import httpx
import pytest
from openai import APIStatusError, OpenAI
from openai.types.chat import ChatCompletionMessageParam

from interlock.agents import agent
from tests.api.keys_at_hand import key_of
from tests.api.openai.conftest import SCRIPT
from tests.api.running_server import RunningServer, running_server
from tests.embedded.workshop import Workshop, making

GRAPHS = {
    "make_cup": {
        "description": "Make a cup of clay.",
        "inputs": {"thing": "string"},
        "nodes": {"a": making("${inputs.thing}")},
    },
    "release": {
        "description": "Release what was made.",
        "nodes": {"ask": {"human": "Release?", "choices": ["release", "reject"]}},
        "outputs": {"said": "${ask.choice}"},
    },
    "slow": {"nodes": {"w": {"wait": {"event": "never"}}}},
    "failing": {"nodes": {"a": making("broken")}},
}


@pytest.fixture(scope="module")
def chat(tmp_path_factory: pytest.TempPathFactory) -> Generator[RunningServer]:
    """A server with graphs, a tool and an agent that scripts answer for."""
    scripts = tmp_path_factory.mktemp("chat")
    (scripts / "any.yaml").write_text(SCRIPT)
    writer = agent("writer", prompt="Write.", description="Writes.", model={"pool": "default"})
    models = {"providers": {"scripts": {"kind": "scripted", "path": str(scripts)}}}
    with running_server(GRAPHS, Workshop("broken").tools, agents=[writer], models=models) as running:
        yield running


@pytest.fixture(scope="module")
def window(chat: RunningServer) -> Generator[OpenAI]:
    """A chat window that has been given the address and nothing else."""
    with OpenAI(base_url=f"{chat.url}/openai/v1", api_key="none", max_retries=0, timeout=20) as client:
        yield client


def said(window: OpenAI, *messages: str, model: str = "interlock") -> str:
    """What is answered to the last of these, which are a person's and the answers to them in turn."""
    roles = ("user", "assistant") * len(messages)
    sent: list[ChatCompletionMessageParam] = [
        {"role": "user", "content": text} if role == "user" else {"role": "assistant", "content": text}
        for role, text in zip(roles, messages, strict=False)
    ]
    return window.chat.completions.create(model=model, messages=sent).choices[0].message.content or ""


def test_a_flow_is_run_and_its_outputs_are_the_answer(window: OpenAI) -> None:
    """One line in a chat window starts what the command line starts."""
    answer = said(window, "@flow make_cup jug")

    assert re.fullmatch(r"Graph `make_cup`: run `\w+`\n\njug", answer)


def test_a_flow_is_chosen_by_its_words_and_the_choice_is_told(window: OpenAI) -> None:
    """Who did not name a graph sees which one was taken, and why."""
    answer = said(window, "@flow please release a cup that was made", model="default")

    assert answer.startswith("Graph `release`, chosen by its words (score 4, before `make_cup` 3): run `")


def test_a_stream_tells_how_far_the_run_is_before_its_outputs(window: OpenAI) -> None:
    """Whoever waits sees that something happens."""
    stream = window.chat.completions.create(
        model="graph:make_cup", messages=[{"role": "user", "content": "jug"}], stream=True
    )

    told = "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices)
    assert told == "- `a` begins\n- `a` is done\n\njug"
    assert len(stream.response.headers["x-interlock-run"]) > 5


def test_an_agent_is_talked_to_as_a_model(window: OpenAI) -> None:
    """Its answer is marked where scripts gave it."""
    answer = window.chat.completions.create(
        model="agent:writer", messages=[{"role": "user", "content": "Write a line."}]
    )

    assert answer.choices[0].message.content == (
        "Nobody was asked.\n\n_Simulated: scripts answered, and no model did._"
    )
    assert (answer.model_extra or {})["simulated"] is True


def test_a_tool_is_called_with_a_json_object(window: OpenAI) -> None:
    """What it gives is shown as it is."""
    assert said(window, '@tool make {"thing": "bowl"}').endswith("\n\nbowl")


def test_what_a_run_asks_is_put_to_the_chat_and_the_next_message_answers_it(window: OpenAI) -> None:
    """A person decides where they are, with the word that they were shown."""
    question = said(window, "@flow release")
    answer = said(window, "@flow release", question, "Release.")

    assert "**Release?**\n\nAnswer with `release`, `reject`, here or as `@answer " in question
    assert answer == "Answered.\n\nrelease"


def test_a_question_can_be_answered_by_the_name_of_its_run(window: OpenAI) -> None:
    """Later, or from another chat."""
    [run] = re.findall(r"run `(\w+)`", said(window, "@flow release"))

    refused = said(window, f"@answer {run} perhaps")
    answer = said(window, f"@answer {run} ask reject")

    assert refused == "**Not done:** 'perhaps' is none of the choices: release, reject"
    assert answer == "Answered.\n\nreject"


def test_what_is_queued_is_not_waited_for(window: OpenAI) -> None:
    """Its run is told, and how to come back to it."""
    queued = said(window, "@queue flow make_cup vase")
    [run] = set(re.findall(r"`(?:@flow wait )?(\w{12})`", queued))

    assert said(window, f"@flow wait {run}") == "vase"
    assert said(window, f"@flow status {run}") == f"Run `{run}` of `make_cup`: **succeeded**\n\nvase"


def test_a_run_that_fails_says_why(window: OpenAI) -> None:
    """An answer that hid it would be believed."""
    assert "**The run failed** at `a`: " in said(window, "@flow failing")


def test_what_there_is_can_be_discovered(window: OpenAI) -> None:
    """Nobody knows names by heart."""
    told = said(window, "@discover")

    assert "- `make_cup`: Make a cup of clay." in told
    assert "- `writer`: Writes." in told
    assert "- `make`" in told
    assert said(window, "@discover workflows").startswith("**Workflows**")


def test_the_platform_itself_says_what_it_understands(window: OpenAI) -> None:
    """A person who says hello learns what can be done."""
    assert said(window, "Hello?").startswith("Here commands are answered, and no model is asked:")


def test_a_command_that_cannot_be_carried_out_says_why_in_the_chat(window: OpenAI) -> None:
    """A chat window shows an error as a broken connection; an answer is read."""
    assert said(window, "@flow quantum elephants").startswith("**Not done:** no graph fits these words; there are ")
    assert said(window, "@agent wirter hello").endswith("did you mean writer?")
    assert said(window, "@tool make {oops").startswith("**Not done:** the inputs are not JSON")
    assert said(window, "@flow status nothing").startswith("**Not done:** ")
    assert said(window, "@answer").startswith("It is written `@answer RUN choice`")


def test_a_graph_that_is_asked_for_as_a_model_and_not_there_is_an_error(window: OpenAI) -> None:
    """A program names it, and programs read codes."""
    with pytest.raises(APIStatusError) as refused:
        said(window, "hello", model="graph:nothing")

    assert (refused.value.status_code, refused.value.code) == (404, "graph_not_found")


def test_what_can_be_talked_to_is_listed_among_the_models(window: OpenAI) -> None:
    """A chat window offers them in its menu."""
    names = {each.id for each in window.models.list()}

    assert {"default", "interlock", "graph:make_cup", "agent:writer"} <= names


def test_a_key_for_models_alone_has_no_commands(tmp_path: Path) -> None:
    """What users of a program write must not start runs by the key of that program."""
    (tmp_path / "any.yaml").write_text(SCRIPT)
    models = {"providers": {"scripts": {"kind": "scripted", "path": str(tmp_path)}}}
    with running_server(GRAPHS, Workshop().tools, models=models) as running:
        key = key_of(running, tenant="local", scopes=("openai",))
        headers = {"authorization": f"Bearer {key}"}
        said = [{"role": "user", "content": "@flow make_cup jug"}]
        plain = [{"role": "user", "content": "jug"}]
        url = f"{running.url}/openai/v1/chat/completions"
        asked = httpx.post(url, json={"model": "default", "messages": said}, headers=headers).json()
        refused = httpx.post(url, json={"model": "graph:make_cup", "messages": plain}, headers=headers)

    assert asked["choices"][0]["message"]["content"] == "Nobody was asked."
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "not_allowed")
