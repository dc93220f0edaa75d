"""Effects of which nobody knows what became: repeated only where that does no harm (rule 33)."""

from __future__ import annotations

import pytest

from interlock.core import events as e
from interlock.core import requests as r
from interlock.core.evolve import evolve
from interlock.core.plan import EffectClass, ToolContract
from interlock.core.settle import settle
from tests.stories.graphs import tool
from tests.stories.story import Story, step_id

TOOLS = (tool("read", "read"), tool("idempotent", "idempotent"), tool("once", "once"))


def calling(effect: EffectClass, keys: str = "") -> Story:
    """A run that has called a tool of this effect class."""
    return Story(f"nodes: {{a: {{tool: {effect}{keys}}}}}", tools=TOOLS).starts()


@pytest.mark.parametrize("effect", ["read", "idempotent"])
def test_after_a_crash_what_may_be_repeated_is_under_the_same_id_at_once(effect: EffectClass) -> None:
    """Rule 33: a worker that died is no failure of the tool, and needs no `retry`."""
    run = calling(effect)
    first = run.effect("a")

    run.is_lost("a")

    assert (run.in_flight, run.effect("a")) == (["a"], first)
    assert [body.attempt for body in run.bodies("node.started")] == [1, 1]


def test_after_a_crash_what_may_happen_only_once_waits_for_word() -> None:
    """Rule 33: paying twice is worse than asking."""
    run = calling("once")

    run.is_lost("a")

    assert run.waits == {"a": "reconcile"}
    assert run.last("node.waiting").effect == run.effect("a")


def test_word_that_it_was_done_is_taken_as_its_result() -> None:
    """Rule 33: from the `reconcile` hook or a person."""
    run = calling("once").is_lost("a")

    run.settles("a", "done", {"receipt": 7})

    assert run.outputs == {"a": {"receipt": 7}}


def test_a_result_that_the_tool_would_not_have_given_is_not_taken() -> None:
    """Rule 33: what comes by word of mouth meets the same contract as what the tool returns."""
    pay = ToolContract(name="pay", effect="once", output={"type": "string"})
    run = Story("nodes: {a: {tool: pay}}", tools=(pay,)).starts().is_lost("a")

    refused = run.offers(r.SettleEffect(effect=run.effect("a"), status="done", out=5, by="ada"))

    assert refused == "the result is not what a gives: result is 5, not text"
    assert run.settles("a", "done", "receipt 7").outputs == {"a": "receipt 7"}


def test_word_that_it_was_not_done_repeats_it_under_the_same_id() -> None:
    """Rule 33: so whoever receives it can tell, should the word have been wrong."""
    run = calling("once")
    first = run.effect("a")

    run.is_lost("a").settles("a", "not_done")

    assert (run.in_flight, run.effect("a")) == (["a"], first)


def test_an_effect_whose_worker_died_three_times_in_it_fails_as_lost() -> None:
    """Rule 33: something in it kills workers; a fourth would not live longer."""
    run = calling("read", ", retry: {attempts: 10}").is_lost("a").is_lost("a")

    run.is_lost("a")

    assert run.error == e.Error("lost", "its worker died 3 times in it; the last time: nobody knows", "a")


def test_deaths_count_for_once_effects_too() -> None:
    """Rule 33: word that it was not done does not bring the dead back."""
    run = calling("once").is_lost("a").settles("a", "not_done").is_lost("a").settles("a", "not_done").is_lost("a")

    run.settles("a", "not_done")

    assert run.error.kind == "lost"


def test_a_timeout_whose_effect_is_unknown_keeps_its_id_and_counts_as_an_attempt() -> None:
    """Rule 33: a repeat counts against `attempts`; the id is that of the attempt that first used it."""
    run = calling("read", ", retry: {attempts: 2, backoff: 1s}")
    first = run.effect("a")

    run.is_lost("a", "timeout").waits_for(1)
    second = run.last("node.started")
    run.is_lost("a", "timeout")

    assert (second.attempt, second.effect) == (2, first)
    assert run.error.kind == "timeout"


