"""An agent whose worker died: what is on record is not done again, and its class says what becomes of the rest."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, Literal

import pytest
from msgspec import structs

from interlock import AsyncToolContext, done, not_done, tool
from interlock.agents import Action, Agent, Finish, Observation, Toolbox, agent, collect_agents
from interlock.core import events as e
from interlock.core import requests as r
from interlock.core.agent_contract import AgentContract
from interlock.core.plan import EffectClass
from interlock.core.state import RunState
from interlock.core.values import Value
from interlock.core.verdicts import Verdict
from interlock.engine.driving import RunDriver
from interlock.tools.reconciling import Reconciled
from tests.engine.agents.scripted_models import PRICE, Answers, ScriptedModels, calls
from tests.engine.agents.workbench import RUN, Workbench, failure, outputs, rule
from tests.engine.fleet import on_virtual_time

DONE = Answers({"number": 42})
FIX: dict[str, Any] = {"fix": {"agent": "fixer", "input": {}}}
PAY = calls("look", ("pay", {"amount": 7}))
TEN_CENTS = 100_000


class Till:
    """A tool that looks, and one that pays, which hangs the first time: before it has paid, or after it."""

    def __init__(
        self, *, effect: EffectClass = "once", hangs: Literal["", "before", "after"] = "after", finds: bool = False
    ) -> None:
        self.made: list[str] = []
        self.paid: list[str] = []
        self.hung = asyncio.Event()
        self._hangs = hangs

        async def find(effect_id: str, amount: int) -> Reconciled:
            return done(amount) if effect_id in self.paid else not_done()

        @tool(effect="read")
        async def look() -> int:
            """Look around."""
            self.made.append("look")
            return 1

        @tool(effect=effect, usd="0.10", reconcile=find if finds else None)
        async def pay(ctx: AsyncToolContext, amount: int) -> int:
            """Pay."""
            self.made.append("pay")
            await self._hang_if("before")
            self.paid.append(ctx.effect_id)
            await self._hang_if("after")
            return amount

        self.tools: list[Any] = [look, pay]

    def hangs_again(self) -> None:
        """It hangs once more, before it has paid."""
        self._hangs = "before"
        self.hung.clear()

    async def _hang_if(self, when: str) -> None:
        if self._hangs == when:
            self._hangs = ""
            self.hung.set()
            await asyncio.Event().wait()


def fixer(**keys: Any) -> Agent:  # noqa: ANN401 - the keys of a contract
    """An agent that pays."""
    terms: dict[str, Any] = {"tools": ["look", "pay"], "output": {"number": "integer"}} | keys
    return agent("fixer", prompt="You pay.", **terms)


def spent(state: RunState) -> tuple[int, int]:
    """The money that the run has spent, and what is held of it."""
    account = state.scopes[""].accounts[-1]
    return account.usd, account.usd_held


@on_virtual_time
async def test_a_model_call_that_was_lost_is_made_once_more_and_paid_for_twice() -> None:
    """The provider may have counted it; the ledger shows both tries, and the second says so."""
    models = ScriptedModels({"fixer": [PAY, DONE]})
    models.hangs_in = lambda asked: asked == ("fixer", 2) and models.asked.count(asked) == 1
    till = Till(hangs="")
    async with Workbench(fixer(), tools=till.tools, models=models) as bench:
        async with bench.life() as life:
            await bench.start(life, FIX, budget={"usd": "1"})
            await models.hung.wait()
            life.die()
        state = await bench.goes_on_after_a_death()

        tries = [(body.ordinal, body.tries) for body in await bench.bodies(e.EffectIntended)]
        lost = [(body.ordinal, body.tries, body.error.kind) for body in await bench.bodies(e.EffectUnknown)]
        assert outputs(state) == {"fix": {"number": 42}}
        assert models.asked == [("fixer", 1), ("fixer", 2), ("fixer", 2)]
        assert till.made == ["look", "pay"]
        assert tries == [(1, 1), (2, 1), (3, 1), (4, 1), (4, 2)]
        assert lost == [(4, 1, "lost")]
        assert spent(state) == (3 * PRICE.usd + TEN_CENTS, 0)


@on_virtual_time
async def test_a_model_call_that_was_lost_twice_counts_as_paid_twice_and_the_agent_asks_anew() -> None:
    """It is not made a third time: that is another turn, if the agent may have one."""
    models = ScriptedModels({"fixer": [PAY, DONE]})
    models.hangs_in = lambda asked: asked == ("fixer", 2) and models.asked.count(asked) <= 2
    async with Workbench(fixer(), tools=Till(hangs="").tools, models=models) as bench:
        async with bench.life() as first:
            await bench.start(first, FIX, budget={"usd": "1"})
            await models.hung.wait()
            first.die()
        models.hung.clear()
        async with bench.life() as second:
            await bench.go_on(second)
            await models.hung.wait()
            second.die()
        state = await bench.goes_on_after_a_death()

        failed = [(body.ordinal, body.tries, body.error.kind) for body in await bench.bodies(e.EffectFailed)]
        assert failed == [(4, 2, "lost")]
        assert outputs(state) == {"fix": {"number": 42}}
        assert models.asked == [("fixer", 1), *[("fixer", 2)] * 3]
        assert spent(state) == (4 * PRICE.usd + TEN_CENTS, 0)


@on_virtual_time
async def test_an_idempotent_call_that_was_lost_is_made_again_under_its_id() -> None:
    """Whoever receives it can tell that it is the same."""
    till = Till(effect="idempotent")
    async with Workbench(fixer(), tools=till.tools, models=ScriptedModels({"fixer": [PAY, DONE]})) as bench:
        async with bench.life() as life:
            await bench.start(life, FIX, budget={"usd": "1"})
            await till.hung.wait()
            await asyncio.sleep(1)
            life.die()
        state = await bench.goes_on_after_a_death()

        assert outputs(state) == {"fix": {"number": 42}}
        assert (till.made, till.paid) == (["look", "pay", "pay"], [till.paid[0]] * 2)
        assert spent(state) == (2 * PRICE.usd + 2 * TEN_CENTS, 0)


@pytest.mark.parametrize(("hangs", "made"), [("after", ["look", "pay"]), ("before", ["look", "pay", "pay"])])
def test_a_call_that_may_happen_once_is_looked_for_by_its_hook(
    hangs: Literal["before", "after"], made: list[str]
) -> None:
    """It is made again if it did not take place, and taken as done, and as paid, if it did."""

    @on_virtual_time
    async def story() -> None:
        till = Till(hangs=hangs, finds=True)
        async with Workbench(fixer(), tools=till.tools, models=ScriptedModels({"fixer": [PAY, DONE]})) as bench:
            async with bench.life() as life:
                await bench.start(life, FIX, budget={"usd": "1"})
                await till.hung.wait()
                await asyncio.sleep(1)
                life.die()
            state = await bench.goes_on_after_a_death()

            assert outputs(state) == {"fix": {"number": 42}}
            assert (till.made, len(till.paid)) == (made, 1)
            assert spent(state)[0] >= 2 * PRICE.usd + TEN_CENTS
            assert spent(state)[1] == 0

    story()


@pytest.mark.parametrize(
    ("status", "hangs", "made"),
    [("done", "after", ["look", "pay"]), ("not_done", "before", ["look", "pay", "pay"])],
)
def test_without_a_hook_a_person_says_what_became_of_it_and_the_agent_goes_on(
    status: Literal["done", "not_done"], hangs: Literal["before", "after"], made: list[str]
) -> None:
    """Nobody else can know; what the agent had done so far is kept meanwhile."""

    @on_virtual_time
    async def story() -> None:
        till = Till(hangs=hangs)
        models = ScriptedModels({"fixer": [PAY, DONE]})
        async with Workbench(fixer(), tools=till.tools, models=models) as bench:
            async with bench.life() as life:
                await bench.start(life, FIX, budget={"usd": "1"})
                await till.hung.wait()
                await asyncio.sleep(1)
                life.die()
            async with bench.life() as heir:
                driver = await bench.go_on(heir)
                await bench.until(lambda event: isinstance(event.body, e.NodeWaiting))
                effect = (await bench.bodies(e.EffectUnknown))[0].effect
                out = 7 if status == "done" else None
                await bench.tell(driver, r.SettleEffect(effect=effect, status=status, out=out, by="ada"))
                state = await bench.ended()

            waiting = [(body.reason, body.effect) for body in await bench.bodies(e.NodeWaiting)]
            assert waiting == [("reconcile", effect)]
            assert outputs(state) == {"fix": {"number": 42}}
            assert (till.made, len(till.paid)) == (made, 1)
            assert models.asked == [("fixer", 1), ("fixer", 2)]
            assert spent(state)[1] == 0

    story()


@pytest.mark.parametrize(("choice", "made"), [("approve", ["look", "pay"]), ("deny", ["look"])])
def test_what_a_person_was_asked_before_the_crash_is_not_asked_again(choice: str, made: list[str]) -> None:
    """The question stays open, its answer counts, and what was approved is made once."""

    @on_virtual_time
    async def story() -> None:
        till = Till(hangs="")
        judge = rule(Verdict("ask", "paying_is_grave", "policy-1"), "pay")
        models = ScriptedModels({"fixer": [PAY, DONE]})
        async with Workbench(fixer(), tools=till.tools, models=models, judge=judge) as bench:
            async with bench.life() as life:
                await bench.start(life, FIX)
                path, _ = await bench.question("approval")
                life.die()
            async with bench.life() as heir:
                driver = await bench.go_on(heir)
                await bench.tell(driver, r.Answer(path=path, by="ada", choice=choice))
                state = await bench.ended()

            asked = [body for body in await bench.bodies(e.EffectIntended) if body.kind == "approval"]
            assert (len(asked), till.made) == (1, made)
            assert outputs(state) == {"fix": {"number": 42}}

    story()


NEWER: dict[str, tuple[Verdict, int, list[str]]] = {
    "says the same": (Verdict("ask", "paying_is_grave", "policy-1"), 1, ["look", "pay"]),
    "asks for another reason": (Verdict("ask", "paying_is_graver", "policy-2"), 2, ["look", "pay"]),
    "allows it": (Verdict("allow", "pay_away", "policy-2"), 1, ["look", "pay"]),
    "denies it": (Verdict("deny", "no_pay", "policy-2"), 1, ["look"]),
}


async def not_answered(driver: RunDriver, path: str) -> None:
    """Nobody says anything."""


async def answered_while_paused(driver: RunDriver, path: str) -> None:
    """The answer is on record, and nothing follows from it yet."""
    await driver.submit(r.PauseRun(by="ada"))
    await driver.submit(r.Answer(path=path, by="ada", choice="approve"))


async def approved(bench: Workbench, driver: RunDriver, *, questions: int) -> None:
    """Every question is answered, once it is there."""
    for number in range(1, questions + 1):
        path, _ = await bench.question("approval", number)
        await driver.submit(r.Answer(path=path, by="ada", choice="approve"))


@pytest.mark.parametrize("answers", [not_answered, answered_while_paused])
@pytest.mark.parametrize("newer", NEWER)
def test_leave_to_call_holds_under_the_policy_that_asked_for_it(
    newer: str, answers: Callable[[RunDriver, str], Awaitable[None]]
) -> None:
    """What somebody agreed to under the rules of last week may be what this week's rules are there to stop."""

    @on_virtual_time
    async def story() -> None:
        verdict, questions, made = NEWER[newer]
        till = Till(hangs="")
        models = ScriptedModels({"fixer": [PAY, DONE]})
        before = rule(Verdict("ask", "paying_is_grave", "policy-1"), "pay")
        async with Workbench(fixer(), tools=till.tools, models=models, judge=before) as bench:
            async with bench.life() as life:
                driver = await bench.start(life, FIX)
                path, _ = await bench.question("approval")
                await answers(driver, path)
            bench.judge = rule(verdict, "pay")
            async with bench.life() as heir:
                driver = await bench.go_on(heir)
                await driver.submit(r.ResumeRun(by="ada"))
                await approved(bench, driver, questions=questions)
                state = await bench.ended()

            asked = [body for body in await bench.bodies(e.EffectIntended) if body.kind == "approval"]
            assert (len(asked), till.made) == (questions, made)
            assert outputs(state) == {"fix": {"number": 42}}

    story()


