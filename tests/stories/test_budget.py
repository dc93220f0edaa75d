"""Budgets: limits on calls and on running time, which no interleaving passes (rules 30 and 31)."""

from __future__ import annotations

import pytest

from interlock.core import events as e
from tests.stories.graphs import refusals
from tests.stories.story import Story


def test_a_run_whose_calls_are_spent_fails_before_the_next_one() -> None:
    """Rule 30: it is charged before it is made, so the limit is never passed."""
    run = Story(
        "budget: {calls: 2}\nnodes: {a: {tool: work}, b: {tool: work}, c: {tool: work, after: [a, b]}}"
    ).starts()

    run.does("a").does("b")

    assert run.error == e.Error("exhausted", "the budget of 2 calls is spent", "c")
    assert run.paths("node.started") == ["a", "b"]


def test_a_limit_holds_for_what_starts_at_once_too() -> None:
    """Rule 30: of many that are ready together only as many start as may."""
    run = Story("budget: {calls: 2}\nnodes: {g: {each: [1, 2, 3], do: {tool: work}}}").starts()

    assert run.paths("node.started") == ["g:0", "g:1"]
    assert run.ends == {"g:2": "failed"}


def test_an_attempt_is_a_call() -> None:
    """Rules 30 and 32: what is tried three times is paid three times."""
    run = Story("nodes: {a: {tool: work, budget: {calls: 2}, retry: {attempts: 5, backoff: 1s}}}").starts()

    run.fails("a").waits_for(1).fails("a").waits_for(2)

    assert run.error == e.Error("exhausted", "the budget of 2 calls is spent", "a")


def test_a_node_that_holds_others_limits_all_inside() -> None:
    """Rule 30: the limit stands above every call in it, in any depth."""
    run = Story("""
    nodes:
      part: {budget: {calls: 1}, on_error: continue, graph: {nodes: {g: {each: [1, 2], parallel: 1, do: {tool: work}}}}}
      after: {tool: work, after: part}
    """).starts()

    run.does("part/g:0")

    assert run.ends == {"part/g:0": "succeeded", "part/g:1": "failed", "part/g": "failed", "part": "failed"}
    assert run.in_flight == ["after"]


def test_a_graph_inside_keeps_its_own_limit() -> None:
    """Rule 30: what it says of itself holds wherever it is called."""
    sub = "graph: sub\nbudget: {calls: 1}\nnodes: {a: {tool: work}, b: {tool: work, after: a}}"
    run = Story("nodes: {s: {graph: sub}}", graphs={"sub": sub}).starts()

    run.does("s/a")

    assert run.error.path == "s/b"


def test_a_spent_budget_does_not_keep_a_run_from_tidying_up() -> None:
    """Rule 30: what is to be done in any case is done also where the limit is what ended the run."""
    run = Story("""
    budget: {calls: 1}
    nodes: {a: {tool: work}, b: {tool: work, after: a}}
    finally: {close: {tool: write}}
    """).starts()

    run.does("a").does("finally/close")

    assert run.ends == {"a": "succeeded", "b": "failed", "finally/close": "succeeded"}
    assert run.error == e.Error("exhausted", "the budget of 1 calls is spent", "b")


def test_a_spent_budget_is_held_like_any_failure() -> None:
    """Rules 16 and 30: a person may let it fail, skip it, or raise the limit elsewhere."""
    run = Story("on_failure: hold\nbudget: {calls: 1}\nnodes: {a: {tool: work}, b: {tool: work, after: a}}").starts()

    run.does("a")

    assert run.waits == {"b": "failure"}


def test_the_budget_of_time_counts_only_while_something_runs() -> None:
    """Rule 31: waiting for a person costs nothing."""
    run = Story("""
    budget: {wall: 1m}
    nodes:
      a: {tool: work}
      ask: {human: "Go?", choices: [go], after: a}
      b: {tool: work, after: ask}
    """).starts()

    run.waits_for(50).does("a").waits_for(3600).answers("ask", "go").waits_for(9)
    before = run.in_flight
    run.waits_for(1).does("b")

    assert before == ["b"]
    assert (run.outcome.status, run.error.kind) == ("failed", "exhausted")
    assert run.error.message == "the run's budget of 60 s of running time is spent"


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        ("nodes: {a: {tool: work, budget: {wall: 1m}}}", "nodes.a.budget.wall: `wall` is not a key of `budget`"),
        ("nodes: {a: {value: 1, budget: {calls: 1}}}", "nodes.a.budget: `budget` is not a key of a value node"),
    ],
)
def test_a_limit_that_would_have_no_effect_is_refused(text: str, refusal: str) -> None:
    """A limit that is written down and not kept is worse than none."""
    assert refusals(text) == [refusal]