def test_a_once_effect_that_timed_out_is_not_retried_whatever_retry_says() -> None:
    """Rule 33: the time was up for us; what it did goes on."""
    run = calling("once", ", retry: {attempts: 5}")

    run.is_lost("a", "timeout")

    assert run.waits == {"a": "reconcile"}


def test_a_known_failure_of_a_once_effect_is_retried_as_a_new_one() -> None:
    """Rule 33: it is known not to have happened."""
    run = calling("once", ", retry: {attempts: 2, backoff: 1s}")
    first = run.effect("a")

    run.fails("a").waits_for(1)

    assert run.effect("a") != first


def test_ids_are_computed_from_run_path_and_attempt() -> None:
    """Rule 33: the same on every machine and in every replay, and no two alike."""
    text = "nodes: {g: {each: [1, 2], do: {tool: read}}}"

    first, again = Story(text, tools=TOOLS).starts(), Story(text, tools=TOOLS).starts()

    assert first.effect("g:0") == again.effect("g:0")
    assert first.effect("g:0") != first.effect("g:1")


def test_a_cancelled_once_effect_must_be_known_before_its_node_ends() -> None:
    """Rules 33 and 35: it may have been done, and then its undo counts."""
    run = Story("nodes: {a: {tool: pay, undo: {tool: unpay}}}").starts()

    run.cancels(rollback=True).is_lost("a")
    waits = run.waits
    run.settles("a", "done").undoes("a")

    assert waits == {"a": "reconcile"}
    assert run.ends == {"a": "cancelled"}
    assert run.outcome.status == "rolled_back"


def test_a_cancelled_read_need_not_be_known() -> None:
    """Rule 35: whatever it was, nothing was changed."""
    run = calling("read")

    run.cancels().is_lost("a")

    assert run.ends == {"a": "cancelled"}


def test_deaths_between_which_something_was_done_are_no_row() -> None:
    """Rule 33: an agent that works for days outlives more than two workers, and comes on all the same."""
    run = Story("nodes: {a: {tool: write}}").starts().is_lost("a").is_lost("a")

    run.intends("a", 1, effect="read").has_done("a", 1).is_lost("a").is_lost("a")
    counted = (run.attempt("a").deaths, run.attempt("a").deaths_in_a_row)
    run.is_lost("a")

    assert counted == (4, 2)
    assert run.error == e.Error("lost", "its worker died 3 times in it; the last time: nobody knows", "a")


def test_a_step_that_was_lost_twice_is_nothing_done() -> None:
    """It may be what kills the workers: that it is put on record as lost must not let it kill three more."""
    run = Story("nodes: {a: {tool: write}}").starts().intends("a", 1, effect="read").is_lost("a").is_lost("a")
    lost = e.EffectFailed(1, step_id("a", 1), e.Error("lost", "nobody knows"))

    run.receives(r.StepNoted(path="a", step=lost)).is_lost("a")

    assert run.error.kind == "lost"


def test_logs_that_do_not_say_that_something_was_done_are_decided_as_they_were() -> None:
    """A run that an earlier release has ended as lost is still ended so by this one."""
    run = Story("nodes: {a: {tool: write}}").starts().intends("a", 1, effect="read").is_lost("a").is_lost("a")
    run.has_done("a", 1)
    older = e.NodeResult(run.effect("a"), "unknown", error=e.Error("lost", "nobody knows", "a"))

    state = evolve(run.plan, run.copy(), e.Event(run.state.seq + 1, run.state.at, "a", older))
    decided = settle(run.plan, state, at=run.state.at).events

    assert [event.type for event in decided] == ["node.failed", "scope.stopping", "run.ended"]


def test_what_takes_back_comes_on_too() -> None:
    """Rule 33 holds for an undo as for what it takes back."""
    run = Story("nodes: {a: {tool: pay, undo: {tool: unpay}}, b: {tool: work, after: a}}").starts().does("a")
    run.cancels(rollback=True).does("b").undoes("a", "unknown", "lost").undoes("a", "unknown", "lost")

    run.intends("a!undo", 1, effect="idempotent").has_done("a!undo", 1).undoes("a", "unknown", "lost").undoes("a")

    assert run.outcome.status == "rolled_back"
