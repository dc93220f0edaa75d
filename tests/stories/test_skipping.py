"""Skipping: a node that can never start says so at once, and it flows on (rules 12 and 13)."""

from __future__ import annotations

import pytest

from tests.stories.story import Story


def test_a_condition_that_is_false_skips_the_node() -> None:
    """Rule 12: `when` is looked at before the input, which may need what is not there."""
    run = Story("""
    inputs: {pr: integer}
    nodes: {a: {tool: work, when: "${inputs.pr > 7}", input: {x: "${1 / inputs.pr}"}}}
    """).starts(pr=0)

    assert run.ends == {"a": "skipped"}
    assert run.last("node.skipped").because == ("when",)


def test_skipping_flows_on_along_plain_edges() -> None:
    """Rule 12: every node settles, so nobody waits for what cannot come."""
    run = Story("""
    nodes: {a: {tool: work, when: "${1 > 2}"}, b: {tool: work, after: a}, c: {value: "${b}"}}
    """).starts()

    assert run.ends == {"a": "skipped", "b": "skipped", "c": "skipped"}
    assert run.outputs == {"c": None}


def test_an_edge_can_wait_for_a_node_to_be_skipped() -> None:
    """Rule 12: `on: skipped` catches it."""
    run = Story("""
    nodes: {a: {tool: work, when: "${1 > 2}"}, b: {value: instead, after: {a: {on: skipped}}}}
    """).starts()

    assert run.outputs == {"b": "instead"}


def test_an_edge_can_wait_for_a_node_to_be_cancelled() -> None:
    """Rule 12: and `on: cancelled` that."""
    run = Story("nodes: {a: {tool: work}, b: {value: instead, after: {a: {on: cancelled}}}}").starts()

    run.cancels("a").does("a")

    assert run.outputs == {"b": "instead"}


def test_what_never_started_is_skipped_and_what_had_started_is_cancelled() -> None:
    """Rule 13: the words say whether anything can have happened."""
    run = Story("nodes: {a: {tool: work}, b: {tool: work, after: a}, c: {tool: other}}").starts()

    run.cancels("b").cancels("a").does("a").does("c")

    assert run.ends == {"b": "skipped", "a": "cancelled", "c": "succeeded"}


def test_branches_that_were_split_by_a_choice_join_again() -> None:
    """Rules 7 and 12: dead edges make the join exact, and the absent branch reads as nothing."""
    run = Story("""
    inputs: {n: integer}
    nodes:
      size: {choose: [{label: big, when: "${inputs.n > 10}"}, {label: small}]}
      left: {tool: work, after: {size: {on: big}}}
      right: {tool: work, after: {size: {on: small}}}
      merge: {value: '${left.?x.orValue(right.?x.orValue(0))}', after: [left, right], join: any}
    """).starts(n=3)

    run.does("right", {"x": 5})

    assert run.ends == {"size": "succeeded", "left": "skipped", "right": "succeeded", "merge": "succeeded"}
    assert run.outputs == {"merge": 5}


@pytest.mark.parametrize("ok", ["yes", 1, None])
def test_a_condition_must_be_exactly_true_or_false(ok: object) -> None:
    """Rule 7: anything else fails the node; nobody guesses what `yes` means."""
    run = Story("nodes: {a: {tool: work}, b: {value: 1, when: '${a.ok}'}}").starts()

    run.does("a", {"ok": ok})

    assert (run.error.kind, run.error.path) == ("invalid", "b")
    assert "not true or false" in run.error.message


def test_what_stopping_leaves_unstarted_is_not_told_one_by_one() -> None:
    """Rule 41: a stopped scope of thousands of nodes does not write thousands of events."""
    run = Story("nodes: {a: {tool: work}, b: {tool: work, after: a}, c: {tool: work, after: b}}").starts()

    run.fails("a")

    assert run.told() == [
        "run.started",
        "node.started a",
        "node.result a",
        "node.failed a",
        "scope.stopping",
        "run.ended",
    ]
