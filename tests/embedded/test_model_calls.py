"""Models asked from outside: each call is a run, whatever becomes of the call, of who asked, or of the process."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from interlock import Interlock
from interlock.core.event_parts import Error
from interlock.core.messages import ModelReply, ModelRequest, Told
from interlock.embedded.errors import UnknownModelError
from interlock.embedded.handle import RunHandle
from tests.models.fake_replies import FakeReply
from tests.models.fake_server import FakeServer
from tests.store.event_loop import in_event_loop

REQUEST = ModelRequest((Told("Say something."),))
LARGE = ModelRequest((Told("x" * 100_000),))
PRICE = {"input": "1", "output": "2"}


def project(folder: Path, server: FakeServer, **more: Any) -> Interlock:  # noqa: ANN401 - what an Interlock takes
    """A project with one model."""
    provider = {"kind": "openai_compatible", "url": server.url, "attempts": 1}
    pool = {"models": [{"model": "fake/m", "price": PRICE}]}
    models = {"providers": {"fake": provider}, "pools": {"default": pool}}
    return Interlock(str(folder / "runs.db"), models=models, **more)


async def answer_of(interlock: Interlock, request: ModelRequest = REQUEST) -> tuple[ModelReply | Error, RunHandle]:
    """What is answered, and the run that it is on record as."""
    call = await interlock.model_calls.begin("default", request, by="ada", labels={"team": "a"}, hears=False)
    answer = await call.answer()
    return answer, await interlock.open(call.run)


async def types_of(run: RunHandle) -> list[str]:
    """What is on record of a run."""
    return [event.type async for event in run.events()]


@pytest.mark.parametrize("request_", [REQUEST, LARGE], ids=["small", "large"])
@in_event_loop
async def test_a_call_is_a_run_that_replays(tmp_path: Path, request_: ModelRequest) -> None:
    """Also where what was asked is so large that it is kept beside the log."""
    async with FakeServer(FakeReply("Hello.")) as server, project(tmp_path, server) as interlock:
        answer, run = await answer_of(interlock, request_)
        times = [event.at async for event in run.events()]
        row = await run.row()
        replayed = await run.replay()

    assert isinstance(answer, ModelReply)
    assert (answer.text, row.status, row.labels) == ("Hello.", "succeeded", {"team": "a"})
    assert len(times) == 8
    assert replayed.verdict == "same"


@in_event_loop
async def test_a_model_that_fails_is_on_record_with_what_it_may_have_cost(tmp_path: Path) -> None:
    """A call that came to nothing may be on a bill all the same."""
    async with FakeServer(FakeReply(status=500)) as server, project(tmp_path, server) as interlock:
        answer, run = await answer_of(interlock)
        types, status = await types_of(run), (await run.row()).status

    assert isinstance(answer, Error)
    assert (answer.kind, status) == ("unavailable", "failed")
    assert [each for each in types if each.startswith("effect")] == ["effect.intended", "effect.failed"]


@in_event_loop
async def test_a_call_that_is_given_up_says_who_did_and_counts_as_spent(tmp_path: Path) -> None:
    """Nobody knows what the provider made of it, so the most that it may have cost is reckoned."""
    async with FakeServer(FakeReply(hangs=True)) as server, project(tmp_path, server) as interlock:
        call = await interlock.model_calls.begin("default", REQUEST, by="ada", labels={}, hears=False)
        await server.heard(1)
        await call.give_up(by="ada", why="the window was closed")
        answer = await call.answer()
        run = await interlock.open(call.run)
        events = [event async for event in run.events()]
        costs = (await run.costs()).total

    assert isinstance(answer, Error)
    assert (answer.kind, answer.message) == ("cancelled", "the window was closed")
    assert [event.type for event in events if "effect" in event.type] == ["effect.intended", "effect.unknown"]
    assert [event.actor for event in events if event.type == "run.cancel_asked"] == ["ada"]
    assert (run.status, costs.lost) == ("cancelled", 1)
    assert costs.usd > 4_096, "what was held for the answer"


@in_event_loop
async def test_a_call_that_is_given_up_at_once_asks_nobody(tmp_path: Path) -> None:
    """Who goes while the request is still being read has asked for nothing."""
    async with FakeServer() as server, project(tmp_path, server) as interlock:
        call = await interlock.model_calls.begin("default", REQUEST, by="ada", labels={}, hears=False)
        await call.give_up(by="ada", why="the window was closed")
        answer = await call.answer()
        run = await interlock.open(call.run)
        types = await types_of(run)

    assert isinstance(answer, Error)
    assert (answer.kind, server.requests) == ("cancelled", [])
    assert (types[0], types[-1]) == ("run.started", "run.ended")


@in_event_loop
async def test_a_call_can_be_cancelled_as_any_run(tmp_path: Path) -> None:
    """Whoever watches runs can stop one that costs too much, also from another process."""
    async with FakeServer(FakeReply(hangs=True)) as server, project(tmp_path, server) as interlock:
        call = await interlock.model_calls.begin("default", REQUEST, by="ada", labels={}, hears=False)
        await server.heard(1)
        await (await interlock.open(call.run)).cancel(by="grace", why="too dear", detach=True)
        answer = await call.answer()

    assert isinstance(answer, Error)
    assert (answer.kind, answer.message) == ("cancelled", "too dear")


@in_event_loop
async def test_a_call_that_is_lost_with_its_process_is_taken_up_by_another(tmp_path: Path) -> None:
    """It was on record as asked before it was asked: nothing that may have cost money is forgotten."""
    async with FakeServer(FakeReply(hangs=True), FakeReply("Hello again.")) as server:
        async with project(tmp_path, server) as interlock:
            call = await interlock.model_calls.begin("default", REQUEST, by="ada", labels={}, hears=False)
            await server.heard(1)
        async with project(tmp_path, server) as another:
            run = await another.take_up(call.run)
            result = await run.wait()
            types = await types_of(run)

    assert (result.status, result.outputs["reply"]["text"]) == ("succeeded", "Hello again.")
    assert types.count("effect.unknown") == 1
    assert types.count("effect.intended") == 2


@in_event_loop
async def test_who_hears_is_told_the_answer_as_it_is_made(tmp_path: Path) -> None:
    """The first words are there while the last are not even made."""
    text = "Hello, and a good day to you."
    async with FakeServer(FakeReply(text, hangs_after=3)) as server, project(tmp_path, server) as interlock:
        call = await interlock.model_calls.begin("default", REQUEST, by="ada", labels={}, hears=True)
        pieces = call.pieces()
        first = await anext(pieces)
        await call.give_up(by="ada", why="enough")
        rest = [piece async for piece in pieces]

    assert text.startswith(first + "".join(rest))
    assert 0 < len(first) < len(text)


@in_event_loop
async def test_a_name_that_nothing_has_is_refused_before_anything_is_on_record(tmp_path: Path) -> None:
    """A misspelt name is no run."""
    async with FakeServer() as server, project(tmp_path, server) as interlock:
        with pytest.raises(UnknownModelError, match="did you mean default"):
            await interlock.model_calls.begin("defualt", REQUEST, by="ada", labels={}, hears=False)
        runs = await interlock.runs()

    assert runs == []


@pytest.mark.parametrize(
    ("rules", "told"),
    [
        ("", "the policy does not allow the call of agent:passed-on"),
        ('  tools: {allow: tool, who: {is: node}, hosts: "*", external: true}\n', "barred by policy"),
    ],
    ids=["no calls at all", "no models"],
)
@in_event_loop
async def test_what_the_policy_does_not_allow_is_not_asked(tmp_path: Path, rules: str, told: str) -> None:
    """What holds for agents holds for whoever comes from outside, and what was refused is on record."""
    (tmp_path / "policies").mkdir()
    policy = f"policy: none\nlanguage: 1\nrules:\n  runs: {{allow: run}}\n  edges: {{allow: edge}}\n{rules}"
    (tmp_path / "policies" / "none.yaml").write_text(policy)
    async with (
        FakeServer() as server,
        project(tmp_path, server, policies=tmp_path / "policies") as interlock,
    ):
        answer, run = await answer_of(interlock)
        types = await types_of(run)

    assert isinstance(answer, Error)
    assert answer.kind == "refused"
    assert told in answer.message
    assert (server.requests, "effect.intended" in types, types[-1]) == ([], False, "run.ended")
