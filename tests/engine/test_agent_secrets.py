"""Keys are planted wherever an agent comes near them, and looked for in every byte that is left behind."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Any

import pytest

from interlock import Interlock, RunResult, Words, tool
from interlock.agents import agent
from tests.models.fake_replies import FakeCall, FakeReply
from tests.models.fake_server import FakeServer
from tests.store.event_loop import in_event_loop
from tests.store.every_byte import every_byte

MODEL_KEY = "sk-model-1Zq8rT"
TOKEN = "tok-given-5Yb2"  # noqa: S105 - it is planted
LEAKED = "env-leaked-9Kw3"
PLANTED = {"model_key": MODEL_KEY, "token": TOKEN, "leaked": LEAKED}


@tool(effect="read")
async def look() -> dict[str, str]:
    """Tell what stands in the environment, as a careless tool may."""
    leaked = os.environ["PLANTED_FOR_TESTS"]
    return {"env": leaked, leaked: "as a key", "long": f"{leaked}, and so many words that it is kept apart; " * 1_000}


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
    FakeReply(calls=[FakeCall("look"), FakeCall(f"look_{LEAKED}", "{", f"call_{LEAKED}")]),
    FakeReply(
        f"I looked at {LEAKED}. " * 2_000,
        calls=[FakeCall("remember", f'{{"memory": "long_term", "key": "k", "text": "I saw {LEAKED}"}}')],
    ),
    FakeReply(text=f'{{"text": "it is {LEAKED}, and I was called with {MODEL_KEY}"}}'),
]
"""A provider that quotes the key it refuses; a tool that leaks one; a model that repeats what it cannot know."""


async def ran(folder: Path, store: str, server: FakeServer) -> tuple[RunResult, str]:
    """The run, twice tried and recorded; and what was heard of its models while they spoke."""
    provider = {"kind": "openai_compatible", "url": server.url, "key": "model_key", "headers": {"x-project": "p"}}
    price = {"model": "far/one", "price": {"input": "1", "output": "1"}}
    interlock = Interlock(
        store,
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
        second = await first.retry()
        heard = [told.text async for told in second.stream() if isinstance(told, Words)]
        return await second.wait(), "".join(heard)


@pytest.fixture(params=["file", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where the run is kept."""
    return str(tmp_path / "runs.db") if request.param == "file" else request.getfixturevalue("postgres_url")


def test_no_key_that_an_agent_came_near_is_left_behind_anywhere(
    tmp_path: Path, store: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of what a run leaves behind, and of what is seen of it, much is shown, shared and checked in."""
    monkeypatch.setenv("PLANTED_FOR_TESTS", LEAKED)
    caplog.set_level(logging.DEBUG)
    seen: dict[str, str] = {}

    @in_event_loop
    async def story() -> None:
        async with FakeServer(*REPLIES) as server:
            ended, heard = await ran(tmp_path, store, server)
        rows = (await every_byte(store)).decode(errors="replace")
        seen.update(rows=rows, heard=heard, log=caplog.text, ended=repr(ended), status=ended.status)

    story()

    seen |= {file.name: file.read_text(errors="replace") for file in tmp_path.rglob("*") if file.is_file()}
    assert seen["status"] == "succeeded", seen["ended"]
    assert {(place, key) for place, text in seen.items() for key in PLANTED.values() if key in text} == set()
    assert [place for place in ("tape.json", "rows", "heard") if "***" not in seen[place]] == []
    assert "***, and so many words" in seen["rows"]
