"""Agents that call agents: each with its own path, its own limits, and its own steps on record inside the other's."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from interlock import tool
from interlock.agents import Agent, agent
from interlock.core import events as e
from interlock.core import requests as r
from interlock.core.agent_contract import AGENT_DEPTH_MAX
from interlock.core.spending import Spending
from interlock.core.verdicts import Verdict
from tests.engine.agents.scripted_models import PRICE, Answers, ScriptedModels, Turn, calls
from tests.engine.agents.workbench import Life, Workbench, failure, outputs, rule
from tests.engine.fleet import on_virtual_time
from tests.governance.policies import policy_of

DONE = Answers({"number": 42})
TOP: dict[str, Any] = {"top": {"agent": "a1", "input": {}}}


class Bell:
    """A tool that rings, and may be left hanging once."""

    def __init__(self, *, hangs: bool = False) -> None:
        self.rung = 0
        self.hung = asyncio.Event()

        @tool(effect="idempotent")
        async def ring() -> int:
            """Ring."""
            nonlocal hangs
            self.rung += 1
            if hangs:
                hangs = False
                self.hung.set()
                await asyncio.Event().wait()
            return 1

        self.tools: list[Any] = [ring]


def chain(depth: int, **keys: Any) -> list[Agent]:  # noqa: ANN401 - the keys of the last one's contract
    """Agents of which each calls the next, and the last one rings."""
    made: list[Agent] = []
    for number in range(1, depth + 1):
        tools = ["ring"] if number == depth else [f"agent:a{number + 1}"]
        terms: dict[str, Any] = keys if number == depth else {}
        made.append(agent(f"a{number}", prompt="You pass it on.", tools=tools, output={"number": "integer"}, **terms))
    return made


def scripts(depth: int) -> dict[str, list[Turn]]:
    """What each is answered: to call the next, and then that it is done."""
    passing: dict[str, list[Turn]] = {f"a{n}": [calls((f"agent:a{n + 1}", {})), DONE] for n in range(1, depth)}
    last: list[Turn] = [calls("ring"), DONE]
    return {**passing, f"a{depth}": last}


@on_virtual_time
async def test_an_agent_that_another_calls_is_stopped_when_its_own_time_is_up() -> None:
    """The latency of its contract holds wherever it works; who has called it is told, and goes on."""
    bell = Bell(hangs=True)
    models = ScriptedModels(scripts(2))
    async with Workbench(*chain(2, limits={"latency": "30s"}), tools=bell.tools, models=models) as bench:
        started = bench.clock.now()
        state = await bench.run(TOP)

        failed = [(body.error.kind, body.error.message) for body in await bench.bodies(e.EffectFailed, "top")]
        assert outputs(state) == {"top": {"number": 42}}
        assert failed == [("timeout", "the agent `a2` did not finish in time")]
        assert 30_000_000 <= bench.clock.now() - started < 40_000_000


@on_virtual_time
async def test_the_time_of_an_agent_stands_still_while_one_that_it_called_waits_for_a_person() -> None:
    """Neither of them works then."""
    bell = Bell()
    outer, inner = chain(2, limits={"latency": "30s"})
    asks = rule(Verdict("ask", "ringing", "policy-1"), "ring")
    models = ScriptedModels(scripts(2))
    async with Workbench(outer, inner, tools=bell.tools, models=models, judge=asks) as bench, bench.life() as life:
        driver = await bench.start(life, {"top": {"agent": "a1", "input": {}, "timeout": "1m"}})
        path, _ = await bench.question("approval")
        await asyncio.sleep(3_600)
        await bench.tell(driver, r.Answer(path=path, by="ada", choice="approve"))

        assert outputs(await bench.ended()) == {"top": {"number": 42}}


@on_virtual_time
async def test_agents_call_agents_as_deep_as_they_may() -> None:
    """Each step of the innermost is addressed through all that led to it."""
    bell = Bell()
    depth = AGENT_DEPTH_MAX
    async with Workbench(*chain(depth), tools=bell.tools, models=ScriptedModels(scripts(depth))) as bench:
        state = await bench.run(TOP)

        rung = [event.path for event in await bench.log() if getattr(event.body, "name", "") == "ring"]
        assert outputs(state) == {"top": {"number": 42}}
        assert (bell.rung, set(rung)) == (1, {"top.2.2.2"})


@on_virtual_time
async def test_an_agent_inside_another_is_stopped_by_its_own_limit_and_the_other_goes_on() -> None:
    """What it may spend is its own affair; that it came to nothing is told to its caller."""
    bell = Bell()
    models = ScriptedModels(scripts(2))
    inner = chain(2, limits={"usd": "0.0015"})
    async with Workbench(*inner, tools=bell.tools, models=models) as bench:
        state = await bench.run(TOP, budget={"usd": "1"})

        failed = [(body.ordinal, body.error.kind) for body in await bench.bodies(e.EffectFailed)]
        assert outputs(state) == {"top": {"number": 42}}
        assert failed == [(2, "exhausted")]
        assert models.asked == [("a1", 1), ("a2", 1), ("a1", 2)]
        assert state.scopes[""].accounts[-1].usd == 3 * PRICE.usd


@on_virtual_time
async def test_the_limit_of_the_outer_agent_holds_for_all_inside_it() -> None:
    """An agent cannot spend more by leaving the spending to others."""
    models = ScriptedModels(scripts(3), reserve=Spending(usd=1_000), spent=Spending(usd=1_000))
    async with Workbench(*chain(3), tools=Bell().tools, models=models) as bench:
        state = await bench.run({"top": TOP["top"] | {"budget": {"usd": "0.0035"}}})

        assert failure(state)[0] == "failed"
        assert len(models.asked) == 3


@pytest.mark.parametrize("ends", [Life.die, Life.leave])
def test_whoever_takes_the_agents_up_goes_on_in_the_innermost(ends: Callable[[Life], None]) -> None:
    """No agent of the chain begins anew: their steps are on record inside each other's."""

    @on_virtual_time
    async def story() -> None:
        bell, models = Bell(hangs=True), ScriptedModels(scripts(3))
        async with Workbench(*chain(3), tools=bell.tools, models=models) as bench:
            async with bench.life() as life:
                await bench.start(life, TOP, budget={"usd": "1"})
                await bell.hung.wait()
                await asyncio.sleep(1)
                ends(life)
            state = await bench.goes_on_after_a_death()

            assert outputs(state) == {"top": {"number": 42}}
            assert (bell.rung, len(models.asked)) == (2, 6)
            assert len({body.effect for body in await bench.bodies(e.NodeStarted)}) == 1
            assert await bench.bodies(e.EffectFailed) == []
            assert state.scopes[""].accounts[-1].usd_held == 0

    story()


