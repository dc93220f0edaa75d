"""Agents that only wait: nobody holds their runs, no clock of theirs runs, and whoever hears the answer goes on."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from interlock import tool
from interlock.agents import Agent, agent
from interlock.core import events as e
from interlock.core import requests as r
from interlock.core.verdicts import Verdict
from tests.engine.agents.scripted_models import Answers, ScriptedModels, calls
from tests.engine.agents.workbench import LEASE_SECONDS, RUN, TENANT, Life, Workbench, outputs, rule
from tests.engine.fleet import on_virtual_time

DONE = Answers({"number": 42})
ASK = calls(("request_human_input", {"question": "Shall I?", "choices": ["approve", "wait"]}))
LETTER = {"graph": "letter", "nodes": {"ok": {"human": "Send it?", "choices": ["approve", "wait"]}}}
FIX: dict[str, Any] = {"fix": {"agent": "fixer", "input": {}}}
LONG = 600.0
WAYS: dict[str, tuple[str, dict[str, list[Any]]]] = {
    "a person is asked": ("fix.2", {"fixer": [ASK, DONE]}),
    "leave is asked": ("fix.2", {"fixer": [calls("pay"), DONE]}),
    "another agent asks": ("fix.2.2", {"fixer": [calls(("agent:helper", {})), DONE], "helper": [ASK, DONE]}),
    "a graph asks": ("fix.2/ok", {"fixer": [calls(("graph:letter", {})), DONE]}),
}


@tool(effect="once")
async def pay() -> str:
    """Pay."""
    return "paid"


def fixer(name: str = "fixer", **keys: Any) -> Agent:  # noqa: ANN401 - the keys of a contract
    """An agent."""
    others = ["agent:helper", "graph:letter"] if name == "fixer" else []
    tools = ["pay", "request_human_input", *others]
    return agent(name, prompt="You fix.", tools=tools, output={"number": "integer"}, **keys)


class Waiting:
    """An agent that will wait for a person, one way or another."""

    def __init__(self, way: str, **keys: Any) -> None:  # noqa: ANN401 - the keys of its contract
        self.path, scripts = WAYS[way]
        self.models = ScriptedModels(scripts)
        judge = rule(Verdict("ask", "grave", "policy-1"), "pay")
        agents = (fixer(**keys), fixer("helper"))
        self.bench = Workbench(*agents, tools=[pay], models=self.models, judge=judge, graphs={"letter": LETTER})
        self.answer = r.Answer(path=self.path, by="ada", choice="approve")

    async def comes_about(self) -> None:
        """Return once somebody is asked, and all that has to be done for it is."""

        def asks(event: e.Event) -> bool:
            match event.body:
                case e.EffectIntended(question=e.Question(), ordinal=ordinal):
                    return f"{event.path}.{ordinal}" == self.path
                case e.NodeWaiting(reason="person"):
                    return event.path == self.path
                case _:
                    return False

        await self.bench.until(asks)
        await asyncio.sleep(1)

    async def ended_by(self, life: Life) -> list[tuple[str, int]]:
        """The turns of all agents, once the answer has brought the run to its end."""
        driver = await self.bench.go_on(life)
        await driver.submit(self.answer, by="ada")
        assert outputs(await self.bench.ended()) == {"fix": {"number": 42}}
        return self.models.asked


def turns(way: str) -> list[tuple[str, int]]:
    """The turns of all agents, if none was asked twice."""
    helper = [("helper", 1), ("helper", 2)] if way == "another agent asks" else []
    return [("fixer", 1), *helper, ("fixer", 2)]


@pytest.mark.parametrize("way", WAYS)
def test_a_run_whose_agent_only_waits_is_held_by_nobody(way: str) -> None:
    """Ten thousand approvals that are out over a weekend cost their rows, and no worker a hand."""

    @on_virtual_time
    async def story() -> None:
        waiting = Waiting(way)
        async with waiting.bench as bench:
            serving = bench.serve("serving")
            await bench.offer(FIX)
            await waiting.comes_about()
            row, appends = await bench.store.get_run(TENANT, RUN), len(bench.store.appends)
            at_rest = (row.status, serving.hands.busy, serving.service.driving)
            await asyncio.sleep(LONG)
            assert at_rest == ("waiting", 0, 0)
            assert len(bench.store.appends) == appends
            await bench.asked(waiting.answer)
            assert outputs(await bench.ended()) == {"fix": {"number": 42}}
            await serving.leave()

        assert waiting.models.asked == turns(way)

    story()


@pytest.mark.parametrize("way", WAYS)
def test_workers_that_die_or_leave_while_an_agent_waits_break_nothing_off(way: str) -> None:
    """It is no death of the agent's call, however often, and no reason to stop the graph that it has called."""

    @on_virtual_time
    async def story() -> None:
        waiting = Waiting(way)
        async with waiting.bench as bench:
            async with bench.life() as first:
                await bench.start(first, FIX)
                await waiting.comes_about()
            for ends in [Life.leave, Life.die] * 3:
                async with bench.life() as life:
                    await bench.go_on(life)
                    await asyncio.sleep(1)
                    ends(life)
            async with bench.life() as last:
                assert await waiting.ended_by(last) == turns(way)
            whys = {body.why for body in await bench.bodies(e.NodeRetrying)}

        assert whys == {"its worker left"}

    story()


