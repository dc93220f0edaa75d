"""Many agents at the cap at once: what is held is never more than is left, whoever comes first."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from interlock.core import events as e
from interlock.core.spending import Spending
from tests.engine.agents.scripted_models import Answers, ScriptedModels
from tests.engine.agents.test_limits import buyer, spent_and_held
from tests.engine.agents.workbench import Workbench
from tests.engine.fleet import on_virtual_time

AGENTS = 40
CENT = 10_000


def nodes() -> dict[str, Any]:
    """All of them beside each other; what becomes of one stops no other."""
    return {f"a{n}": {"agent": f"a{n}", "input": {}, "on_error": "continue"} for n in range(AGENTS)}


@pytest.mark.parametrize(("spent", "asked"), [(4 * CENT, 5), (CENT, 17)])
def test_of_forty_calls_at_the_cap_as_many_are_made_as_it_holds(spent: int, asked: int) -> None:
    """Each may cost four cents of twenty. Cheaper ones give back what is left over, and others are made with it."""

    @on_virtual_time
    async def story() -> None:
        models = ScriptedModels(
            {f"a{n}": [Answers({"number": 42})] for n in range(AGENTS)},
            reserve=Spending(usd=4 * CENT),
            spent=Spending(usd=spent),
        )
        models.hangs_in = lambda _: True
        agents = [buyer(f"a{n}", tools=[]) for n in range(AGENTS)]
        async with Workbench(*agents, models=models) as bench, bench.life() as life:
            driver = await bench.start(life, nodes(), budget={"usd": "0.20"})
            await asyncio.sleep(5)
            at_once = len(models.asked)
            models.release.set()
            await bench.ended()

            account = driver.run.state.scopes[""].accounts[-1]
            booked = [body.spent.usd for body in await bench.bodies(e.EffectDone) if body.spent is not None]
            assert at_once == 5
            assert (len(models.asked), sum(booked)) == (asked, asked * spent)
            assert spent_and_held(account) == (asked * spent, 0, 0, 0)

    story()
