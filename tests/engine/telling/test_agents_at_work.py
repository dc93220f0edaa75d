"""Agents as people are told of them: each turn with what it wanted, what was said of that, and what it cost."""

from __future__ import annotations

from typing import Any

from interlock import ToolFailed, tool
from interlock.agents import Agent, agent
from interlock.core import requests as r
from interlock.core.event_parts import Error
from interlock.core.spending import Spending
from interlock.core.verdicts import Movement, Verdict
from interlock.engine.telling.agents_at_work import AgentView
from interlock.engine.telling.history import RunView, run_view
from tests.engine.agents.scripted_models import PRICE, Answers, ScriptedModels, calls
from tests.engine.agents.workbench import RUN, Workbench, allow, rule
from tests.engine.fleet import on_virtual_time

DONE = Answers({"number": 42})
FIX: dict[str, Any] = {"fix": {"agent": "fixer", "input": {}}}
CENT = 10_000


@tool(effect="idempotent", usd="0.01")
async def pay() -> int:
    """Pay a cent."""
    return 1


@tool(effect="read")
async def stumble() -> int:
    """Fail."""
    raise ToolFailed("no")


TOOLS = [pay, stumble]


def fixer(name: str = "fixer", **keys: Any) -> Agent:  # noqa: ANN401 - the keys of a contract
    """An agent."""
    terms: dict[str, Any] = {"tools": ["pay", "stumble"], "output": {"number": "integer"}} | keys
    return agent(name, prompt="You fix things.", **terms)


async def viewed(bench: Workbench, nodes: dict[str, Any]) -> RunView:
    """The run on the bench, as people are told of it."""
    plan, _ = bench.plan(nodes)
    return run_view(plan, RUN, await bench.log())


def told(agent: AgentView) -> list[tuple[int, str, str, str, str]]:
    """Its steps: turn, kind, name, what became of it, and what the policy said."""
    return [(step.turn, step.kind, step.name, step.status, step.verdict) for step in agent.steps]


@on_virtual_time
async def test_each_turn_is_told_with_its_calls_what_became_of_them_and_the_verdicts() -> None:
    """Who looks at an agent wants to see what it did, and need not read events for it."""
    models = ScriptedModels({"fixer": [calls("pay", "stumble"), DONE]})
    async with Workbench(fixer(), tools=TOOLS, models=models) as bench:
        await bench.run(FIX)

        view = (await viewed(bench, FIX)).agents["fix"]

        assert (view.agent, view.turns) == ("fixer", 2)
        assert told(view) == [
            (1, "model", "script/any", "done", "allow"),
            (1, "tool", "pay", "done", "allow"),
            (1, "tool", "stumble", "failed", "allow"),
            (2, "model", "script/any", "done", "allow"),
        ]
        assert [step.spent for step in view.steps] == [PRICE, Spending(usd=CENT), Spending(), PRICE]
        assert (view.costs.usd, view.costs.calls, view.costs.turns) == (2 * PRICE.usd + CENT, 4, 2)


@on_virtual_time
async def test_a_call_of_a_model_that_failed_says_why() -> None:
    """What it cost is counted, and the agent asks again."""
    models = ScriptedModels({"fixer": [Error("unavailable", "away")]})
    async with Workbench(fixer(), tools=TOOLS, models=models) as bench:
        await bench.run(FIX)

        [first, *_] = (await viewed(bench, FIX)).agents["fix"].steps

        assert (first.turn, first.status, first.error, first.spent) == (
            1,
            "failed",
            Error("unavailable", "away"),
            PRICE,
        )


def strictly(movement: Movement) -> Verdict:
    """A policy by which nobody pays without leave, and nobody stumbles."""
    said = {"pay": Verdict("ask", "leave", "policy-1"), "stumble": Verdict("deny", "never", "policy-1")}
    return said.get(movement.name) or allow(movement)


@on_virtual_time
async def test_what_was_refused_and_what_people_were_asked_is_told() -> None:
    """An agent that waits for a person, or was kept from something, must not look as if it did nothing."""
    models = ScriptedModels({"fixer": [calls("pay", "stumble"), DONE]})
    async with Workbench(fixer(), tools=TOOLS, models=models, judge=strictly) as bench, bench.life() as life:
        driver = await bench.start(life, FIX)
        path, _ = await bench.question("approval")
        waiting = await viewed(bench, FIX)
        asking = waiting.agents["fix"]
        [row] = await bench.store.questions("local", run=RUN)
        await bench.tell(driver, r.Answer(path=path, choice="approve", by="ada"))
        await bench.ended()

        view = (await viewed(bench, FIX)).agents["fix"]
        [approval] = [step for step in view.steps if step.kind == "approval"]
        [refused] = [step for step in view.steps if step.kind == "refusal"]
        assert told(asking)[-1][1:4] == ("approval", approval.name, "under_way")
        assert [(wait.path, wait.reason) for wait in waiting.waits] == [(path, "approval")] == [(row.path, row.reason)]
        assert (approval.status, approval.answer) == ("done", "approve")
        assert approval.name.startswith("May the agent `fixer` call `pay` with {}?")
        assert (refused.name, refused.status, refused.verdict, refused.rule) == ("stumble", "refused", "deny", "never")
        assert (1, "tool", "pay", "done", "ask") in told(view)


