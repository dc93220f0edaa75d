"""Stopping agents: paused, cancelled, too late, or left by their worker, wherever their loop is just then."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from interlock import tool
from interlock.agents import Agent, agent
from interlock.core import events as e
from interlock.core import requests as r
from interlock.core.plan import EffectClass
from interlock.core.spending import Spending
from interlock.core.verdicts import Verdict
from interlock.engine.driving import RunDriver
from tests.engine.agents.scripted_models import Answers, ScriptedModels, calls
from tests.engine.agents.workbench import Workbench, failure, outputs, rule
from tests.engine.fleet import on_virtual_time

DONE = Answers({"number": 42})
FIX: dict[str, Any] = {"fix": {"agent": "fixer", "input": {}}}
PLACES = ("a model is asked", "a tool is called", "a person is asked", "leave is asked", "a step is put off", "paused")


class Tools:
    """A tool that waits until the test lets it go on, and one that does not."""

    def __init__(self, *, effect: EffectClass = "idempotent") -> None:
        self.made: list[str] = []
        self.called = asyncio.Event()
        self.release = asyncio.Event()

        @tool(effect=effect)
        async def hold() -> str:
            """Wait."""
            self.called.set()
            self.made.append("hold begun")
            await self.release.wait()
            self.made.append("hold")
            return "held"

        @tool(effect="read")
        async def look() -> int:
            """Look around."""
            self.made.append("look")
            return 1

        self.tools: list[Any] = [hold, look]


def fixer(name: str = "fixer", **keys: Any) -> Agent:  # noqa: ANN401 - the keys of a contract
    """An agent."""
    tools = ["hold", "look", "request_human_input"]
    terms: dict[str, Any] = {"tools": tools, "output": {"number": "integer"}, "limits": {"steps": 30}} | keys
    return agent(name, prompt="You fix things.", **terms)


class Scene:
    """An agent that has come to some place of its loop."""

    def __init__(self, place: str) -> None:
        self.place = place
        self.tools = Tools()
        asks = ("request_human_input", {"question": "Which?", "choices": ["a", "b"]})
        first = {"a tool is called": calls("hold"), "a person is asked": calls(asks)}.get(place, calls("look"))
        scripts = {"fixer": [first, DONE], "other": [DONE]}
        self.models = ScriptedModels(scripts, reserve=Spending(usd=400_000), spent=Spending(usd=10_000))
        judge = rule(Verdict("ask", "grave", "policy-1"), *(["look"] if place == "leave is asked" else []))
        self.bench = Workbench(fixer(), fixer("other"), tools=self.tools.tools, models=self.models, judge=judge)
        other: dict[str, Any] = {"other": {"agent": "other", "input": {}}}
        self.nodes = FIX | (other if place == "a step is put off" else {})

    async def comes_about(self, driver: RunDriver) -> None:
        """Return once the agent is where it is to be."""
        match self.place:
            case "a model is asked":
                await self.models.hung.wait()
            case "a tool is called":
                await self.tools.called.wait()
            case "a person is asked":
                await self.bench.question("person")
            case "leave is asked":
                await self.bench.question("approval")
            case "a step is put off":
                await self.models.hung.wait()
                await asyncio.sleep(1)
            case _:
                await self.models.hung.wait()
                await self.bench.tell(driver, r.PauseRun(by="ada"))
                self.models.release.set()
                await asyncio.sleep(1)

    @property
    def made(self) -> tuple[int, list[str]]:
        """How often the agent has asked its model, and what its tools did."""
        return sum(agent == "fixer" for agent, _ in self.models.asked), list(self.tools.made)

    def hang(self) -> None:
        """Let the models hang where that is what the scene is about."""
        whom = {"a model is asked": "fixer", "a step is put off": "other", "paused": "fixer"}.get(self.place)
        self.models.hangs_in = lambda asked: asked == (whom, 1)


Ask = Callable[[Workbench, RunDriver], Awaitable[None]]


async def cancel_node(bench: Workbench, driver: RunDriver) -> None:
    """Somebody cancels the agent's node, and lets the run go on if it is paused."""
    await bench.tell(driver, r.CancelNode(path="fix", by="ada"))
    await driver.submit(r.ResumeRun(by="ada"))


async def cancel_run(bench: Workbench, driver: RunDriver) -> None:
    """Somebody cancels the run, and lets it go on if it is paused."""
    await bench.tell(driver, r.CancelRun(by="ada"))
    await driver.submit(r.ResumeRun(by="ada"))


