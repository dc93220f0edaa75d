"""An agent that another worker performs than the one that drives its run: the same loop, over signals and the log."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from interlock import tool
from interlock.agents import Agent, agent
from interlock.core import events as e
from interlock.core import requests as r
from interlock.core.verdicts import Verdict
from tests.engine.agents.scripted_models import PRICE, Answers, ScriptedModels, calls
from tests.engine.agents.workbench import RUN, Workbench, failure, outputs, rule
from tests.engine.fleet import Serving, on_virtual_time

DONE = Answers({"number": 42})
FIX: dict[str, Any] = {"fix": {"agent": "fixer", "input": {}, "pool": "gpu"}}


class Bell:
    """A tool that rings, and may be left hanging once."""

    def __init__(self, *, hangs: bool = False) -> None:
        self.rung = 0
        self.hung = asyncio.Event()
        self.release = asyncio.Event()

        @tool(effect="idempotent")
        async def ring(n: int = 0) -> int:
            """Ring."""
            nonlocal hangs
            self.rung += 1
            if hangs:
                hangs = False
                self.hung.set()
                await self.release.wait()
            return n

        self.tools: list[Any] = [ring]


def crew() -> list[Agent]:
    """One that rings and calls another, and the other, which rings."""
    terms: dict[str, Any] = {"output": {"number": "integer"}, "limits": {"steps": 20, "usd": "0.5"}}
    return [
        agent("fixer", prompt="You fix.", tools=["ring", "agent:helper"], **terms),
        agent("helper", prompt="You help.", tools=["ring"], **terms),
    ]


def models() -> ScriptedModels:
    """The first rings, asks the other, and rings again."""
    fixer = [calls("ring"), calls(("agent:helper", {}), "ring"), calls("ring"), DONE]
    return ScriptedModels({"fixer": fixer, "helper": [calls("ring"), DONE]})


@on_virtual_time
async def test_an_agent_is_performed_by_another_worker_than_drives_its_run() -> None:
    """What it does is on record as if it were done where the run is driven, and costs the same."""
    bell = Bell()
    async with Workbench(*crew(), tools=bell.tools, models=models()) as bench:
        driving, gpu = bench.serve("driving"), bench.serve("gpu", pool="gpu", runs_max=0)
        await bench.offer(FIX, budget={"usd": "1"})
        state = await bench.ended()
        await gpu.leave()
        await driving.leave()

        assert outputs(state) == {"fix": {"number": 42}}
        assert bell.rung == 4
        assert state.scopes[""].accounts[-1].usd == 6 * PRICE.usd


async def killed(one: Serving) -> None:
    """Nothing more is heard of it."""
    one.kill()


async def told_to_leave(one: Serving) -> None:
    """It leaves in good order."""
    await one.leave()


@pytest.mark.parametrize("goes", [killed, told_to_leave])
def test_another_performs_it_when_its_performer_goes(goes: Callable[[Serving], Awaitable[None]]) -> None:
    """It finds every step on record, and begins only what was broken off once more."""

    @on_virtual_time
    async def story() -> None:
        bell, scripted = Bell(hangs=True), models()
        async with Workbench(*crew(), tools=bell.tools, models=scripted) as bench:
            driving, gpu = bench.serve("driving"), bench.serve("gpu", pool="gpu", runs_max=0)
            await bench.offer(FIX, budget={"usd": "1"})
            await bell.hung.wait()
            await asyncio.sleep(1)
            await goes(gpu)
            heir = bench.serve("heir", pool="gpu", runs_max=0)
            state = await bench.ended()
            await heir.leave()
            await driving.leave()

            assert outputs(state) == {"fix": {"number": 42}}
            assert (bell.rung, len(scripted.asked)) == (5, 6)
            assert await bench.bodies(e.EffectFailed) == []
            assert state.scopes[""].accounts[-1].usd_held == 0

    story()


@pytest.mark.parametrize("goes", [killed, told_to_leave])
def test_it_is_nothing_to_an_agent_who_drives_its_run(goes: Callable[[Serving], Awaitable[None]]) -> None:
    """It goes on where it is, and the next driver hears of its steps."""

    @on_virtual_time
    async def story() -> None:
        bell, scripted = Bell(hangs=True), models()
        async with Workbench(*crew(), tools=bell.tools, models=scripted) as bench:
            driving, gpu = bench.serve("driving"), bench.serve("gpu", pool="gpu", runs_max=0)
            await bench.offer(FIX, budget={"usd": "1"})
            await bell.hung.wait()
            await asyncio.sleep(1)
            await goes(driving)
            bell.release.set()
            heir = bench.serve("heir")
            state = await bench.ended()
            await heir.leave()
            await gpu.leave()

            assert outputs(state) == {"fix": {"number": 42}}
            assert (bell.rung, len(scripted.asked)) == (4, 6)
            assert await bench.bodies(e.EffectUnknown) == []

    story()


@on_virtual_time
async def test_it_is_judged_limited_and_asked_about_as_anywhere() -> None:
    """Denials, approvals and limits do not depend on where an agent works."""
    bell = Bell()
    judge = rule(Verdict("ask", "ringing_is_loud", "policy-1"), "ring")
    script = ScriptedModels({"fixer": [calls("ring"), calls("ring"), DONE]})
    async with Workbench(*crew(), tools=bell.tools, models=script, judge=judge) as bench:
        driving, gpu = bench.serve("driving"), bench.serve("gpu", pool="gpu", runs_max=0)
        await bench.offer(FIX, budget={"usd": "0.0025"})
        first, _ = await bench.question("approval")
        await bench.asked(r.Answer(path=first, by="ada", choice="approve"))
        second, _ = await bench.question("approval", 2)
        await bench.asked(r.Answer(path=second, by="ada", choice="deny"))
        state = await bench.ended()
        await gpu.leave()
        await driving.leave()

        assert failure(state) == ("failed", "exhausted")
        assert (bell.rung, len(script.asked)) == (1, 2)
        assert (await bench.store.get_run("local", RUN)).status == "failed"


@on_virtual_time
async def test_what_is_to_be_recorded_together_is_sent_together() -> None:
    """The driver then finds it together: a step costs one commit of the log, or two where a look came in between."""
    bell = Bell()
    script = ScriptedModels({"fixer": [*[calls(("ring", {"n": n})) for n in range(12)], DONE]})
    async with Workbench(*crew(), tools=bell.tools, models=script) as bench:
        driving, gpu = bench.serve("driving"), bench.serve("gpu", pool="gpu", runs_max=0)
        await bench.offer(FIX)
        await bench.ended()
        await gpu.leave()
        await driving.leave()

        done = await bench.bodies(e.EffectDone)
        appends = [append for append in bench.store.appends if append.events]
        assert len(done) == 25
        assert len(appends) <= 2 * len(done)
