"""The ledger as it is told: nothing in it is under way that nobody works on."""

from __future__ import annotations

from interlock.bootstrap import TENANT
from interlock.core import requests as r
from interlock.core.verdicts import Verdict
from interlock.engine.telling.ledger import told_ledger
from tests.engine.agents.scripted_models import ScriptedModels
from tests.engine.agents.test_agents_of_agents import TOP, Bell, chain, scripts
from tests.engine.agents.workbench import RUN, Workbench, rule, wound_up
from tests.engine.fleet import on_virtual_time

ASKS = rule(Verdict("ask", "ringing_is_loud", "policy-1"), "ring")
WAITS = {"wait": {"wait": "1h"}}
AFTER = {"value": 1, "after": {"top": {"on": "cancelled"}}}


async def lines(bench: Workbench) -> dict[str, str]:
    """What is told of each effect, by its path."""
    return {f"{row.path} {row.kind}": row.status for row in await told_ledger(bench.engine(), RUN)}


@on_virtual_time
async def test_the_agents_and_questions_of_a_cancelled_node_were_broken_off() -> None:
    """Also while the run goes on: who looks for what is under way finds only what is."""
    async with Workbench(*chain(2), tools=Bell().tools, models=ScriptedModels(scripts(2)), judge=ASKS) as bench:
        async with bench.life() as life:
            driver = await bench.start(life, {**TOP, **WAITS, "after": AFTER})
            await bench.question("approval")
            asking = await lines(bench)
            await bench.tell(driver, r.CancelNode(path="top", by="ada"))
            await bench.until(lambda event: event.type == "node.cancelled")
            cancelled = await lines(bench)
            await bench.tell(driver, r.CancelRun(by="ada"))
            await bench.ended()

        assert (asking["top.2 agent"], asking["top.2.2 question"]) == ("intended", "intended")
        assert cancelled == asking | {
            "top agent": "not_done",
            "top.2 agent": "not_done",
            "top.2.2 question": "not_done",
        }


@on_virtual_time
async def test_what_its_worker_died_in_is_unknown_once_its_node_was_cancelled() -> None:
    """Nobody takes it up any more, so nobody will ever say what became of it."""
    bell = Bell(hangs=True)
    async with Workbench(*chain(1), tools=bell.tools, models=ScriptedModels(scripts(1))) as bench:
        async with bench.life() as first:
            await bench.start(first, TOP)
            await bell.hung.wait()
            first.die()
            under_way = await lines(bench)
            await bench.asked(r.CancelRun(by="ada"))
            async with bench.life() as heir:
                await bench.go_on(heir)
                await bench.ended()
            await wound_up(first)

        assert under_way["top.2 tool"] == "intended"
        assert (await lines(bench))["top.2 tool"] == "unknown"
        assert [row.status for row in await bench.store.ledger(TENANT, RUN) if row.path == "top.2"] == ["intended"]
