"""Limits of money, tokens, calls and turns: held before a call, booked after it, and never passed by anybody."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from interlock import tool
from interlock.agents import Agent, agent
from interlock.core import events as e
from interlock.core import requests as r
from interlock.core.event_parts import Error
from interlock.core.spending import Spending
from interlock.core.state import Account
from tests.engine.agents.scripted_models import Answers, ScriptedModels, Turn, calls
from tests.engine.agents.workbench import Workbench, failure, outputs
from tests.engine.fleet import on_virtual_time

DONE = Answers({"number": 42})
CENT = 10_000


class Shop:
    """A tool that costs twenty cents, and one that costs nothing."""

    def __init__(self, *, seconds: float = 0) -> None:
        self.made: list[str] = []
        self.at_once_max = 0
        at_once: set[str] = set()

        @tool(effect="idempotent", usd="0.20")
        async def buy(what: str) -> str:
            """Buy something."""
            at_once.add(what)
            self.at_once_max = max(self.at_once_max, len(at_once))
            await asyncio.sleep(seconds)
            at_once.remove(what)
            self.made.append(what)
            return what

        @tool(effect="read")
        async def look() -> int:
            """Look around."""
            self.made.append("look")
            return 1

        self.tools: list[Any] = [buy, look]


def buyer(name: str = "buyer", **keys: Any) -> Agent:  # noqa: ANN401 - the keys of a contract
    """An agent that buys things."""
    terms: dict[str, Any] = {"tools": ["buy", "look"], "output": {"number": "integer"}, "limits": {"steps": 30}} | keys
    return agent(name, prompt="You buy things.", **terms)


def node(**keys: Any) -> dict[str, Any]:  # noqa: ANN401 - the keys of a node
    """A graph of one agent."""
    return {"shop": {"agent": "buyer", "input": {}, **keys}}


def buying(*things: str) -> Turn:
    """A turn that buys these at once."""
    return calls(*[("buy", {"what": thing}) for thing in things])


@pytest.mark.parametrize("limits", [{"steps": 1}, {"calls": 1}])
def test_an_agent_that_fails_at_a_limit_says_that_its_answers_were_simulated(limits: dict[str, int]) -> None:
    """Whichever limit it is, and whoever keeps it: nobody may take the failure for one of a real model."""

    @on_virtual_time
    async def story() -> None:
        shop = Shop()
        models = ScriptedModels({"buyer": [calls("look"), DONE]})
        async with Workbench(buyer(limits=limits), tools=shop.tools, models=models) as bench:
            assert failure(await bench.run(node())) == ("failed", "exhausted")

            [result] = await bench.bodies(e.NodeResult)
            assert (result.status, result.simulated) == ("failed", True)

    story()


@pytest.mark.parametrize(
    ("budget", "limit", "turns"),
    [
        ({"usd": "0.0025"}, "$0.0025 has $0.0005 left, and `script/any` may need $0.001", 2),
        ({"tokens": 250}, "250 tokens has 50 left, and `script/any` may need 100", 2),
        ({"calls": 3}, "3 calls is spent", 2),
        ({"steps": 2}, "2 steps is spent", 2),
    ],
)
def test_an_agent_stops_before_the_call_that_would_pass_its_limit(
    budget: dict[str, Any], limit: str, turns: int
) -> None:
    """What a call may cost at most has to be left before it is made, or it is not made."""

    @on_virtual_time
    async def story() -> None:
        models = ScriptedModels({"buyer": [calls("look"), calls("look"), calls("look"), DONE]})
        async with Workbench(buyer(), tools=Shop().tools, models=models) as bench:
            state = await bench.run(node(budget=budget))

            assert failure(state) == ("failed", "exhausted")
            assert state.outcome is not None
            assert state.outcome.error is not None
            assert state.outcome.error.message == f"the budget of {limit}"
            assert len(models.asked) == turns

    story()


@pytest.mark.parametrize("place", ["agent", "node", "run"])
def test_the_limit_may_stand_in_the_contract_at_the_node_or_over_the_run(place: str) -> None:
    """The tightest one counts, wherever it stands."""
    limits: dict[str, Any] = {"agent": {"limits": {"steps": 30, "usd": "0.0025"}}}.get(place, {})
    of_node = {"node": {"budget": {"usd": "0.0025"}}}.get(place, {})
    of_run = {"run": {"budget": {"usd": "0.0025"}}}.get(place, {})

    @on_virtual_time
    async def story() -> None:
        models = ScriptedModels({"buyer": [calls("look"), calls("look"), calls("look"), DONE]})
        async with Workbench(buyer(**limits), tools=Shop().tools, models=models) as bench:
            state = await bench.run(node(**of_node), **of_run)

            assert (failure(state), len(models.asked)) == (("failed", "exhausted"), 2)

    story()


@on_virtual_time
async def test_what_is_held_and_not_spent_is_given_back() -> None:
    """A call is charged with what it did cost: otherwise a careful reserve would spend the limit by itself."""
    models = ScriptedModels(
        {"buyer": [calls("look"), calls("look"), DONE]},
        reserve=Spending(usd=40 * CENT, tokens=400),
        spent=Spending(usd=CENT, tokens=10),
    )
    async with Workbench(buyer(), tools=Shop().tools, models=models) as bench, bench.life() as life:
        driver = await bench.start(life, node(), budget={"usd": "0.43", "tokens": 1_000})
        state = await bench.ended()

        assert outputs(state) == {"shop": {"number": 42}}
        account = driver.run.state.scopes[""].accounts[-1]
        assert spent_and_held(account) == (3 * CENT, 30, 0, 0)


def spent_and_held(account: Account) -> tuple[int, int, int, int]:
    """Money and tokens that were spent, and that are held."""
    return account.usd, account.tokens, account.usd_held, account.tokens_held


@on_virtual_time
async def test_a_call_whose_price_nobody_knows_is_not_made() -> None:
    """A limit cannot be kept by guessing."""
    models = ScriptedModels({"buyer": [DONE]}, has_price=False)
    async with Workbench(buyer(), tools=Shop().tools, models=models) as bench:
        state = await bench.run(node(budget={"usd": "1"}))

        refused = [body.error for body in await bench.bodies(e.DecisionMade) if body.error is not None]
        assert (failure(state), models.asked) == (("failed", "refused"), [])
        assert refused == [Error("refused", "no price is known")]


@on_virtual_time
async def test_of_calls_that_are_asked_for_at_once_those_that_the_limit_allows_are_made() -> None:
    """What was begun is made and told; what the limit does not allow is not even begun."""
    shop = Shop()
    models = ScriptedModels({"buyer": [calls("look", "look", "look", "look"), DONE]})
    async with Workbench(buyer(), tools=shop.tools, models=models) as bench, bench.life() as life:
        driver = await bench.start(life, node(), budget={"calls": 3})
        state = await bench.ended()

        settled = [body.ordinal for body in await bench.bodies(e.EffectDone)]
        assert (failure(state), shop.made) == (("failed", "exhausted"), ["look", "look"])
        assert settled == [1, 2, 3]
        assert driver.run.state.scopes[""].accounts[-1].calls == 3


@on_virtual_time
async def test_of_calls_at_once_one_waits_for_what_the_others_hold() -> None:
    """Together they would pass the limit for a while; one after the other they do not, since one of them costs less."""
    shop = Shop(seconds=1)
    models = ScriptedModels({"buyer": [buying("tea", "milk", "sugar"), DONE]}, reserve=Spending(), spent=Spending())
    async with Workbench(buyer(), tools=shop.tools, models=models) as bench:
        state = await bench.run(node(budget={"usd": "0.60"}))
        assert (outputs(state), shop.at_once_max) == ({"shop": {"number": 42}}, 3)

    tight = Shop(seconds=1)
    models = ScriptedModels({"buyer": [buying("tea", "milk"), DONE]}, reserve=Spending(usd=1), spent=Spending())
    async with Workbench(buyer(), tools=tight.tools, models=models) as bench:
        state = await bench.run(node(budget={"usd": "0.30"}))
        assert (failure(state), tight.made, tight.at_once_max) == (("failed", "exhausted"), ["tea"], 1)


@on_virtual_time
async def test_two_agents_under_one_limit_wait_for_each_other() -> None:
    """What one holds for a call may come back: then the other goes on. Neither fails for what was only held."""
    scripts = {"one": [calls("look"), DONE], "two": [calls("look"), DONE]}
    models = ScriptedModels(scripts, reserve=Spending(usd=40 * CENT), spent=Spending(usd=CENT))
    nodes: dict[str, Any] = {name: {"agent": name, "input": {}} for name in ("one", "two")}
    async with Workbench(buyer("one"), buyer("two"), tools=Shop().tools, models=models) as bench:
        models.hangs_in = lambda asked: asked == ("one", 1)
        async with bench.life() as life:
            driver = await bench.start(life, nodes, budget={"usd": "0.50"})
            await models.hung.wait()
            await asyncio.sleep(5)
            while_held = list(models.asked)
            models.release.set()
            state = await bench.ended()

            assert while_held == [("one", 1)]
            assert sorted(models.asked) == [("one", 1), ("one", 2), ("two", 1), ("two", 2)]
            assert outputs(state) == {"one": {"number": 42}, "two": {"number": 42}}
            assert spent_and_held(driver.run.state.scopes[""].accounts[-1]) == (4 * CENT, 0, 0, 0)


@pytest.mark.parametrize(
    ("choice", "ends", "asked"), [("raise", ("succeeded", ""), 4), ("stop", ("failed", "exhausted"), 2)]
)
def test_a_spent_limit_that_asks_is_raised_or_stops_the_agent_as_a_person_says(
    choice: str, ends: tuple[str, str], asked: int
) -> None:
    """Work that is nearly done is not thrown away for a cent; and nothing is spent that nobody has granted."""

    @on_virtual_time
    async def story() -> None:
        models = ScriptedModels({"buyer": [calls("look"), calls("look"), calls("look"), DONE]})
        async with Workbench(buyer(), tools=Shop().tools, models=models) as bench, bench.life() as life:
            driver = await bench.start(life, node(budget={"usd": "0.002", "on_limit": "ask"}))
            path, limit = await bench.question("limit")
            await bench.tell(driver, r.Answer(path=path, by="ada", choice=choice))
            state = await bench.ended()

            assert limit.question is not None
            assert limit.question.text == "the budget of $0.002 is spent: grant as much again?"
            assert (limit.question.choices, limit.raises) == (("raise", "stop"), "shop")
            assert (failure(state), len(models.asked)) == (ends, asked)

    story()


@on_virtual_time
async def test_of_two_agents_that_ask_about_one_limit_one_answer_raises_it_for_both() -> None:
    """Each is named, and says whose limit it is; answered one after the other, twice as much would be granted."""
    scripts = {name: [calls("look"), calls("look"), DONE] for name in ("one", "two")}
    models = ScriptedModels(scripts, reserve=Spending(usd=CENT), spent=Spending(usd=CENT))
    nodes: dict[str, Any] = {name: {"agent": name, "input": {}} for name in ("one", "two")}
    async with Workbench(buyer("one"), buyer("two"), tools=Shop().tools, models=models) as bench, bench.life() as life:
        driver = await bench.start(life, nodes, budget={"usd": "0.04", "on_limit": "ask"})
        path, limit = await bench.question("limit")
        _, other = await bench.question("limit", 2)
        await bench.tell(driver, r.Answer(path=path, by="ada", choice="raise"))
        state = await bench.ended()

        given = [(event.path, event.body) for event in await bench.log() if isinstance(event.body, e.AnswerGiven)]
        assert limit.question == other.question
        assert limit.question is not None
        assert limit.question.text == "the budget of $0.04 is spent for the whole run: grant as much again?"
        assert [(at, body.choice, body.of) for at, body in given] == [(path, "raise", ""), ("two.6", "raise", path)]
        assert outputs(state) == {"one": {"number": 42}, "two": {"number": 42}}
        assert driver.run.state.scopes[""].accounts[-1].grants == 2


@pytest.mark.parametrize(("choice", "ends"), [("raise", ("succeeded", "")), ("stop", ("failed", "exhausted"))])
def test_a_limit_that_asks_is_still_asked_about_after_a_crash_and_only_once(choice: str, ends: tuple[str, str]) -> None:
    """Whoever takes the agent up waits for the answer to the question that is open; nobody is asked twice."""

    @on_virtual_time
    async def story() -> None:
        models = ScriptedModels({"buyer": [calls("look"), calls("look"), DONE]})
        async with Workbench(buyer(), tools=Shop().tools, models=models) as bench:
            async with bench.life() as life:
                await bench.start(life, node(budget={"usd": "0.002", "on_limit": "ask"}))
                path, _ = await bench.question("limit")
                life.die()
            async with bench.life() as heir:
                driver = await bench.go_on(heir)
                await asyncio.sleep(1)
                await bench.tell(driver, r.Answer(path=path, by="ada", choice=choice))
                state = await bench.ended()

            limits = [body for body in await bench.bodies(e.EffectIntended) if body.kind == "limit"]
            assert (failure(state), len(limits)) == (ends, 1)

    story()


@on_virtual_time
async def test_calls_at_once_that_a_spent_limit_stops_ask_one_question() -> None:
    """Asked twice for one limit, a person would grant twice as much as they mean to."""
    shop = Shop()
    models = ScriptedModels({"buyer": [buying("tea", "milk", "sugar"), DONE]}, reserve=Spending(), spent=Spending())
    async with Workbench(buyer(), tools=shop.tools, models=models) as bench, bench.life() as life:
        driver = await bench.start(life, node(budget={"calls": 2, "on_limit": "ask"}))
        path, _ = await bench.question("limit")
        await asyncio.sleep(5)
        asked = [body for body in await bench.bodies(e.EffectIntended) if body.kind == "limit"]
        await bench.tell(driver, r.Answer(path=path, by="ada", choice="raise"))
        path, _ = await bench.question("limit", 2)
        await bench.tell(driver, r.Answer(path=path, by="ada", choice="raise"))
        state = await bench.ended()

        assert len(asked) == 1
        assert (failure(state), sorted(shop.made)) == (("succeeded", ""), ["milk", "sugar", "tea"])