@pytest.mark.parametrize(("ask", "status"), [(cancel_node, "succeeded"), (cancel_run, "cancelled")])
@pytest.mark.parametrize("place", PLACES)
def test_a_cancel_stops_an_agent_wherever_it_is(place: str, ask: Ask, status: str) -> None:
    """Nothing more is begun for it, and its node ends: also where it waits for what would never have come."""

    @on_virtual_time
    async def story() -> None:
        scene = Scene(place)
        scene.hang()
        async with scene.bench as bench, bench.life() as life:
            driver = await bench.start(life, scene.nodes, budget={"usd": "0.50"})
            await scene.comes_about(driver)
            made = scene.made
            await ask(bench, driver)
            await bench.until(lambda event: event.path == "fix" and isinstance(event.body, e.NodeCancelled))
            scene.models.release.set()
            state = await bench.ended()

            assert failure(state)[0] == status
            assert scene.made == made
            account = state.scopes[""].accounts[-1]
            assert account.usd_held == 0
            assert account.usd <= 500_000

    story()


@on_virtual_time
async def test_a_paused_run_stops_its_agents_between_two_calls_and_lets_them_go_on() -> None:
    """What is under way ends and is recorded; what would come next waits for the resume."""
    scene = Scene("paused")
    scene.hang()
    async with scene.bench as bench, bench.life() as life:
        driver = await bench.start(life, FIX)
        await scene.comes_about(driver)
        while_paused = (list(scene.models.asked), list(scene.tools.made))
        await bench.tell(driver, r.ResumeRun(by="ada"))
        state = await bench.ended()

        assert while_paused == ([("fixer", 1)], [])
        assert outputs(state) == {"fix": {"number": 42}}
        assert (scene.models.asked, scene.tools.made) == ([("fixer", 1), ("fixer", 2)], ["look"])


@pytest.mark.parametrize("terms", ["contract", "node"])
@pytest.mark.parametrize("place", ["a model is asked", "a tool is called"])
def test_an_agent_that_takes_too_long_is_stopped_and_its_node_fails(place: str, terms: str) -> None:
    """Its own limit of time counts as the node's does, and a retry is another attempt."""
    scene = Scene(place)
    contract = fixer(limits={"steps": 30, "latency": "10s"}) if terms == "contract" else fixer()
    keys = {"timeout": "10s"} if terms == "node" else {}

    @on_virtual_time
    async def story() -> None:
        bench = Workbench(contract, tools=scene.tools.tools, models=scene.models)
        scene.bench = bench
        scene.hang()
        async with bench:
            state = await bench.run({"fix": FIX["fix"] | keys}, budget={"usd": "1"})

            assert state.outcome is not None
            assert failure(state) == ("failed", "timeout")
            assert [body.status for body in await bench.bodies(e.NodeResult)] == ["failed"]
            assert state.at < 60_000_000

    story()


@pytest.mark.parametrize("place", PLACES)
def test_a_worker_that_leaves_in_the_middle_leaves_the_agent_to_another(place: str) -> None:
    """No failure and no death is counted, what is on record stays, and what was broken off is begun again."""

    @on_virtual_time
    async def story() -> None:
        scene = Scene(place)
        scene.hang()
        async with scene.bench as bench:
            async with bench.life() as life:
                driver = await bench.start(life, scene.nodes, budget={"usd": "1.50"})
                await scene.comes_about(driver)
            scene.models.release.set()
            scene.tools.release.set()
            async with bench.life() as heir:
                driver = await bench.go_on(heir)
                await answer_all(bench, driver)
                state = await bench.ended()

            assert outputs(state)["fix"] == {"number": 42}
            assert {body.attempt for body in await bench.bodies(e.NodeStarted, "fix")} <= {1, 2}
            assert len({body.effect for body in await bench.bodies(e.NodeStarted, "fix")}) == 1
            assert "failed" not in [body.status for body in await bench.bodies(e.NodeResult)]
            assert await bench.bodies(e.EffectFailed) == []
            assert len([each for each in scene.tools.made if each == "look"]) <= 2
            assert state.scopes[""].accounts[-1].usd_held == 0

    story()


async def answer_all(bench: Workbench, driver: RunDriver) -> None:
    """Whatever is asked is agreed to, and a paused run goes on."""
    await driver.submit(r.ResumeRun(by="ada"))
    await asyncio.sleep(1)
    for event in await bench.log():
        if isinstance(event.body, e.EffectIntended) and event.body.question is not None:
            choice = event.body.question.choices[0]
            await driver.submit(r.Answer(path=f"{event.path}.{event.body.ordinal}", by="ada", choice=choice))