def ends_at_once(
    contract: AgentContract, toolbox: Toolbox, state: Value, observation: Observation
) -> tuple[Value, Action]:
    """A step that asks nobody."""
    return state, Finish({"number": 42})


@on_virtual_time
async def test_an_agent_with_a_step_of_its_own_steps_by_it() -> None:
    """Its control flow is its author's."""
    own = agent("fixer", own_step=ends_at_once, output={"number": "integer"})
    async with Workbench(own, models=ScriptedModels({})) as bench:
        assert outputs(await bench.run(FIX)) == {"fix": {"number": 42}}


@on_virtual_time
async def test_an_agent_whose_own_step_is_another_than_its_run_was_begun_with_is_refused() -> None:
    """What the other code would make of the observations on record, nobody knows."""
    own = agent("fixer", own_step=ends_at_once, output={"number": "integer"})
    other = structs.replace(own.contract, code="0" * 64)
    async with Workbench(own, models=ScriptedModels({})) as bench, bench.life() as life:
        bench.agents = collect_agents([replace(own, contract=other)])
        await bench.start(life, FIX)
        state = await bench.ended()

        assert failure(state) == ("failed", "unavailable")
        assert state.outcome is not None
        assert state.outcome.error is not None
        assert state.outcome.error.message == (
            "the agent `fixer` steps by code that is not here: start a worker that has it"
        )


@on_virtual_time
async def test_each_try_of_a_call_has_its_own_line_in_the_ledger_and_none_is_left_open() -> None:
    """Who adds up what was done must not find a call twice, nor one of which nothing is known although it is."""
    till = Till(hangs="before", finds=True)
    async with Workbench(fixer(), tools=till.tools, models=ScriptedModels({"fixer": [PAY, DONE]})) as bench:
        async with bench.life() as first:
            await bench.start(first, FIX)
            await till.hung.wait()
            first.die()
        till.hangs_again()
        async with bench.life() as second:
            await bench.go_on(second)
            await till.hung.wait()
            second.die()
        state = await bench.goes_on_after_a_death()

        lines = [line.status for line in await bench.store.ledger("local", RUN) if line.name == "pay"]
        assert outputs(state) == {"fix": {"number": 42}}
        assert (lines, len(till.paid)) == (["not_done", "not_done", "done"], 1)
