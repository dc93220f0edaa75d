"""Gates: checks that let the run pass, or stop it for good (rule 21)."""

from __future__ import annotations

import pytest

from interlock.core import events as e
from interlock.core import requests as r
from tests.stories.graphs import refusals
from tests.stories.story import Story

QUALITY = """
nodes:
  test: {tool: work, undo: {tool: unpay}}
  quality: {gate: ["${test.passed}", "${test.high == 0}"], otherwise: OTHERWISE}
  release: {tool: pay, after: quality}
"""


def checked(otherwise: str, **found: object) -> Story:
    """A run whose tests are done and gave this."""
    return Story(QUALITY.replace("OTHERWISE", otherwise)).starts().does("test", found)


def test_a_gate_whose_checks_are_all_true_promotes() -> None:
    """Rule 21: the verdict is the node's value, and the decision has every check."""
    run = checked("block", passed=True, high=0)

    assert run.in_flight == ["release"]
    assert run.decision("quality") == e.Decision(
        "gate",
        "promote",
        (e.Option("test.passed", score=True), e.Option("test.high == 0", score=True)),
        "every check passed",
    )


def test_every_check_is_evaluated_and_recorded_and_an_error_counts_as_not_passed() -> None:
    """Rule 21: whoever mends it sees all that is wrong at once."""
    run = checked("block", passed=False)

    assert run.decision("quality") == e.Decision(
        "gate",
        "block",
        (
            e.Option("test.passed", score=False),
            e.Option("test.high == 0", score=None, note="key `high` is missing in `${test.high == 0}`"),
        ),
        "not passed: test.passed, test.high == 0",
    )


def test_block_ends_the_run_failed() -> None:
    """Rule 21: nothing after the gate starts."""
    run = checked("block", passed=True, high=2)

    assert run.outcome == e.ScopeOutcome(
        "failed", error=e.Error("refused", "the gate did not pass: test.high == 0", "quality")
    )
    assert run.ends == {"test": "succeeded", "quality": "failed"}


def test_rollback_takes_back_what_the_run_did() -> None:
    """Rules 21 and 37: the gate says so itself, whatever the graph says of failures."""
    run = checked("rollback", passed=True, high=2)

    run.undoes("test")

    assert run.outcome.status == "rolled_back"


def test_after_a_block_the_graphs_own_rollback_undoes() -> None:
    """Rule 21: a block ends the run failed, and `on_failure: rollback` is about failed runs."""
    run = Story("on_failure: rollback\n" + QUALITY.replace("OTHERWISE", "block")).starts()

    run.does("test", {"passed": False}).undoes("test")

    assert run.outcome.status == "rolled_back"


def test_hold_waits_for_a_person_who_promotes() -> None:
    """Rule 21: the verdict is on record with who and why."""
    run = checked("hold", passed=True, high=2)

    waits = run.waits
    run.says("quality", "promote", by="bob", why="known and harmless")

    assert waits == {"quality": "hold"}
    assert run.decision("quality") == e.Decision("gate", "promote", (e.Option("bob", "promote"),), "known and harmless")
    assert run.in_flight == ["release"]


def test_hold_waits_for_a_person_who_blocks() -> None:
    """Rule 21: a person can say all that a gate can."""
    run = checked("hold", passed=True, high=2)

    run.says("quality", "block", by="bob", why="not on a Friday")

    assert run.outcome.status == "failed"
    assert run.error.message == "bob said block: not on a Friday"


def test_hold_waits_for_a_person_who_rolls_back() -> None:
    """Rules 21 and 37: and what was done is taken back."""
    run = checked("hold", passed=True, high=2)

    run.says("quality", "rollback").undoes("test")

    assert run.outcome.status == "rolled_back"


def test_a_held_gate_that_nobody_looks_at_blocks_when_its_time_is_up() -> None:
    """Rule 21: silence never promotes."""
    run = Story("nodes: {g: {gate: '${1 > 2}', otherwise: hold, timeout: 1h}}").starts()

    run.waits_for(3600)

    assert run.outcome.status == "failed"
    assert run.decision("g") == e.Decision("gate", "block", why="nobody gave a verdict in time")


GATED = "graph: {nodes: {g: {gate: '${1 > 2}'}}}"
SWALLOWED = {
    "an owner that goes on": "{x: {GATED, on_error: continue}}",
    "a fallback of its owner": "{x: {GATED, on_error: {fallback: y}}, y: {tool: work}}",
    "an edge on failure": "{x: {GATED}, y: {tool: work, after: {x: {on: failed}}}}",
    "a join": "{x: {GATED}, y: {tool: work, after: {x: {on: [failed, cancelled]}}, join: any}}",
    "an each": "{x: {each: [1], on_error: continue, nodes: {g: {gate: '${1 > 2}'}}}}",
    "a loop": "{x: {loop: {g: {gate: '${1 > 2}'}}, max: 3, at_max: accept, on_error: continue}}",
    "a fuse": "{x: {GATED}, z: {value: 1}, y: {fuse: merge, from: [x, z]}}",
}