@pytest.mark.parametrize("way", WAYS)
def test_the_time_in_which_people_are_waited_for_is_not_the_agents(way: str) -> None:
    """Neither its own deadline nor the run's budget of running time goes on, though a process holds the run."""

    @on_virtual_time
    async def story() -> None:
        waiting = Waiting(way, limits={"steps": 9, "latency": "10s"})
        async with waiting.bench as bench, bench.life() as life:
            driver = await bench.start(life, FIX, budget={"wall": "20s"})
            await waiting.comes_about()
            await asyncio.sleep(LONG)
            await bench.tell(driver, waiting.answer)
            assert outputs(await bench.ended()) == {"fix": {"number": 42}}

    story()


@on_virtual_time
async def test_what_is_left_of_an_agents_time_counts_on_once_a_person_has_answered() -> None:
    """A deadline that was put off is none that was given up."""
    waiting = Waiting("a person is asked", limits={"steps": 9, "latency": "10s"})
    waiting.models.hangs_in = lambda asked: asked == ("fixer", 2)
    async with waiting.bench as bench, bench.life() as life:
        driver = await bench.start(life, FIX)
        await waiting.comes_about()
        await asyncio.sleep(LONG)
        answered_at = bench.clock.now()
        await bench.tell(driver, waiting.answer)
        state = await bench.ended()

    assert state.outcome is not None
    assert state.outcome.error is not None
    assert state.outcome.error.kind == "timeout"
    assert state.at - answered_at <= 10_000_000


@on_virtual_time
async def test_an_agent_that_works_while_another_waits_keeps_its_run_in_hand() -> None:
    """Only a run of which nothing moves is left alone."""
    models = ScriptedModels({"fixer": [ASK, DONE], "helper": [DONE]})
    models.hangs_in = lambda asked: asked == ("helper", 1)
    async with Workbench(fixer(), fixer("helper"), tools=[pay], models=models, graphs={"letter": LETTER}) as bench:
        serving = bench.serve("serving")
        await bench.offer(FIX | {"other": {"agent": "helper", "input": {}}})
        await bench.question("person")
        await asyncio.sleep(3 * LEASE_SECONDS)
        held = ((await bench.store.get_run(TENANT, RUN)).status, serving.service.driving)
        models.release.set()
        await asyncio.sleep(1)
        left = ((await bench.store.get_run(TENANT, RUN)).status, serving.service.driving)
        await serving.leave()

    assert (held, left) == (("running", 1), ("waiting", 0))
