"""What a run has cost, as its events tell it: every call once, whatever became of it, and nothing that was no call."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import add
from typing import Any

from interlock import ToolFailed, tool
from interlock.agents import Agent, agent
from interlock.core import events as e
from interlock.core import requests as r
from interlock.core.event_parts import Error
from interlock.core.plan import ToolContract, ToolTerms
from interlock.core.spending import Spending
from interlock.core.verdicts import Verdict
from interlock.engine.telling.spending import NO_COSTS, CallCost, CallCosts, Costs
from tests.engine.agents.scripted_models import Answers, ScriptedModels, calls
from tests.engine.agents.workbench import Workbench, outputs, rule
from tests.engine.fleet import on_virtual_time
from tests.engine.recorded_runs import RecordedRun

DONE = Answers({"number": 42})
FIX: dict[str, Any] = {"fix": {"agent": "fixer", "input": {}}}
BUDGET: dict[str, Any] = {"budget": {"usd": "5", "tokens": 100_000, "calls": 1_000}}
HELD = Spending(usd=3_000, tokens=400)
TURN = Spending(usd=1_000, tokens=100)
"""What a turn costs: less than what is held for it."""
CENT = 10_000


@tool(effect="idempotent", usd="0.01")
async def pay() -> int:
    """Pay a cent."""
    return 1


@tool(effect="read")
async def look() -> int:
    """Look around, for nothing."""
    return 1


@tool(effect="idempotent", usd="0.01")
async def stumble() -> int:
    """Pay a cent, and fail."""
    raise ToolFailed("no")


TOOLS = [pay, look, stumble]


def fixer(name: str = "fixer", **keys: Any) -> Agent:  # noqa: ANN401 - the keys of a contract
    """An agent that may do everything."""
    terms: dict[str, Any] = {"tools": ["pay", "look", "stumble"], "output": {"number": "integer"}} | keys
    return agent(name, prompt="You fix things.", **terms)


def scripted(**scripts: Any) -> ScriptedModels:  # noqa: ANN401 - turns by agent
    """Models that cost less than what is held for them."""
    return ScriptedModels(scripts, reserve=HELD, spent=TURN)


async def told(bench: Workbench, nodes: dict[str, Any], **keys: Any) -> list[CallCost]:  # noqa: ANN401 - keys of a graph
    """The calls of the run on the bench."""
    plan, _ = bench.plan(nodes, **keys)
    costs = CallCosts(plan)
    settled = [call for event in await bench.log() for call in costs.take(event)]
    return [*settled, *costs.under_way()]


def total(made: Sequence[CallCost]) -> Costs:
    """What calls have cost together."""
    return reduce(add, (call.costs for call in made), NO_COSTS)


async def charged(bench: Workbench) -> tuple[int, int, int, int]:
    """What the limits of the run counted for themselves: money, tokens, calls and turns."""
    _, state = await bench.engine().view("run")
    account = state.scopes[""].accounts[-1]
    return account.usd, account.tokens, account.calls, account.steps


def counted(costs: Costs) -> tuple[int, int, int, int]:
    """The same of what is told."""
    return costs.usd, costs.tokens, costs.calls, costs.turns


@on_virtual_time
async def test_each_call_is_told_with_its_agent_its_model_and_what_it_cost() -> None:
    """A sum that nobody can take apart again is believed by nobody."""
    models = scripted(fixer=[calls("pay", "look"), DONE])
    async with Workbench(fixer(), tools=TOOLS, models=models) as bench:
        await bench.run(FIX, **BUDGET)

        made = await told(bench, FIX, **BUDGET)

        assert [(call.path, call.kind, call.name, call.agent, call.costs.usd) for call in made] == [
            ("fix.1", "model", "script/any", "fixer", 1_000),
            ("fix.2", "tool", "pay", "fixer", CENT),
            ("fix.3", "tool", "look", "fixer", 0),
            ("fix.4", "model", "script/any", "fixer", 1_000),
        ]
        assert total(made) == Costs(
            calls=4, turns=2, usd=2_000 + CENT, tokens=200, input=200, simulated_calls=2, simulated_usd=2_000
        )


@on_virtual_time
async def test_a_model_call_that_was_lost_counts_as_what_was_held_and_its_second_try_as_another() -> None:
    """The provider may have been paid twice: a bill that shows one of them is the wrong bill."""
    models = scripted(fixer=[calls("pay"), DONE])
    models.hangs_in = lambda asked: asked == ("fixer", 2) and models.asked.count(asked) == 1
    async with Workbench(fixer(), tools=TOOLS, models=models) as bench:
        async with bench.life() as life:
            await bench.start(life, FIX, **BUDGET)
            await models.hung.wait()
            life.die()
        outputs(await bench.goes_on_after_a_death())

        made = await told(bench, FIX, **BUDGET)

        assert [(call.path, call.tries, call.status, call.costs.usd) for call in made] == [
            ("fix.1", 1, "done", 1_000),
            ("fix.2", 1, "done", CENT),
            ("fix.3", 1, "lost", 3_000),
            ("fix.3", 2, "done", 1_000),
        ]
        assert total(made).turns == len(models.asked)
        assert counted(total(made)) == await charged(bench)


@on_virtual_time
async def test_calls_that_failed_cost_what_they_cost() -> None:
    """A provider asks for money also where its answer was of no use, and so does a tool."""
    models = scripted(fixer=[calls("stumble"), Error("failed", "too long")])
    async with Workbench(fixer(), tools=TOOLS, models=models) as bench:
        await bench.run(FIX, **BUDGET)

        made = await told(bench, FIX, **BUDGET)

        assert [(call.status, call.costs.usd) for call in made] == [
            ("done", 1_000),
            ("failed", CENT),
            ("failed", 1_000),
            *[("failed", 1_000)] * (len(made) - 3),
        ]
        assert total(made).turns == len(models.asked)
        assert counted(total(made)) == await charged(bench)


@on_virtual_time
async def test_a_call_that_was_broken_off_counts_as_what_was_held() -> None:
    """Who cancels a run cannot take the question back from the provider."""
    models = scripted(fixer=[DONE])
    models.hangs_in = lambda _: True
    async with Workbench(fixer(), tools=TOOLS, models=models) as bench, bench.life() as life:
        driver = await bench.start(life, FIX, **BUDGET)
        await models.hung.wait()
        under_way = total(await told(bench, FIX, **BUDGET))

        await bench.tell(driver, r.CancelRun(by="ada"))
        await bench.ended()

        assert (under_way.usd, under_way.held_usd, under_way.held_tokens) == (0, 3_000, 400)
        assert total(await told(bench, FIX, **BUDGET)) == Costs(calls=1, turns=1, lost=1, usd=3_000, tokens=400)
        assert (await charged(bench))[:2] == (3_000, 400)


@on_virtual_time
async def test_what_agents_and_graphs_cost_that_an_agent_calls_is_theirs_and_counted_once() -> None:
    """An agent that lets others work has no cost of its own for it, and the sum is what was really called."""
    graph: dict[str, Any] = {
        "graph": "paying",
        "nodes": {"buy": {"tool": "pay"}, "ask": {"agent": "third", "input": {}}},
    }
    boss = fixer("boss", tools=["agent:fixer", "graph:paying"])
    models = scripted(boss=[calls("agent:fixer", "graph:paying"), DONE], fixer=[calls("pay"), DONE], third=[DONE])
    nodes: dict[str, Any] = {"lead": {"agent": "boss", "input": {}}}
    async with Workbench(boss, fixer(), fixer("third"), tools=TOOLS, models=models, graphs={"paying": graph}) as bench:
        outputs(await bench.run(nodes, **BUDGET))

        made = await told(bench, nodes, **BUDGET)

        assert sorted((call.path, call.agent, call.loop, call.name) for call in made) == [
            ("lead.1", "boss", "lead", "script/any"),
            ("lead.2.1", "fixer", "lead.2", "script/any"),
            ("lead.2.2", "fixer", "lead.2", "pay"),
            ("lead.2.3", "fixer", "lead.2", "script/any"),
            ("lead.3/ask.1", "third", "lead.3/ask", "script/any"),
            ("lead.3/buy", "boss", "lead", "pay"),
            ("lead.4", "boss", "lead", "script/any"),
        ]
        assert total(made).usd == len(models.asked) * TURN.usd + 2 * CENT
        assert counted(total(made)) == await charged(bench)


@on_virtual_time
async def test_questions_and_refused_calls_cost_nothing() -> None:
    """What was never made is on record as a decision, and on no bill."""
    models = scripted(fixer=[calls("pay"), DONE])
    deny = rule(Verdict("deny", "no_money", "policy-1"), "pay")
    async with Workbench(fixer(), tools=TOOLS, models=models, judge=deny) as bench:
        await bench.run(FIX, **BUDGET)

        assert [call.kind for call in await told(bench, FIX, **BUDGET)] == ["model", "model"]


def test_calls_of_nodes_and_what_takes_them_back_are_told_as_well() -> None:
    """Not every graph has an agent, and a refund may have its price too."""
    terms = ToolTerms(usd=CENT)
    buy = ToolContract(name="buy", effect="once", terms=terms)
    refund = ToolContract(name="refund", effect="idempotent", terms=ToolTerms(usd=5))
    nodes = {
        "a": {"tool": "buy", "undo": {"tool": "refund"}, "retry": {"attempts": 2, "on": ["failed"]}},
        "b": {"gate": ["${a.ok}"], "otherwise": "rollback"},
    }
    run = RecordedRun(nodes, tools=(buy, refund))
    costs = CallCosts(run.plan)

    run.starts()
    run.fails("a")
    run.time_passes(2)
    run.returns("a", {"ok": False})
    run.takes_back("a")

    settled = [call for event in run.events for call in costs.take(event)]
    assert [(call.path, call.kind, call.name, call.status, call.costs.usd) for call in settled] == [
        ("a", "tool", "buy", "failed", CENT),
        ("a", "tool", "buy", "done", CENT),
        ("a!undo", "undo", "refund", "done", 5),
    ]
    assert costs.under_way() == []


def test_a_call_that_was_never_made_is_told_and_costs_nothing() -> None:
    """Its intent was on record, and its worker left before it began."""
    buy = ToolContract(name="buy", effect="once", terms=ToolTerms(usd=CENT))
    run = RecordedRun({"a": {"tool": "buy"}}, tools=(buy,))
    costs = CallCosts(run.plan)

    run.starts()
    left = e.NodeResult(run.effect("a"), "not_done", error=Error("cancelled", "its worker left"), calls=0)
    run.receives(r.Result(path="a", result=left))

    settled = [call for event in run.events for call in costs.take(event)]
    assert [(call.status, call.costs.usd) for call in settled] == [("not_made", 0)]


def made_up(*bodies: e.Body) -> list[CallCost]:
    """The calls that events at the node `a` tell of."""
    costs = CallCosts(RecordedRun({"a": {"tool": "look"}}, tools=(ToolContract(name="look"),)).plan)
    settled = [
        call
        for seq, body in enumerate(bodies, start=1)
        for call in costs.take(e.Event(seq, seq * 1_000_000, "a", body))
    ]
    return [*settled, *costs.under_way()]


def test_the_model_that_has_answered_is_told_and_how_its_provider_counted() -> None:
    """Where the first choice did not answer, another was paid."""
    reply = {"text": "yes", "model": "other/large", "usage": {"input": 90, "output": 10, "cached": 40}}

    [call] = made_up(
        e.EffectIntended(1, "s1", "own/small", kind="model", key="turn 1", reserve=HELD),
        e.EffectDone(1, "s1", reply, TURN),
    )

    assert call.name == "other/large"
    assert call.costs == Costs(calls=1, turns=1, usd=1_000, tokens=100, input=90, output=10, cached=40)


def test_steps_that_are_under_way_when_their_node_ends_are_lost() -> None:
    """Nobody will say any more what they cost: what was held for them is gone, as it is for limits."""
    intended = e.EffectIntended(1, "s1", "own/small", kind="model", key="turn 1", reserve=HELD)
    late = Error("timeout", "it did not finish in time")

    made = made_up(
        e.NodeStarted(1, "e1", "d", tool="fixer", is_agent=True),
        intended,
        e.NodeResult("e1", "failed", error=late),
        e.EffectDone(1, "s1", {"text": "too late"}, TURN),
    )

    assert [(call.status, call.costs.usd, call.agent) for call in made] == [("lost", 3_000, "fixer")]


def test_a_step_of_a_tool_that_is_made_again_after_it_was_lost_is_charged_once() -> None:
    """It has the same number and the same try: limits count it once, and so does the bill."""
    intended = e.EffectIntended(1, "s1", "pay", reserve=Spending(usd=CENT))
    lost = e.EffectUnknown(1, "s1", Error("lost", "its worker went"))

    made = made_up(intended, lost, intended, e.EffectDone(1, "s1", 1))

    assert [(call.kind, call.status, call.costs.usd) for call in made] == [("step", "lost", CENT)]
