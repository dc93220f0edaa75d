"""The loop of an agent through the whole engine: what it wants is judged, recorded, done, and told to it."""

from __future__ import annotations

from typing import Any

import pytest

from interlock import tool
from interlock.agents import Agent, agent
from interlock.core import events as e
from interlock.core import requests as r
from interlock.core.event_parts import Error
from interlock.core.plan import EffectClass
from interlock.core.values import digest_of
from interlock.core.verdicts import Verdict
from interlock.engine.live_words import Words
from tests.engine.agents.scripted_models import Answers, ScriptedModels, calls
from tests.engine.agents.workbench import RUN, Workbench, failure, outputs, rule
from tests.engine.fleet import on_virtual_time

FIX: dict[str, Any] = {"fix": {"agent": "fixer", "input": {}}}


class Numbers:
    """A number that tools change, and what they were called with."""

    def __init__(self, *, effect: EffectClass = "idempotent") -> None:
        self.number = 0
        self.made: list[str] = []

        @tool(effect="read")
        async def look() -> int:
            """See the number."""
            self.made.append("look")
            return self.number

        @tool(effect=effect)
        async def add(by: int) -> int:
            """Add to the number."""
            self.made.append(f"add {by}")
            self.number += by
            return self.number

        self.tools: list[Any] = [look, add]


def fixer(**keys: Any) -> Agent:  # noqa: ANN401 - the keys of a contract
    """An agent that changes the number."""
    terms: dict[str, Any] = {"tools": ["look", "add"], "output": {"number": "integer"}, "limits": {"steps": 30}} | keys
    return agent("fixer", prompt="You change a number until it is right.", **terms)


DONE = Answers({"number": 42})


@on_virtual_time
async def test_calls_that_are_asked_for_at_once_are_made_at_once_and_each_is_answered() -> None:
    """Their intents ride on one append, before any of them is made."""
    numbers = Numbers()
    models = ScriptedModels({"fixer": [calls(("add", {"by": 40}), "look", ("add", {"by": 2})), DONE]})
    async with Workbench(fixer(), tools=numbers.tools, models=models) as bench:
        state = await bench.run(FIX)

        tools = [body for body in await bench.bodies(e.EffectIntended) if body.kind == "tool"]
        intents = [[type(event.body) for event in append.events] for append in bench.store.appends]
        assert outputs(state) == {"fix": {"number": 42}}
        assert [(body.ordinal, body.name, body.input, body.effect_class) for body in tools] == [
            (2, "add", {"by": 40}, "idempotent"),
            (3, "look", {}, "read"),
            (4, "add", {"by": 2}, "idempotent"),
        ]
        assert [types.count(e.EffectIntended) for types in intents if e.EffectIntended in types] == [1, 3, 1]
        assert numbers.number == 42


@on_virtual_time
async def test_the_result_of_a_step_and_the_intent_of_the_next_ride_on_one_append() -> None:
    """A crash loses both or neither; and a chain of steps costs a commit for each, whatever it is made of."""
    numbers = Numbers()
    steps = [calls(("add", {"by": by})) for by in range(12)]
    models = ScriptedModels({"fixer": [*steps, DONE]})
    async with Workbench(fixer(), tools=numbers.tools, models=models) as bench:
        await bench.run(FIX)

        done = await bench.bodies(e.EffectDone)
        assert len(done) == 25
        assert len(bench.store.appends) <= len(done) + 3


@on_virtual_time
async def test_a_denied_call_is_recorded_and_never_reaches_the_tool_and_the_agent_hears_why() -> None:
    """An auditor sees what was asked and what said no; the agent can try something else."""
    numbers = Numbers()
    judge = rule(Verdict("deny", "no_adding", "policy-1", why="not on Sundays"), "add")
    models = ScriptedModels({"fixer": [calls(("add", {"by": 1}), "look"), calls("look"), DONE]})
    async with Workbench(fixer(), tools=numbers.tools, models=models, judge=judge) as bench:
        state = await bench.run(FIX)

        (refused,) = [body for body in await bench.bodies(e.DecisionMade) if body.error is not None]
        assert outputs(state) == {"fix": {"number": 42}}
        assert (refused.ordinal, refused.name, refused.key) == (2, "add", "turn-1-0")
        assert (refused.decision.point, refused.decision.chosen) == ("policy", "deny")
        assert (refused.decision.rule, refused.decision.digest) == ("no_adding", "policy-1")
        assert refused.error == Error(
            "refused", "the policy does not allow `add` (rule no_adding): not on Sundays", "fix.2"
        )
        assert numbers.made == ["look", "look"]
        assert [body.name for body in await bench.bodies(e.EffectIntended) if body.kind == "tool"] == ["look", "look"]


@on_virtual_time
async def test_every_verdict_that_allows_is_recorded_too() -> None:
    """Who looks for why something was possible finds the rule that allowed it."""
    models = ScriptedModels({"fixer": [calls("look"), DONE]})
    async with Workbench(fixer(), tools=Numbers().tools, models=models) as bench:
        await bench.run(FIX)

        made = await bench.bodies(e.DecisionMade)
        assert [(body.ordinal, body.name, body.decision.point, body.decision.chosen) for body in made] == [
            (1, "", "policy", "allow"),
            (1, "", "model", "script/any"),
            (0, "look", "policy", "allow"),
            (3, "", "policy", "allow"),
            (3, "", "model", "script/any"),
        ]