@on_virtual_time
async def test_what_an_inner_agent_asked_is_asked_no_more_once_the_outer_ones_node_has_ended() -> None:
    """Nobody is to be shown a question whose answer nobody waits for."""
    judge = rule(Verdict("ask", "ringing_is_loud", "policy-1"), "ring")
    models = ScriptedModels(scripts(2))
    async with Workbench(*chain(2), tools=Bell().tools, models=models, judge=judge) as bench, bench.life() as life:
        driver = await bench.start(life, TOP)
        await bench.question("approval")
        asked = [row.path for row in await bench.store.questions("local")]
        await bench.tell(driver, r.CancelNode(path="top", by="ada"))
        await bench.ended()

        assert asked == ["top.2.2"]
        assert await bench.store.questions("local") == []


@on_virtual_time
async def test_what_an_inner_agent_counts_on_has_to_be_in_force_for_its_call() -> None:
    """The outer agent hears of it, and goes on without the other."""
    policy = policy_of("all: {allow: [run, edge, tool, model]}")
    inner = agent("a2", prompt="You ring.", tools=["ring"], output={"number": "integer"}, policies=["night"])
    bell, models = Bell(), ScriptedModels(scripts(2))
    async with Workbench(chain(2)[0], inner, tools=bell.tools, models=models, judge=policy.judge) as bench:
        state = await bench.run(TOP)

        [refused] = [body for body in await bench.bodies(e.DecisionMade, "top") if body.error is not None]
        assert (refused.name, refused.decision.rule) == ("a2", "interlock#not_in_force")
        assert outputs(state) == {"top": {"number": 42}}
        assert bell.rung == 0
