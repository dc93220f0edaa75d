"""Going on from an ended run: what does not depend on what has to run again is taken over (rule 42)."""

from __future__ import annotations

import pytest

from interlock.core import requests as r
from interlock.core.continuing.adopting import results_to_adopt, undos_to_adopt
from interlock.core.events import Start
from tests.stories.story import Story


def continued(parent: Story, kind: Start = "retry") -> Story:
    """A new run of the same graph, linked to an ended one."""
    adopted = {"retry": results_to_adopt, "rollback": undos_to_adopt}[kind](parent.plan, "run", parent.log)
    run = Story.of(parent.plan)
    inputs = parent.last("run.started").inputs
    return run.receives(r.StartRun(inputs=inputs, kind=kind, parent="run", adopted=tuple(adopted)))


CHAIN = """
nodes:
  a: {tool: work}
  b: {tool: pay, input: {a: "${a}"}}
  c: {tool: work, input: {b: "${b}"}}
  other: {tool: work}
"""


def test_what_succeeded_upstream_of_the_failure_is_not_run_again() -> None:
    """Rule 42: a retry pays only for what is missing."""
    first = Story(CHAIN).starts().does("a", 1).does("other", "o").does("b", 2).fails("c")

    second = continued(first).does("c", 3)

    assert second.paths("node.started") == ["c"]
    assert second.given("c") == {"b": 2}
    assert second.outputs == {"c": 3, "other": "o"}


def test_an_adopted_result_is_on_record_with_where_it_came_from() -> None:
    """Rule 42: stored once, its effect id unchanged."""
    first = Story(CHAIN).starts().does("a", 1).does("other").does("b", 2).fails("c")

    second = continued(first)

    adopted = second.last("result.adopted", "b")
    started = first.bodies("node.started", "b")[0]
    result = next(event for event in first.log if event.type == "node.result" and event.path == "b")
    assert (adopted.parent_seq, adopted.out, adopted.effect) == (result.seq, 2, started.effect)
    assert second.last("node.succeeded", "b").adopted == result.seq


def test_reuse_is_by_dependency_and_not_by_position_in_the_log() -> None:
    """Rule 42: what came after the failure in time is taken over all the same, if it does not hang on it."""
    first = Story(CHAIN).starts().does("a", 1).fails("b")
    late = Story(CHAIN.replace("b: {tool: pay", "b: {tool: pay, on_error: continue")).starts()
    late.does("a", 1).fails("b").does("other", "o").fails("c")

    assert continued(first).in_flight == ["other", "b"]
    assert continued(late).in_flight == ["b"]


def test_an_answer_is_taken_over_and_nobody_is_asked_twice() -> None:
    """Rule 42: what people said is a result like any other."""
    text = "nodes: {ask: {human: 'Go?', choices: [go]}, a: {tool: work, after: {ask: {on: go}}}}"
    first = Story(text).starts().answers("ask", "go").fails("a")

    second = continued(first)

    assert (second.in_flight, second.waits) == (["a"], {})


def test_items_that_succeeded_are_taken_over_one_by_one() -> None:
    """Rule 42: of a thousand pages only those that failed are read again."""
    text = "nodes: {g: {each: [a, b, c], do: {tool: work}}}"
    first = Story(text).starts().does("g:0", "A").does("g:2", "C").fails("g:1")

    second = continued(first).does("g:1", "B")

    assert second.paths("node.started") == ["g:1"]
    assert second.outputs == {"g": ["A", "B", "C"]}


def test_rounds_after_one_that_runs_again_run_again() -> None:
    """Rule 42: a later round of a loop depends on those before it."""
    text = "nodes: {l: {loop: {a: {tool: work}, b: {tool: other, after: a}}, until: '${b.ok}', max: 5}}"
    first = Story(text).starts().does("l:0/a").does("l:0/b", {"ok": False}).does("l:1/a").fails("l:1/b")

    second = continued(first)

    assert second.paths("node.started") == ["l:1/b"]


def test_a_compensated_node_counts_as_not_run() -> None:
    """Rule 42: what was taken back is not there any more."""
    text = """
    on_failure: rollback
    nodes: {a: {tool: pay, undo: {tool: unpay}}, r: {tool: work}, b: {tool: work, after: [a, r]}}
    """
    first = Story(text).starts().does("a").does("r").fails("b").undoes("a")

    assert continued(first).paths("node.started") == ["a"]


def test_a_later_rollback_takes_back_what_an_ended_run_has_left() -> None:
    """Rule 42: it is a linked run that only undoes, the last first."""
    text = """
    nodes:
      a: {tool: pay, undo: {tool: unpay}}
      b: {tool: pay, undo: {tool: unpay}, after: a}
      c: {tool: work, after: b}
    """
    first = Story(text).starts().does("a").does("b").fails("c")

    second = continued(first, "rollback").undoes("b").undoes("a")

    assert second.paths("node.started") == []
    assert second.outcome.status == "rolled_back"


def test_an_ended_run_is_never_opened_again() -> None:
    """Rule 42: a late result, an answer, a timer: nothing moves it."""
    run = Story(CHAIN).starts().does("a").fails("b").does("other")

    assert run.outcome.status == "failed"
    assert run.offers(r.TimePassed()) == "run run has ended (failed): retry or rollback makes a new one"


@pytest.mark.parametrize("kind", ["start", "retry", "rollback"])
def test_why_a_run_was_made_is_on_record(kind: Start) -> None:
    """Rule 42: `parent` and `kind`."""
    run = Story("nodes: {a: {tool: work}}")

    run.receives(r.StartRun(inputs={}, kind=kind, parent="before"))

    assert run.last("run.started").kind == kind
