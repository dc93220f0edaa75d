"""Keys are planted wherever an agent comes near them, and looked for in every byte that is left behind."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Any

import pytest

from interlock import Interlock, RunResult, tool
from interlock.agents import agent
from tests.models.fake_replies import FakeCall, FakeReply
from tests.models.fake_server import FakeServer
from tests.store.event_loop import in_event_loop

MODEL_KEY = "sk-model-1Zq8rT"
TOKEN = "tok-given-5Yb2"  # noqa: S105 - it is planted
LEAKED = "env-leaked-9Kw3"
PLANTED = {"model_key": MODEL_KEY, "token": TOKEN, "leaked": LEAKED}


@tool(effect="read")
async def look() -> dict[str, str]:
    """Tell what stands in the environment, as a careless tool may."""
    return {"env": os.environ["PLANTED_FOR_TESTS"], os.environ["PLANTED_FOR_TESTS"]: "as a key"}


@tool(effect="read")
async def login(token: str) -> str:
    """Tell what it was given."""
    return f"logged in with {token}"


CLERK = agent(
    "clerk",
    prompt="You look.",
    tools=["look"],
    input={"token": "string", "page": "string"},
    memory="long_term",
    output={"text": "string"},
)
NODES: dict[str, Any] = {
    "page": {"tool": "login", "input": {"token": "${secrets.token}"}},
    "work": {"agent": "clerk", "input": {"token": "${secrets.token}", "page": "${page}"}},
}
GRAPH: dict[str, Any] = {"graph": "g", "language": 1, "secrets": ["token"], "nodes": NODES}
REPLIES = [
    FakeReply(status=401, error=f"Incorrect API key provided: {MODEL_KEY}"),
    FakeReply(calls=[FakeCall("look")]),
    FakeReply(calls=[FakeCall("remember", f'{{"memory": "long_term", "key": "k", "text": "I saw {LEAKED}"}}')]),
    FakeReply(text=f'{{"text": "it is {LEAKED}, and I was called with {MODEL_KEY}"}}'),
]
"""A provider that quotes the key it refuses; a tool that leaks one; a model that repeats what it cannot know."""


async def ran(folder: Path, server: FakeServer) -> RunResult:
    """The run, twice tried, recorded, in a store of its own."""
    provider = {"kind": "openai_compatible", "url": server.url, "key": "model_key", "headers": {"x-project": "p"}}
    price = {"model": "far/one", "price": {"input": "1", "output": "1"}}
    interlock = Interlock(
        str(folder / "runs.db"),
        tools=[look, login],
        agents=[CLERK],
        models={"providers": {"far": provider}, "pools": {"default": {"models": [price]}}},
        secrets=PLANTED,
        record=folder / "tape.json",
        folder=folder,
    )
    async with interlock:
        first = await interlock.start(GRAPH)
        await first.wait()
        return await (await first.retry()).wait()


@pytest.mark.parametrize("planted", [MODEL_KEY, TOKEN, LEAKED])
def test_no_key_that_an_agent_came_near_is_in_store_cassette_or_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, planted: str
) -> None:
    """Of what a run leaves behind much is shown, shared and checked in."""
    monkeypatch.setenv("PLANTED_FOR_TESTS", LEAKED)
    caplog.set_level(logging.DEBUG)
    ended: list[RunResult] = []

    @in_event_loop
    async def story() -> None:
        async with FakeServer(*REPLIES) as server:
            ended.append(await ran(tmp_path, server))

    story()

    files = {file.name: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()}
    assert ended[0].status == "succeeded", ended[0]
    assert {name for name, data in files.items() if planted.encode() in data} == set()
    assert planted not in caplog.text
    assert planted not in repr(ended[0])
    assert b"***" in files["tape.json"]
