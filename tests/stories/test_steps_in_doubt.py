"""Steps that may happen only once and were under way when their call ended: none is forgotten (rules 33 and 35)."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from interlock.core import events as e
from interlock.core import requests as r
from interlock.core.evolve import evolve
from interlock.core.plan import EffectClass
from interlock.core.settle import fold, settle
from interlock.core.state import RunState
from tests.stories.story import Story, step_id

FIX = "nodes: {fix: {tool: write}}"


def says_of(run: Story, path: str, ordinal: int, *, happened: bool) -> Story:
    """Somebody has looked what became of a step."""
    status = "done" if happened else "not_done"
    return run.receives(r.SettleEffect(effect=step_id(path, ordinal), status=status, by="ada"))


def test_a_step_that_its_worker_has_died_in_is_asked_about_before_its_cancelled_node_ends() -> None:
    """No call comes after it that could find it under way: the money may be gone, and nobody would look."""
    run = Story(FIX).starts().intends("fix", 1).cancels("fix")

    run.is_lost("fix")
    asked, on_record = run.waits, run.bodies("effect.unknown", "fix")
    says_of(run, "fix", 1, happened=True)

    message = "step 1 `step` was begun and its result is not on record: whether it happened is unknown"
    assert asked == {"fix": "reconcile"}
    assert on_record == [e.EffectUnknown(1, step_id("fix", 1), e.Error("lost", message, "fix.1"), holds=True)]
    assert run.ends == {"fix": "cancelled"}


def test_a_step_is_asked_about_as_soon_as_its_worker_has_died() -> None:
    """Another call would only come to it and stop there: what has to be asked anyway is asked at once."""
    run = Story(FIX).starts().intends("fix", 1)

    run.is_lost("fix")
    asked = run.last("node.waiting").effect
    says_of(run, "fix", 1, happened=False)

    assert asked == step_id("fix", 1)
    assert run.told()[-3:] == ["effect.settled fix.1", "node.retrying fix", "node.started fix"]


@pytest.mark.parametrize("effect_class", ["read", "idempotent"])
def test_a_step_that_does_no_harm_twice_keeps_no_cancelled_node_from_ending(effect_class: EffectClass) -> None:
    """Rule 35: whatever became of it, nobody has to look."""
    run = Story(FIX).starts().intends("fix", 1, effect=effect_class).cancels("fix")

    run.is_lost("fix")

    assert run.ends == {"fix": "cancelled"}


def test_a_question_to_a_person_is_withdrawn_with_its_cancelled_node() -> None:
    """Rule 29: asking changes nothing, so there is nothing to find out."""
    question = e.Question("Sure?", ("yes", "no"))
    run = Story(FIX).starts().intends("fix", 1, "ask", question=question).cancels("fix")

    run.is_lost("fix")

    assert run.ends == {"fix": "cancelled"}


def test_a_node_that_is_out_of_time_for_good_ends_when_its_step_is_known() -> None:
    """A step that hangs is the very one that may have happened."""
    run = Story(FIX).starts().intends("fix", 1)

    run.is_lost("fix", "timeout")
    asked = run.waits
    says_of(run, "fix", 1, happened=True)

    assert asked == {"fix": "reconcile"}
    assert run.error == e.Error("timeout", "nobody knows", "fix")


def test_a_node_that_has_failed_beside_a_step_under_way_fails_when_that_is_known() -> None:
    """Of two steps at a time one broke and its tool gave up: what became of the other was not waited for."""
    run = Story(FIX).starts().intends("fix", 1).intends("fix", 2)

    run.fails("fix")
    asked = run.waits
    says_of(run, "fix", 1, happened=False)
    says_of(run, "fix", 2, happened=True)

    assert asked == {"fix": "reconcile"}
    assert run.error == e.Error("failed", "it broke", "fix")


def test_a_known_failure_is_still_a_new_attempt_once_its_steps_are_known() -> None:
    """Rule 33: only the question comes between; nothing of the last attempt answers the next."""
    run = Story("nodes: {fix: {tool: write, retry: {attempts: 2, backoff: 1s}}}").starts().intends("fix", 1)
    first = run.effect("fix")

    run.fails("fix")
    says_of(run, "fix", 1, happened=True).waits_for(1)

    assert run.effect("fix") != first
    assert run.attempt("fix").steps == {}


def test_of_a_call_that_may_happen_once_the_whole_is_asked_about_first() -> None:
    """Its `reconcile` can often tell, and where it was done so were its steps: no person has to look for each."""
    run = Story("nodes: {fix: {tool: pay}}").starts().intends("fix", 1)

    run.is_lost("fix")
    asked = run.last("node.waiting").effect
    whole = run.effect("fix")
    run.settles("fix", "done", "receipt 7")

    assert asked == whole
    assert run.outputs == {"fix": "receipt 7"}


def test_of_a_call_that_was_not_done_as_a_whole_the_steps_under_way_are_asked_about() -> None:
    """Some of it may have happened all the same, also where nothing calls it again."""
    run = Story("nodes: {fix: {tool: pay}}").starts().intends("fix", 1).cancels("fix").is_lost("fix")

    run.settles("fix", "not_done")
    asked = run.last("node.waiting").effect
    says_of(run, "fix", 1, happened=True)

    assert asked == step_id("fix", 1)
    assert run.ends == {"fix": "cancelled"}


def test_a_cancelled_call_whose_undo_would_count_is_asked_about_as_a_whole_first() -> None:
    """Rule 35: if it was done it is taken back, and its steps with it."""
    text = "nodes: {fix: {tool: write, undo: {tool: unpay}}}"
    run = Story(text).starts().intends("fix", 1).cancels(rollback=True).is_lost("fix")

    run.settles("fix", "done")
    run.undoes("fix")

    assert run.outcome.status == "rolled_back"


def test_what_takes_back_fails_for_good_only_when_its_steps_are_known() -> None:
    """Money that may have been returned must not be returned again by hand."""
    text = "nodes: {a: {tool: pay, undo: {tool: unpay}}, b: {tool: work, after: a}}"
    run = Story(text).starts().does("a").cancels(rollback=True).does("b").intends("a!undo", 1)

    run.undoes("a", "unknown", "timeout")
    waits_for = run.last("undo.waiting").effect
    says_of(run, "a!undo", 1, happened=True)

    assert waits_for == step_id("a!undo", 1)
    assert run.outcome.not_undone == ("a",)


def test_a_question_about_a_step_is_no_death() -> None:
    """Two workers died, and a third found out that a step was in doubt: nothing here has killed three."""
    run = Story(FIX).starts().intends("fix", 1, effect="idempotent").is_lost("fix").is_lost("fix")

    run.comes_to_a_doubt("fix", 1)
    asked = run.waits
    says_of(run, "fix", 1, happened=False)

    assert asked == {"fix": "reconcile"}
    assert (run.in_flight, run.attempt("fix").deaths) == (["fix"], 2)


def test_three_deaths_end_a_node_however_many_doubts_come_between() -> None:
    """Rule 33: what kills a worker each time is not tried for ever."""
    run = Story(FIX).starts().intends("fix", 1, effect="idempotent").is_lost("fix").is_lost("fix")
    says_of(run.comes_to_a_doubt("fix", 1), "fix", 1, happened=True)

    run.is_lost("fix")

    assert run.error == e.Error("lost", "its worker died 3 times in it; the last time: nobody knows", "fix")


def test_two_deaths_in_a_step_that_is_asked_about_each_time_are_two() -> None:
    """A person has said twice that it did not happen: there is a third try, and no fourth."""
    run = Story(FIX).starts()
    says_of(run.intends("fix", 1).is_lost("fix"), "fix", 1, happened=False)
    says_of(run.intends("fix", 1).is_lost("fix"), "fix", 1, happened=False)

    tried = run.in_flight
    says_of(run.intends("fix", 1).is_lost("fix"), "fix", 1, happened=False)

    assert tried == ["fix"]
    assert run.error.kind == "lost"


def test_a_doubt_is_no_death_of_what_takes_back_either() -> None:
    """Rule 33 holds for an undo as for what it takes back."""
    run = Story("nodes: {a: {tool: pay, undo: {tool: unpay}}, b: {tool: work, after: a}}").starts().does("a")
    run.cancels(rollback=True).does("b").intends("a!undo", 1, effect="idempotent")
    run.undoes("a", "unknown", "lost").undoes("a", "unknown", "lost").has_lost("a!undo", 1)
    doubt = e.UndoResult(run.effect("a!undo"), "unknown", e.Error("lost", "nobody knows", "a!undo.1"))

    says_of(run.receives(r.UndoneResult(path="a!undo", result=doubt)), "a!undo", 1, happened=False)

    assert run.in_flight == ["a!undo"]


def test_a_log_in_which_a_doubt_counted_as_a_death_is_decided_as_it_was() -> None:
    """A run that was given up for it stays given up."""
    run = Story(FIX).starts().intends("fix", 1, effect="idempotent").is_lost("fix").is_lost("fix")
    run.comes_to_a_doubt("fix", 1)
    state = fold(run.plan, RunState("run"), [_as_it_was(event) for event in run.log])

    said = e.EffectSettled(step_id("fix", 1), "not_done")
    state = evolve(run.plan, state, e.Event(state.seq + 1, run.now, "fix.1", said))
    decided = settle(run.plan, state, at=run.now).events

    assert [event.type for event in decided] == ["node.failed", "scope.stopping", "run.ended"]


def test_a_log_in_which_a_cancelled_node_ended_with_a_step_in_doubt_is_decided_as_it_was() -> None:
    """What was decided before doubts were recorded as holding their node must be decided again."""
    run = Story(FIX).starts().intends("fix", 1).has_lost("fix", 1).cancels("fix")
    before = [_as_it_was(event) for event in run.log]
    state = fold(run.plan, RunState("run"), before)

    lost = e.NodeResult(run.effect("fix"), "unknown", error=e.Error("lost", "nobody knows"))
    state = evolve(run.plan, state, e.Event(len(before) + 1, run.now, "fix", lost))
    decided = settle(run.plan, state, at=run.now).events

    assert [event.type for event in decided] == ["node.cancelled", "run.ended"]


def _as_it_was(event: e.Event) -> e.Event:
    """The event as it was written before doubts held their node."""
    body = event.body
    return replace(event, body=replace(body, holds=False)) if isinstance(body, e.EffectUnknown) else event
