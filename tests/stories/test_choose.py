"""`choose`: the first case that holds is the label (rule 14)."""

from __future__ import annotations

import pytest

from interlock.core import events as e
from tests.stories.graphs import refusals, warnings
from tests.stories.story import Story

SIZE = """
inputs: {n: integer}
nodes:
  size: {choose: [{label: big, when: "${inputs.n > 10}"}, {label: middle, when: "${inputs.n > 5}"}, {label: small}]}
  big: {value: "send a ${size.choice} one", after: {size: {on: big}}}
  rest: {value: "send a ${size.choice} one", after: {size: {on: [middle, small]}}}
"""


@pytest.mark.parametrize(("n", "sent"), [(20, "big"), (7, "middle"), (1, "small")])
def test_the_first_case_that_holds_is_the_label_and_the_choice(n: int, sent: str) -> None:
    """Rule 14: order matters in the list, and `${size.choice}` is the label."""
    run = Story(SIZE).starts(n=n)

    assert f"send a {sent} one" in run.outputs.values()


def test_the_cases_that_were_tried_are_on_record_with_what_they_came_to() -> None:
    """Rule 14: what comes after the first that holds is not looked at."""
    run = Story(SIZE).starts(n=7)

    assert run.decision("size") == e.Decision(
        "choice",
        "middle",
        (e.Option("big", score=False, note="inputs.n > 10"), e.Option("middle", score=True, note="inputs.n > 5")),
        "inputs.n > 5",
    )


def test_where_no_case_holds_the_node_fails() -> None:
    """Rule 14: falling through silently would look like a choice."""
    run = Story("inputs: {n: integer}\nnodes: {size: {choose: [{label: big, when: '${inputs.n > 10}'}]}}").starts(n=1)

    assert (run.error.kind, run.error.message) == ("invalid", "no choice: none of the cases holds")


def test_a_case_that_cannot_be_answered_fails_the_node() -> None:
    """Rule 7: an error is not `no`."""
    run = Story("nodes: {a: {tool: work}, l: {choose: [{label: x, when: '${a.n > 1}'}, {label: y}]}}").starts()

    run.does("a", {})

    assert run.ends == {"a": "succeeded", "l": "failed"}


def test_a_last_case_with_a_condition_is_warned_of() -> None:
    """Rule 14: it may be meant so, and it may be forgotten."""
    assert warnings("inputs: {n: integer}\nnodes: {l: {choose: [{label: x, when: '${inputs.n > 1}'}]}}") == [
        "nodes.l.choose.0: if none of the cases of `l` holds, it fails"
    ]


def test_a_case_that_can_never_be_tried_is_refused() -> None:
    """Rule 14: a case without `when` always holds."""
    assert refusals("nodes: {l: {choose: [{label: x}, {label: y}]}}") == [
        "nodes.l.choose.0: `x` always holds, so what comes after it is never tried"
    ]


def test_the_mode_of_the_run_is_read_at_the_moment_of_the_decision() -> None:
    """Rule 43: what has started keeps the mode in which it did; what is decided later sees the new one."""
    run = Story("""
    nodes:
      a: {tool: work, input: {mode: "${run.mode}"}}
      how: {choose: [{label: cheap, when: '${run.mode != "normal"}'}, {label: full}], after: a}
    outputs: {how: "${how.choice}"}
    """).starts()

    run.moves_to("degraded").does("a")

    assert run.given("a") == {"mode": "normal"}
    assert run.outputs == {"how": "cheap"}
