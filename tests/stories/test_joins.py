"""Joins: how many edges must fire before a node starts, and when it never can (rules 9 to 11)."""

from __future__ import annotations

import pytest

from tests.stories.graphs import refusals
from tests.stories.story import Story

THREE = """
nodes:
  a: {tool: work}
  b: {tool: work}
  c: {tool: work}
  target: {tool: other, after: {a: {on: yes}, b: {on: yes}, c: {on: yes}}, join: JOIN}
"""


def after(join: str, words: str) -> str:
    """The status of the target when its sources have settled, one by one, with these labels."""
    run = Story(THREE.replace("JOIN", join)).starts()
    for path, word in zip("abc", words.split(), strict=False):
        run.does(path, None, word)
    return run.status("target") if not run.state.has_ended else run.ends["target"]


@pytest.mark.parametrize(
    ("join", "words", "status"),
    [
        ("all", "yes yes", "pending"),
        ("all", "yes yes yes", "running"),
        ("all", "no", "skipped"),
        ("any", "yes yes", "pending"),
        ("any", "no yes", "pending"),
        ("any", "no yes no", "running"),
        ("any", "no no", "pending"),
        ("any", "no no no", "skipped"),
        ("first", "no", "pending"),
        ("first", "yes", "running"),
        ("first", "no no no", "skipped"),
        ("{quorum: 1}", "no yes", "running"),
        ("{quorum: 2}", "yes no", "pending"),
        ("{quorum: 2}", "yes no yes", "running"),
        ("{quorum: 2}", "yes yes", "running"),
        ("{quorum: 2}", "no", "pending"),
        ("{quorum: 2}", "no no", "skipped"),
        ("{quorum: 3}", "no", "skipped"),
    ],
)
def test_a_join_is_decided_as_soon_as_it_can_be(join: str, words: str, status: str) -> None:
    """Rule 10: dead edges count as much as fired ones, so no graph hangs and no branch waits without need."""
    assert after(join, words) == status


def test_what_arrives_after_a_join_is_ready_is_ignored() -> None:
    """Rule 11: the node starts once, whatever the slower branches come to."""
    run = Story("nodes: {a: {tool: work}, b: {tool: work}, c: {tool: other, after: [a, b], join: first}}").starts()

    run.does("b").does("a").does("c", "once")

    assert run.paths("node.started") == ["a", "b", "c"]
    assert run.outputs == {"c": "once"}


def test_who_made_a_join_ready_is_on_record() -> None:
    """Rule 45: the causal chain of a race is told from its events."""
    run = Story("nodes: {a: {tool: work}, b: {tool: work}, c: {tool: other, after: [a, b], join: first}}").starts()

    run.does("b")

    assert run.last("node.started", "c").because == ("b",)


def test_a_slow_branch_that_nothing_needs_holds_nobody_up() -> None:
    """There is no global barrier: a fast branch never waits for an unrelated slow one."""
    run = Story("nodes: {slow: {tool: work}, a: {tool: work}, b: {tool: other, after: a}}").starts()

    run.does("a")

    assert run.in_flight == ["slow", "b"]


RACE = """
nodes:
  plan: {tool: work}
  fast: {tool: work, after: plan}
  slow: {tool: work, after: plan}
  win: {tool: other, after: [fast, slow], join: first, input: {plan: "${plan}"}}
"""


def test_a_race_is_not_won_by_what_is_merely_read() -> None:
    """Rule 9: with another join than `all` only the edges of `after` are joined; a mention is a requirement."""
    run = Story(RACE).starts()

    run.does("plan", "the plan")
    before = run.status("win")
    run.does("slow")

    assert before == "pending"
    assert run.given("win") == {"plan": "the plan"}


def test_a_requirement_holds_a_ready_join_back() -> None:
    """Rule 9: ready is the join *and* every requirement."""
    run = Story("""
    nodes:
      a: {tool: work}
      b: {tool: work}
      data: {tool: work}
      go: {tool: other, after: [a, b], join: first, input: {data: "${data}"}}
    """).starts()

    run.does("a")
    before = run.status("go")
    run.does("data", 1)

    assert before == "pending"
    assert run.given("go") == {"data": 1}