@on_virtual_time
async def test_a_model_that_could_not_be_asked_is_a_turn_as_well() -> None:
    """A turn that cost nothing was one all the same."""
    deny = rule(Verdict("deny", "none", "policy-1"), "script/any")
    async with Workbench(fixer(), tools=TOOLS, models=ScriptedModels({}), judge=deny) as bench:
        await bench.run(FIX)

        view = (await viewed(bench, FIX)).agents["fix"]

        assert {step[1:4] for step in told(view)} == {("model", "model", "refused")}
        assert [step.turn for step in view.steps] == list(range(1, view.turns + 1))


@on_virtual_time
async def test_an_agents_costs_hold_what_it_lets_others_do() -> None:
    """The total of a node is what whoever set its budget compares with it."""
    graph: dict[str, Any] = {"graph": "paying", "nodes": {"buy": {"tool": "pay"}}}
    boss = fixer("boss", tools=["agent:fixer", "graph:paying"])
    models = ScriptedModels({"boss": [calls("agent:fixer", "graph:paying"), DONE], "fixer": [calls("pay"), DONE]})
    nodes: dict[str, Any] = {"lead": {"agent": "boss", "input": {}}}
    async with Workbench(boss, fixer(), tools=TOOLS, models=models, graphs={"paying": graph}) as bench:
        await bench.run(nodes)
        plan, _ = bench.plan(nodes)

        view = run_view(plan, RUN, await bench.log())

        assert list(view.agents) == ["lead", "lead.2"]
        assert view.agents["lead.2"].costs.usd == 2 * PRICE.usd + CENT
        assert view.agents["lead"].costs == view.costs
        assert view.costs.usd == 4 * PRICE.usd + 2 * CENT


@on_virtual_time
async def test_of_a_node_that_is_tried_again_the_last_attempt_is_told_and_all_are_paid() -> None:
    """What the first attempt did is over; what it cost is not."""
    models = ScriptedModels({"fixer": [DONE]})
    models.hangs_in = lambda _: len(models.asked) == 1
    nodes = {"fix": {"agent": "fixer", "input": {}, "timeout": "1s", "retry": {"attempts": 2, "backoff": "1s"}}}
    async with Workbench(fixer(), tools=TOOLS, models=models) as bench:
        await bench.run(nodes)

        view = (await viewed(bench, nodes)).agents["fix"]

        assert told(view) == [(1, "model", "script/any", "done", "allow")]
        assert (view.costs.calls, view.costs.lost, view.costs.usd) == (2, 1, 2 * PRICE.usd)


@on_virtual_time
async def test_a_choice_of_a_model_is_no_decision_of_the_node() -> None:
    """A node tells what it gave; which model was asked stands with its turns."""
    async with Workbench(fixer(), tools=TOOLS, models=ScriptedModels({"fixer": [DONE]})) as bench:
        await bench.run(FIX)

        node = (await viewed(bench, FIX)).nodes["fix"]

        assert (node.decision, node.output) == (None, {"number": 42})


@on_virtual_time
async def test_of_a_cancelled_agent_nothing_goes_on_and_nobody_is_asked() -> None:
    """A question that was open then is no question any more."""
    judge = rule(Verdict("ask", "paying_is_asked", "policy-1"), "pay")
    models = ScriptedModels({"boss": [calls(("agent:fixer", {})), DONE], "fixer": [calls("pay"), DONE]})
    nodes: dict[str, Any] = {"fix": {"agent": "boss", "input": {}}}
    agents = [fixer("boss", tools=["agent:fixer"]), fixer()]
    async with Workbench(*agents, tools=TOOLS, models=models, judge=judge) as bench, bench.life() as life:
        driver = await bench.start(life, nodes)
        await bench.question("approval")
        await bench.tell(driver, r.CancelNode(path="fix", by="ada"))
        await bench.ended()

        agents_told = (await viewed(bench, nodes)).agents

        assert [step.status for step in agents_told["fix"].steps] == ["done", "stopped"]
        assert [step.status for step in agents_told["fix.2"].steps] == ["done", "stopped"]
