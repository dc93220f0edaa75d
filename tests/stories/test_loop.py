"""`loop`: rounds, one scope after the other, until a condition holds (rules 4, 19 and 24)."""

from __future__ import annotations

import pytest

from tests.stories.graphs import refusals
from tests.stories.story import Story

REFINE = """
nodes:
  refine:
    loop:
      draft: {tool: work, input: {round: "${round.index}", feedback: '${round.last.?review.?feedback.orValue("")}'}}
      review: {tool: other, input: {draft: "${draft}"}}
    until: "${review.approved}"
    max: 3
"""


def test_rounds_go_on_until_the_condition_holds_and_the_last_one_is_the_value() -> None:
    """Rule 24: a round begins only when the one before has ended, and sees the values of that one alone."""
    run = Story(REFINE).starts()

    run.does("refine:0/draft", "first").does("refine:0/review", {"approved": False, "feedback": "shorter"})
    second = run.given("refine:1/draft")
    run.does("refine:1/draft", "second").does("refine:1/review", {"approved": True})

    assert second == {"round": 1, "feedback": "shorter"}
    assert run.outputs == {"refine": {"draft": "second", "review": {"approved": True}}}


def test_in_the_first_round_there_is_no_round_before() -> None:
    """Rules 4 and 7: `round.last` is absent then, and an expression says what to take instead."""
    run = Story(REFINE).starts()

    assert run.given("refine:0/draft") == {"round": 0, "feedback": ""}


def test_outputs_are_what_a_loop_gives_and_until_still_sees_the_nodes_of_the_round() -> None:
    """Rule 24: what others are given of a loop need not be what decides about its end."""
    run = Story(f"{REFINE}    outputs: {{text: '${{draft}}', rounds: '${{round.index + 1}}'}}\n").starts()

    run.does("refine:0/draft", "first").does("refine:0/review", {"approved": False, "feedback": "shorter"})
    second = run.given("refine:1/draft")
    run.does("refine:1/draft", "second").does("refine:1/review", {"approved": True})

    assert second == {"round": 1, "feedback": "shorter"}
    assert run.outputs == {"refine": {"text": "second", "rounds": 2}}


def test_nodes_without_a_value_are_left_out_of_the_rounds_value() -> None:
    """Rule 24: so `.?` works on what was skipped."""
    run = Story("""
    nodes:
      go:
        loop:
          try: {tool: work, on_error: continue}
          mend: {tool: other, after: {try: {on: failed}}}
        until: '${!has(try.x) || nodes.mend.outcome == "skipped"}'
        max: 2
    """).starts()

    run.does("go:0/try", {"x": 1})

    assert run.outputs == {"go": {"try": {"x": 1}}}


def test_reaching_the_cap_is_a_failure() -> None:
    """Rule 24: a loop that never got where it should must not look as if it had."""
    run = Story(REFINE.replace("max: 3", "max: 1")).starts()

    run.does("refine:0/draft").does("refine:0/review", {"approved": False})

    assert (run.error.kind, run.error.message) == ("exhausted", "cap: 1 rounds and `until` is not true")


def test_reaching_the_cap_can_be_declared_good_enough_and_is_labelled_so() -> None:
    """Rule 24: `at_max: accept` is a choice of the author, and later nodes can tell."""
    run = Story("""
    nodes:
      go: {loop: {a: {tool: work}}, until: "${a.ok}", max: 1, at_max: accept}
      warn: {value: "not quite", after: {go: {on: capped}}}
    """).starts()

    run.does("go:0/a", {"ok": False})

    assert run.outputs == {"warn": "not quite"}


def test_a_while_loop_is_a_when_and_an_until() -> None:
    """Rule 24: the node that would go on is skipped, and that ends the loop; no other key is needed."""
    run = Story("""
    inputs: {todo: list}
    nodes:
      drain:
        loop: {next: {tool: work, when: "${round.index < size(inputs.todo)}", input: {n: "${round.index}"}}}
        until: '${nodes.next.outcome == "skipped"}'
        max: 100
    """).starts(todo=["a"])

    run.does("drain:0/next", "A")

    assert run.ends == {"drain:0/next": "succeeded", "drain:1/next": "skipped", "drain": "succeeded"}


def test_a_round_that_fails_fails_the_loop() -> None:
    """Rule 19: a loop repeats what succeeded but was not enough; what failed is retried by `retry`."""
    run = Story(REFINE).starts()

    run.does("refine:0/draft").fails("refine:0/review", message="nobody there")

    assert (run.error.message, run.error.path) == ("nobody there", "refine:0/review")
    assert run.ends["refine"] == "failed"


def test_a_condition_that_is_not_true_or_false_fails_the_loop() -> None:
    """Rule 7: an answer that is neither must not be taken for `go on`."""
    run = Story(REFINE).starts()

    run.does("refine:0/draft").does("refine:0/review", {"approved": "yes"})

    assert run.error.kind == "invalid"
    assert 'is "yes", not true or false' in run.error.message


def test_a_loop_in_a_loop_names_its_rounds_itself() -> None:
    """Rules 2 and 4: `as` gives the variable another name, so both can be seen from the inner one."""
    run = Story("""
    nodes:
      outer:
        as: day
        loop:
          inner: {loop: {a: {tool: work, input: {day: "${day.index}", round: "${round.index}"}}}, until: "${a}", max: 2}
        until: "${day.index == 1}"
        max: 2
    """).starts()

    run.does("outer:0/inner:0/a", out=False).does("outer:0/inner:1/a", out=True)

    assert run.in_flight == ["outer:1/inner:0/a"]
    assert run.given("outer:0/inner:1/a") == {"day": 0, "round": 1}


@pytest.mark.parametrize(
    ("node", "refusal"),
    [
        ("{loop: {a: {tool: work}}, until: '${a.ok}'}", "nodes.x: a loop node needs `max`"),
        (
            "{loop: {a: {tool: work}}, max: 2}",
            "nodes.x: a loop without `until` ends by reaching `max`, which is a failure here",
        ),
        (
            "{loop: {a: {tool: work}}, until: '${a.ok}', max: 2, as: loop}",
            "nodes.x.as: `loop` is a reserved word of expressions",
        ),
    ],
)
def test_a_loop_whose_cost_could_not_be_bounded_is_refused(node: str, refusal: str) -> None:
    """Rules 4 and 24: `max` is required; `loop` cannot be a name."""
    assert refusals(f"nodes: {{x: {node}}}") == [refusal]