@pytest.mark.parametrize("nodes", SWALLOWED.values(), ids=SWALLOWED)
def test_a_verdict_stops_the_whole_run_from_any_depth_and_nothing_swallows_it(nodes: str) -> None:
    """Rule 21: to branch use `choose`; a gate is for stopping."""
    run = Story(f"nodes: {nodes.replace('GATED', GATED)}").starts()

    assert run.outcome.status == "failed"
    assert run.error.message == "the gate did not pass: 1 > 2"
    assert run.paths("node.started") == []


def test_a_verdict_is_not_held_where_failures_are() -> None:
    """Rule 21: `on_failure: hold` does not apply to a verdict, else a retry would step round the gate."""
    run = Story("on_failure: hold\nnodes: {g: {gate: '${1 > 2}'}}").starts()

    assert run.outcome.status == "failed"


@pytest.mark.parametrize(
    "next_", ["{value: 1, after: a, cancels: [g]}", "{value: 1, after: [a, g], join: first, cancel_rest: true}"]
)
def test_a_held_gate_that_is_cancelled_is_blocked(next_: str) -> None:
    """Rule 21: else a race could step round it."""
    run = Story(f"nodes: {{g: {{gate: '${{1 > 2}}', otherwise: hold}}, a: {{tool: work}}, next: {next_}}}").starts()

    run.does("a")

    assert run.outcome.status == "failed"
    assert run.decision("g") == e.Decision("gate", "block", why="cancelled while held")


def test_a_rollback_that_was_said_at_a_held_gate_counts_though_another_verdict_came_first() -> None:
    """Rules 21 and 37: two people say no at once, and one of them wants it all taken back."""
    run = Story("""
    nodes:
      paid: {tool: pay, undo: {tool: unpay}}
      g: {gate: "${1 > 2}", otherwise: hold, after: paid}
      h: {gate: "${1 > 2}", otherwise: hold, after: paid}
    """).starts()

    run.does("paid").receives_many(
        [r.GiveVerdict(path="g", by="ada", verdict="block"), r.GiveVerdict(path="h", by="bob", verdict="rollback")]
    )
    run.undoes("paid")

    assert run.outcome.status == "rolled_back"
    assert run.decision("h") == e.Decision("gate", "rollback", why="cancelled while held")


def test_a_held_gate_that_a_person_cancels_by_its_path_is_blocked() -> None:
    """Rule 21: whoever wants it to pass has to say promote."""
    run = Story(
        "nodes: {g: {gate: '${1 > 2}', otherwise: hold}, next: {tool: pay, after: {g: {on: cancelled}}}}"
    ).starts()

    run.cancels("g")

    assert run.outcome.status == "failed"


def test_a_held_gate_of_a_cancelled_run_is_cancelled_with_it() -> None:
    """Rule 21: then nothing can pass it any more."""
    run = Story("nodes: {g: {gate: '${1 > 2}', otherwise: hold}}").starts()

    run.cancels()

    assert (run.outcome.status, run.ends) == ("cancelled", {"g": "cancelled"})


def test_a_gate_that_was_never_reached_is_skipped_and_has_no_verdict() -> None:
    """Rule 21: it neither promoted nor blocked."""
    run = Story("nodes: {a: {tool: work, when: '${1 > 2}'}, g: {gate: '${1 > 2}', after: a}}").starts()

    assert run.ends == {"a": "skipped", "g": "skipped"}
    assert run.outcome.status == "succeeded"


@pytest.mark.parametrize(
    ("nodes", "refusal"),
    [
        (
            "{g: {gate: '${1 > 2}'}, a: {tool: work, after: {g: {on: failed}}}}",
            "nodes.a.after.g.on: nothing can catch a gate's verdict, so `g` has no `on: failed`",
        ),
        (
            "{g: {gate: '${1 > 2}', on_error: continue}}",
            "nodes.g.on_error: nothing can catch what a gate says, so it has no `on_error`",
        ),
        (
            "{g: {gate: '${1 > 2}', timeout: 1h}}",
            "nodes.g.timeout: `timeout` is how long a held gate waits, and this one does not hold",
        ),
    ],
)
def test_what_would_catch_a_verdict_is_refused(nodes: str, refusal: str) -> None:
    """Rule 21: a graph that looks as if it could would be a lie."""
    assert refusals(f"nodes: {nodes}") == [refusal]