def test_a_dead_requirement_skips_the_node_whatever_its_join() -> None:
    """Rule 9: what it must read can never be there."""
    run = Story("""
    nodes:
      a: {tool: work}
      data: {tool: work, when: "${1 > 2}"}
      go: {tool: other, after: a, join: any, input: {data: "${data}"}}
    """).starts()

    assert run.ends == {"data": "skipped", "go": "skipped"}


def test_asking_how_a_node_ended_needs_it_settled_and_no_more() -> None:
    """Rules 6 and 9: `nodes.x` is a requirement that any outcome meets."""
    run = Story("""
    nodes:
      a: {tool: work, when: "${1 > 2}"}
      tell: {value: "${nodes.a.outcome}"}
    """).starts()

    assert run.outputs == {"tell": "skipped"}


def test_with_join_all_a_mention_counts_like_an_edge_of_after() -> None:
    """Rule 9: then there is no difference to tell."""
    run = Story("nodes: {a: {tool: work}, b: {tool: work}, c: {tool: other, after: a, input: {b: '${b}'}}}").starts()

    run.does("a")
    before = run.status("c")
    run.does("b", 2)

    assert before == "pending"
    assert run.given("c") == {"b": 2}


CANCEL_REST = """
nodes:
  a: {tool: work}
  b: {tool: work}
  deep: {tool: work}
  also_used: {tool: work}
  c: {tool: work, after: [deep, also_used]}
  win: {tool: other, after: [a, b, c], join: first, cancel_rest: true}
  report: {tool: other, after: also_used}
"""


def test_cancel_rest_cancels_the_other_sources_and_what_led_only_to_them() -> None:
    """Rule 11: nobody pays for answers that cannot be used; what somebody else needs goes on."""
    run = Story(CANCEL_REST).starts()

    run.does("a").does("b").does("deep").does("also_used").does("win").does("report")

    assert run.ends == {
        "a": "succeeded",
        "c": "skipped",
        "b": "cancelled",
        "deep": "cancelled",
        "also_used": "succeeded",
        "win": "succeeded",
        "report": "succeeded",
    }


def test_what_depended_on_a_node_that_lost_sees_a_dead_edge() -> None:
    """Rules 11 and 12: a cancelled node has no value, so what needs it is skipped."""
    run = Story("""
    nodes:
      a: {tool: work}
      b: {tool: work}
      win: {tool: other, after: [a, b], join: first, cancel_rest: true}
      log_b: {tool: other, after: b}
    """).starts()

    run.does("a").does("b").does("win")

    assert run.ends["b"] == "cancelled"
    assert run.ends["log_b"] == "skipped"


def test_the_node_starts_at_once_and_the_scope_waits_for_what_it_cancelled() -> None:
    """Rules 11 and 36: the winner need not wait for the losers, the run's end does."""
    run = Story(
        "nodes: {a: {tool: work}, b: {tool: work}, w: {tool: other, after: [a, b], join: first, cancel_rest: true}}"
    )

    run.starts().does("a").does("w", 1)
    before = run.status()
    run.does("b")

    assert before == "running"
    assert run.outputs == {"w": 1}


def test_a_fallback_of_a_node_that_lost_is_cancelled_with_it() -> None:
    """Rules 11 and 18: where it stands in, it is what lives of that node."""
    run = Story("""
    nodes:
      a: {tool: work}
      b: {tool: work, on_error: {fallback: spare}}
      spare: {tool: work}
      win: {tool: other, after: [a, b], join: first, cancel_rest: true}
    """).starts()

    run.fails("b").does("a").does("spare").does("win")

    assert run.ends["spare"] == "cancelled"
    assert run.outcome.status == "succeeded"


@pytest.mark.parametrize(
    ("keys", "refusal"),
    [
        ("join: {quorum: 3}", "nodes.c.join: `quorum: 3` can never be met by the 2 of `after`"),
        ("join: {quorum: 0}", "nodes.c.join.quorum: `quorum` is at least 1, not 0"),
        ("join: most", "nodes.c.join: `join` is one of all, any, first, not the text `most`"),
        ("cancel_rest: true", "nodes.c.cancel_rest: with `join: all` nothing is left to cancel when the node starts"),
    ],
)
def test_a_join_that_can_never_be_met_is_refused(keys: str, refusal: str) -> None:
    """Rule 10: 1 <= n <= k is checked when the graph is compiled."""
    text = f"nodes: {{a: {{tool: work}}, b: {{tool: work}}, c: {{tool: other, after: [a, b], {keys}}}}}"

    assert refusals(text) == [refusal]
