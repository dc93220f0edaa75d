"""Another model answers than was chosen: which, and why, stands in the log as every other choice does."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from interlock import Interlock, RunHandle
from interlock.agents import agent
from interlock.core import events as e
from interlock.core.event_parts import Decision, Option
from interlock.engine.telling.agents_at_work import AgentsAtWork
from tests.models.fake_replies import FakeReply
from tests.models.fake_server import FakeServer
from tests.store.event_loop import in_event_loop

GRAPH: dict[str, Any] = {"graph": "g", "language": 1, "nodes": {"work": {"agent": "clerk", "input": {}}}}
TWICE = GRAPH | {"nodes": GRAPH["nodes"] | {"again": {"agent": "clerk", "input": {}, "after": "work"}}}
AWAY = FakeReply(status=503, headers={"retry-after": "0"}, error="away")
AGAIN = FakeReply(status=429, headers={"retry-after": "0"}, error="later")
ANSWER = FakeReply('{"number": 42}')
NO_SERVER = "http://127.0.0.1:1/v1"


@asynccontextmanager
async def ran(
    url: str,
    *,
    graph: dict[str, Any] = GRAPH,
    cache: str = "never",
    **world: Any,  # noqa: ANN401 - of a project
) -> AsyncGenerator[RunHandle]:
    """A run that has ended, whose pool has two models on one server."""
    of_all = {"price": {"input": "1", "output": "1"}}
    pool = [{"model": "far/one", "quality": "quality", **of_all}, {"model": "far/two", **of_all}]
    provider = {"kind": "openai_compatible", "url": url, "attempts": 2}
    models = {"providers": {"far": provider}, "pools": {"default": {"models": pool, "cache": cache}}}
    clerk = agent("clerk", prompt="You answer.", output={"number": "integer"}, model={"prefer": "quality"})
    async with Interlock(agents=[clerk], models=models, **world) as interlock:
        handle = await interlock.start(graph)
        await handle.wait()
        yield handle


async def choices(handle: RunHandle) -> list[Decision]:
    """What was chosen of models."""
    made = [event.body.decision async for event in handle.events() if isinstance(event.body, e.DecisionMade)]
    return [decision for decision in made if decision.point == "model"]


async def settled(handle: RunHandle) -> AsyncGenerator[e.EffectDone]:
    """What came of its calls."""
    async for event in handle.events():
        if isinstance(event.body, e.EffectDone):
            yield event.body


async def asked(handle: RunHandle) -> list[str]:
    """The models of an agent's turns, as they are shown."""
    at_work = AgentsAtWork(await handle.plan())
    async for event in handle.events():
        at_work.take(event)
    return [step.name for step in at_work.views()["work"].steps]


@in_event_loop
async def test_a_model_that_stands_in_for_another_is_on_record_with_the_reason() -> None:
    """Quality that changes from one day to the next has a cause, and an auditor must be able to find it."""
    async with FakeServer(AWAY, AWAY, ANSWER) as server, ran(server.url) as run:
        first, then = await choices(run)
        shown = await asked(run)

    failed = Option("far/one", {"failed": 2}, "unavailable: it is not available: 503 away")
    assert (first.chosen, shown) == ("far/one", ["far/two"])
    assert then == Decision("model", "far/two", (failed,), "far/one did not answer")


@in_event_loop
async def test_a_model_that_answers_when_it_is_asked_again_is_on_record_too() -> None:
    """What was refused before is why a call took long."""
    async with FakeServer(AGAIN, ANSWER) as server, ran(server.url) as run:
        _, then = await choices(run)

    failed = Option("far/one", {"failed": 1}, "rate_limited: it is asked too often: 429 later")
    assert then == Decision("model", "far/one", (failed,), "answered when it was asked again")


@in_event_loop
async def test_what_a_model_that_failed_may_have_cost_is_told_beside_it() -> None:
    """It is part of what the call has cost, and no cost of the model that has answered."""
    async with FakeServer(FakeReply(body="{}"), ANSWER) as server, ran(server.url) as run:
        _, then = await choices(run)
        costs = [body.spent.usd async for body in settled(run) if body.spent is not None]

    [failed] = then.options
    assert failed.score["failed"] == 1
    assert costs == [failed.score["usd"] + 25]


@in_event_loop
async def test_of_a_first_answer_nothing_more_is_told() -> None:
    """Nothing was chosen anew."""
    async with FakeServer(ANSWER) as server, ran(server.url) as run:
        assert [decision.chosen for decision in await choices(run)] == ["far/one"]


@in_event_loop
async def test_an_answer_from_memory_is_on_record_as_one() -> None:
    """It costs nothing, and whoever looks at costs wants to know why."""
    async with FakeServer(ANSWER) as server, ran(server.url, cache="always", graph=TWICE) as run:
        *_, told = await choices(run)

    assert len(server.requests) == 1
    assert told == Decision("model", "far/one", why="answered from memory: nobody was asked")


@in_event_loop
async def test_a_fallback_is_played_as_it_was(tmp_path: Path) -> None:
    """Of a cassette the same log comes."""
    tape = tmp_path / "tape.json"
    async with FakeServer(AWAY, AWAY, ANSWER) as server, ran(server.url, record=tape) as run:
        live = await choices(run)
    async with ran(NO_SERVER, world=f"cassette:{tape}") as run:
        assert await choices(run) == live
