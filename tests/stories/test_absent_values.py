"""Absent values: what a node that did not succeed reads as (rules 6 and 7)."""

from __future__ import annotations

import pytest

from tests.stories.graphs import refusals, warnings
from tests.stories.story import Story

SKIPPED = "nodes:\n  a: {tool: work, when: '${1 > 2}'}\n  b: {value: VALUE, after: {a: {on: skipped}}}\n"


def reading(value: str) -> Story:
    """A run in which `b` reads `a`, which was skipped."""
    return Story(SKIPPED.replace("VALUE", value)).starts()


def test_passed_on_whole_it_is_null() -> None:
    """Rule 7: a bare path, also with fields."""
    run = reading("{whole: '${a}', field: '${a.x.y}'}")

    assert run.outputs == {"b": {"whole": None, "field": None}}


def test_within_text_it_is_an_error() -> None:
    """Rule 7: `Dear null,` helps nobody."""
    run = reading("'Dear ${a.name}'")

    assert run.error.kind == "invalid"
    assert run.error.message == "`a` has no value, so the text with `${a.name}` cannot be made"


def test_in_any_other_expression_it_reads_as_an_empty_map() -> None:
    """Rule 7: so an expression can ask, and say what to take instead."""
    run = reading("{asked: '${has(a.x)}', taken: '${a.?x.orValue(7)}'}")

    assert run.outputs == {"b": {"asked": False, "taken": 7}}


def test_an_expression_that_does_not_ask_fails() -> None:
    """Rule 7: an empty map has no field."""
    run = reading("'${a.x + 1}'")

    assert run.error.message == "key `x` is missing in `${a.x + 1}`"


def test_a_node_that_was_cancelled_has_no_value() -> None:
    """Rule 7: also where its effect was done in the end."""
    run = Story("nodes: {a: {tool: work}, b: {value: '${a}', after: {a: {on: cancelled}}}}").starts()

    run.cancels("a").does("a", 5)

    assert run.outputs == {"b": None}


def test_a_node_that_a_race_did_not_wait_for_has_no_value_yet() -> None:
    """Rules 7 and 10: the winner's successor may still name it."""
    run = Story("""
    nodes:
      a: {tool: work}
      b: {tool: work}
      c: {value: {a: "${a}", b: "${b}"}, after: [a, b], join: first}
    """).starts()

    run.does("a", 1).does("b", 2)

    assert run.outputs == {"c": {"a": 1, "b": None}}


def test_a_missing_key_of_a_value_that_is_there_is_always_an_error() -> None:
    """Rule 7: a misspelt field must not read as nothing."""
    run = Story("nodes: {a: {tool: work}, b: {value: '${a.scroe}'}}").starts()

    run.does("a", {"score": 1})

    assert run.error.message == "`a` has no `scroe`, so `${a.scroe}` has no value"


def test_an_output_without_a_value_fails_the_run() -> None:
    """Rule 42: a run that promised it has not succeeded."""
    run = Story("nodes: {a: {tool: work, when: '${1 > 2}'}}\noutputs: {a: '${a}'}").starts()

    assert run.outcome.status == "failed"
    assert run.error.message == "outputs: `a` has no value, because `a` has none"


def test_an_output_that_says_what_to_take_instead_does_not() -> None:
    """Rule 42: unless its expression says so."""
    run = Story("nodes: {a: {tool: work, when: '${1 > 2}'}}\noutputs: {a: '${a.?x.orValue(0)}'}").starts()

    assert run.outputs == {"a": 0}


def test_outputs_that_cannot_be_made_are_a_failure_that_can_be_rolled_back() -> None:
    """Rules 37 and 42: a run that fails at its very end fails like any other."""
    run = Story("""
    on_failure: rollback
    nodes: {a: {tool: pay, undo: {tool: unpay}}}
    outputs: {size: "${a.size}"}
    """).starts()

    run.does("a", {}).undoes("a")

    assert run.outcome.status == "rolled_back"
    assert run.error.message == "outputs: `a` has no `size`, so `${a.size}` has no value"


def test_how_a_node_ended_can_be_asked_however_it_did() -> None:
    """Rule 6: `nodes.x` never needs the value."""
    run = Story("""
    nodes:
      a: {tool: work, on_error: continue}
      tell: {value: "${nodes.a}"}
    """).starts()

    run.fails("a", "unavailable", "gone")

    assert run.outputs == {
        "tell": {
            "outcome": "failed",
            "labels": [],
            "error": {"kind": "unavailable", "message": "gone", "path": "a"},
            "attempts": 1,
            "path": "a",
        }
    }


def test_an_error_or_true_is_true() -> None:
    """Rule 7: that is how the expression language itself sees it; it is allowed and documented."""
    run = Story("nodes: {a: {tool: work}, b: {value: 1, when: '${a.x > 1 || true}'}}").starts()

    run.does("a", {})

    assert run.outputs == {"b": 1}


def test_a_name_that_may_be_absent_and_is_used_as_if_it_were_there_is_warned_of() -> None:
    """Rule 7: the compiler knows who may have been skipped."""
    text = """
    nodes:
      l: {choose: [{label: x, when: "${1 > 2}"}, {label: y}]}
      a: {tool: work, after: {l: {on: x}}}
      b: {tool: work, after: {l: {on: y}}}
      c: {value: "${a.n + 1}", after: [a, b], join: any}
    """

    assert [warning.partition(": ")[0] for warning in warnings(text)] == ["nodes.c.value"]


@pytest.mark.parametrize(
    ("value", "refusal"),
    [
        ("'${nodes}'", "nodes.b.value: `nodes` by itself is no value"),
        ("'${nodes.x.outcome}'", "nodes.b.value: `nodes.x`: there is no node `x` here"),
        ("'${nodes.a.outcom}'", "nodes.b.value: `nodes.a` has no field `outcom`"),
    ],
)
def test_asking_for_what_no_node_tells_is_refused(value: str, refusal: str) -> None:
    """Rule 6: `nodes.x` has five fields, of an `each` six."""
    assert refusals(SKIPPED.replace("VALUE", value)) == [refusal]
