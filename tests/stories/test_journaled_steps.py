"""Steps that a node's own code journals: each is on record, so a repeat does not make it again (rule 33)."""

from __future__ import annotations

from interlock.core import events as e
from interlock.core import requests as r
from interlock.core.agent_contract import AgentContract
from tests.stories.agent_steps import AgentSteps
from tests.stories.graphs import compiled
from tests.stories.story import Story, step_id

FIX = "nodes: {fix: {tool: pay}}"
FIXER = AgentContract(name="fixer", tools=("pay",))


def steps(run: Story, path: str) -> dict[int, str]:
    """What the state knows of the steps of the node at a path."""
    attempt = run.attempt(path)
    return {ordinal: step.status for ordinal, step in attempt.steps.items()}


def test_a_step_is_intended_before_it_is_made_and_its_result_is_on_record() -> None:
    """Rule 5 of the design: recovering is looking at what the log says, never guessing."""
    run = Story(FIX).starts()

    run.intends("fix", 1, "build").has_done("fix", 1, {"ok": "yes"}).intends("fix", 2, "push")

    assert steps(run, "fix") == {1: "done", 2: "intended"}
    assert run.attempt("fix").steps[1].out == {"ok": "yes"}
    assert run.told()[2:] == ["effect.intended fix", "effect.done fix", "effect.intended fix"]


def test_steps_that_are_known_survive_the_death_of_a_worker() -> None:
    """Rule 33: the attempt is repeated under its id, and what was done is answered from the record."""
    run = Story("nodes: {fix: {tool: write}}").starts()

    run.intends("fix", 1).has_done("fix", 1, "built").is_lost("fix")

    assert run.in_flight == ["fix"]
    assert steps(run, "fix") == {1: "done"}


def test_a_known_failure_begins_with_an_empty_journal() -> None:
    """Rule 33: it is a new attempt with a new id, and so are its steps."""
    run = Story("nodes: {fix: {tool: write, retry: {attempts: 2, backoff: 1s}}}").starts()

    run.intends("fix", 1).has_done("fix", 1, "built").fails("fix").waits_for(1)

    assert steps(run, "fix") == {}


def test_a_step_of_which_nobody_knows_holds_its_node_until_somebody_says() -> None:
    """Rule 33: the step is addressed as `fix.1`; with word on every step, the node goes on under its id."""
    run = Story(FIX).starts()
    effect = run.effect("fix")

    run.intends("fix", 1).has_lost("fix", 1).is_lost("fix")
    waits, asked = run.waits, run.last("node.waiting").effect
    run.receives(r.SettleEffect(effect=step_id("fix", 1), status="done", out="built", by="ada"))

    assert (waits, asked) == ({"fix": "reconcile"}, step_id("fix", 1))
    assert run.told()[-2:] == ["node.retrying fix", "node.started fix"]
    assert run.effect("fix") == effect
    assert run.attempt("fix").steps[1].out == "built"


def test_every_unknown_step_is_settled_by_itself() -> None:
    """Rule 33: what one of them came to says nothing about the other."""
    run = Story(FIX).starts().intends("fix", 1).intends("fix", 2).has_lost("fix", 1).has_lost("fix", 2).is_lost("fix")

    run.receives(r.SettleEffect(effect=step_id("fix", 1), status="done"))
    waits = run.waits
    run.receives(r.SettleEffect(effect=step_id("fix", 2), status="not_done"))

    assert waits == {"fix": "reconcile"}
    assert steps(run, "fix") == {1: "done", 2: "not_done"}


def test_code_inside_a_node_asks_a_person_under_the_path_of_its_step() -> None:
    """Rule 33: the k-th question inside a node is `fix.k`."""
    run = Story(FIX).starts().intends("fix", 1, "ask", question=e.Question("Sure?", ("yes", "no")))

    refused = run.offers(r.Answer(path="fix.1", by="ada", choice="perhaps"))
    run.answers("fix.1", "yes")

    assert refused == "'perhaps' is not one of yes, no"
    assert run.attempt("fix").steps[1].out == {"choice": "yes", "form": None, "why": ""}


def test_an_answer_inside_a_node_is_taken_once() -> None:
    """Rule 29: later answers are refused at the door."""
    run = Story(FIX).starts().intends("fix", 1, "ask", question=e.Question("Sure?", ("yes", "no")))

    run.answers("fix.1", "yes")

    assert run.offers(r.Answer(path="fix.1", by="bob", choice="no")) == (
        "fix.1 is not waiting for an answer, and nothing in this run is"
    )


def test_a_step_is_a_call_and_a_question_is_not() -> None:
    """Rule 30: every contact with the world counts against the limits above it; asking costs nothing."""
    run = Story("budget: {calls: 2}\nnodes: {fix: {tool: pay}}").starts()

    run.intends("fix", 1, "ask", question=e.Question("Sure?", ("yes",))).intends("fix", 2, "build")

    step = e.EffectIntended(3, step_id("fix", 3), "push")
    assert run.offers(r.StepNoted(path="fix", step=step)) == "the budget of 2 calls is spent"


def test_steps_that_come_after_their_attempt_are_recorded_no_more() -> None:
    """Rule 33: whoever makes them works for nobody."""
    run = Story("nodes: {fix: {tool: pay}, other: {tool: work}}").starts().does("fix")

    step = e.EffectIntended(1, step_id("fix", 1), "push")
    assert run.offers(r.StepNoted(path="fix", step=step)) == "fix is not in flight: its steps are recorded no more"


def test_a_step_that_was_under_way_when_its_worker_died_for_the_last_time_is_asked_about() -> None:
    """No try comes after it that could tell that it was under way: nobody would hear of it."""
    run = Story("nodes: {fix: {tool: write}}").starts().is_lost("fix").is_lost("fix").intends("fix", 1)

    run.is_lost("fix")
    asked = run.waits
    run.receives(r.SettleEffect(effect=step_id("fix", 1), status="done", out="built", by="ada"))

    assert asked == {"fix": "reconcile"}
    assert run.error == e.Error("lost", "its worker died 3 times in it; the last time: nobody knows", "fix")


def test_a_question_inside_a_step_that_has_settled_is_withdrawn() -> None:
    """A tool of an agent ran out of time while it asked: nobody is to answer what nobody waits for."""
    run = Story.of(compiled("nodes: {fix: {agent: fixer}}", agents=(FIXER,))).starts()
    agent, tool = AgentSteps(run, "fix"), AgentSteps(run, "fix.1")
    agent.begins(1, "tool", "pay")
    tool.asks(1, "person", "yes", "no")

    agent.has_failed(1)

    assert run.told()[-2:] == ["effect.failed fix.1", "effect.failed fix"]
    assert run.bodies("effect.failed", "fix.1")[0].error == e.Error(
        "cancelled", "what asked it has ended: nobody waits for the answer", "fix.1.1"
    )
    assert run.offers(r.Answer(path="fix.1.1", by="ada", choice="yes")) == (
        "fix.1.1 is not waiting for an answer, and nothing in this run is"
    )


def test_who_answers_what_is_not_asked_is_told_what_is() -> None:
    """Also where it is asked by a step: a path is easily mistyped."""
    run = Story(FIX).starts().intends("fix", 1, "ask", question=e.Question("Sure?", ("yes", "no")))

    assert run.offers(r.Answer(path="fix.2", by="ada", choice="yes")) == (
        "fix.2 is not waiting for an answer; did you mean fix.1?"
    )