@pytest.mark.parametrize(("choice", "number"), [("approve", 42), ("deny", 0)])
def test_a_call_that_needs_a_person_is_made_if_they_approve_and_refused_if_not(choice: str, number: int) -> None:
    """The question shows what is about to be done; the answer binds to the arguments and to the policy that asked."""

    @on_virtual_time
    async def story() -> None:
        numbers = Numbers()
        judge = rule(Verdict("ask", "adding_is_grave", "policy-1", why="adding is grave"), "add")
        models = ScriptedModels({"fixer": [calls(("add", {"by": 42})), DONE]})
        async with (
            Workbench(fixer(), tools=numbers.tools, models=models, judge=judge) as bench,
            bench.life() as life,
        ):
            driver = await bench.start(life, FIX)
            path, asked = await bench.question("approval")
            before = list(numbers.made)
            await bench.tell(driver, r.Answer(path=path, by="ada", choice=choice, why="because"))
            state = await bench.ended()

            assert asked.question is not None
            assert asked.question.text == 'May the agent `fixer` call `add` with {"by": 42}? (adding is grave)'
            assert asked.question.choices == ("approve", "deny")
            assert asked.digest == digest_of([RUN, "fix", "add", {"by": 42}, "policy-1"])
            assert (path, before, numbers.number) == ("fix.2", [], number)
            assert outputs(state) == {"fix": {"number": 42}}

    story()


@on_virtual_time
async def test_an_agent_asks_a_person_and_hears_the_answer() -> None:
    """The question is a step like any other: its answer is on record, and the run waits without a clock ticking."""
    question = ("request_human_input", {"question": "Which number?", "choices": ["41", "42"]})
    models = ScriptedModels({"fixer": [calls(question), DONE]})
    contract = fixer(tools=["look", "request_human_input"])
    async with Workbench(contract, tools=Numbers().tools, models=models) as bench, bench.life() as life:
        driver = await bench.start(life, FIX)
        path, asked = await bench.question("person")
        await bench.tell(driver, r.Answer(path=path, by="ada", choice="42"))
        state = await bench.ended()

        assert asked.question is not None
        assert (path, asked.question.text, asked.question.choices) == ("fix.2", "Which number?", ("41", "42"))
        assert outputs(state) == {"fix": {"number": 42}}


@on_virtual_time
async def test_a_model_that_may_not_be_asked_is_not_asked() -> None:
    """Without anybody to ask the agent comes to nothing, and says so."""
    models = ScriptedModels({"fixer": [DONE]})
    judge = rule(Verdict("deny", "no_models", "policy-1"), "script/any")
    async with Workbench(fixer(), models=models, tools=Numbers().tools, judge=judge) as bench:
        state = await bench.run(FIX)

        refused = [body.error for body in await bench.bodies(e.DecisionMade) if body.error is not None]
        assert state.outcome is not None
        assert state.outcome.error is not None
        assert (state.outcome.status, state.outcome.error.kind) == ("failed", "refused")
        assert refused == [Error("refused", "policy: no_models does not allow it")]
        assert models.asked == []


@on_virtual_time
async def test_a_model_is_asked_for_pieces_only_while_somebody_watches() -> None:
    """A stream is work for everybody on its way: what nobody hears comes in one piece."""
    models = ScriptedModels({"fixer": [calls("look"), DONE]})
    heard: list[object] = []
    async with Workbench(fixer(), tools=Numbers().tools, models=models) as bench, bench.life() as life:
        models.hangs_in = lambda asked: asked == ("fixer", 1)
        driver = await bench.start(life, FIX)
        await models.hung.wait()
        driver.watchers.append(heard.append)
        models.release.set()
        await bench.ended()

    assert models.was_heard == [False, True]
    assert heard == [Words("fix", "…")]


@on_virtual_time
async def test_what_of_an_answer_could_not_be_used_is_on_record_with_the_answer() -> None:
    """A call that was made up, and results that do not fit: who reads the log sees what was wrong, to the last."""
    models = ScriptedModels({"fixer": [calls("rm_rf", "look"), Answers({"wrong": 1})]})
    async with Workbench(fixer(), tools=Numbers().tools, models=models) as bench:
        state = await bench.run(FIX)

        made = await bench.bodies(e.DecisionMade)
        noted = [(body.ordinal, body.decision.why) for body in made if body.decision.point == "answer"]
        types = [event.type for event in await bench.log() if getattr(event.body, "ordinal", 0) == 1]
        assert failure(state) == ("failed", "exhausted")
        assert [ordinal for ordinal, _ in noted] == [1, 3, 4]
        assert noted[0][1].startswith("rm_rf: Not called: there is no tool `rm_rf`")
        assert noted[1][1].startswith("Your answer could not be used: answer.wrong is not a field")
        assert types[-2:] == ["decision.made", "effect.done"]
