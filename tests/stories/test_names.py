"""Names: which may be given, what each means where, and how paths are made of them (rules 1 to 5)."""

from __future__ import annotations

import pytest

from tests.stories.graphs import refusals
from tests.stories.story import Story


@pytest.mark.parametrize(
    "name",
    "as break const continue else false for function if import in let loop namespace null package return true var void "
    "while type bool int uint double string bytes list map dyn null_type optional_type "
    "inputs run nodes now event candidate candidates secrets finally".split(),
)
def test_a_name_that_means_something_in_expressions_is_refused(name: str) -> None:
    """Rules 3 and 5: some of them would break every expression of the graph, with no word on where."""
    assert [refusal.partition(":")[0] for refusal in refusals(f"nodes: {{{name}: {{value: 1}}}}")] == [f"nodes.{name}"]


@pytest.mark.parametrize("name", ["Plan", "2nd", "_x", "two-words", "a.b", "a/b", "ä"])
def test_a_name_is_lower_case_letters_digits_and_underscores(name: str) -> None:
    """Rules 2 and 3: so paths are safe in shells and addresses."""
    assert f"nodes.{name}: `{name}` cannot be a name" in refusals(f"nodes: {{'{name}': {{value: 1}}}}")


@pytest.mark.parametrize(
    ("nodes", "refusal"),
    [
        (
            "{a: {value: 1}, b: {graph: {nodes: {a: {value: 2}}}}}",
            "nodes.b.graph.nodes.a: `a` is already the name of something that can be seen from here",
        ),
        (
            "{a: {value: 1}, g: {each: [1], as: a, do: {tool: work}}}",
            "nodes.g.as: the variable `a` has the name of something that can be seen from here",
        ),
        (
            "{g: {each: [1], nodes: {item: {value: 1}}}}",
            "nodes.g.nodes.item: `item` is already the name of something that can be seen from here",
        ),
    ],
)
def test_a_name_that_would_hide_another_is_refused(nodes: str, refusal: str) -> None:
    """Rule 5: a reader never has to ask which of two is meant."""
    assert refusals(f"nodes: {nodes}") == [refusal]


def test_the_same_name_may_stand_in_scopes_that_do_not_see_each_other() -> None:
    """Rule 5: neither hides the other."""
    run = Story("""
    nodes:
      left: {graph: {nodes: {a: {value: 1}}}}
      right: {graph: {nodes: {a: {value: 2}}}}
    """).starts()

    assert run.outputs == {"left": {"a": 1}, "right": {"a": 2}}


def test_what_every_expression_sees() -> None:
    """Rule 5: `inputs`, `run`, `nodes`, and `now`, which is the time of the last recorded event."""
    run = Story("""
    inputs: {n: integer}
    nodes:
      a: {tool: work}
      b:
        value: {n: "${inputs.n}", run: "${run.id}", mode: "${run.mode}", since: "${run.started_at}", now: "${now}"}
        after: a
    """).starts(n=3)

    run.waits_for(59).does("a")

    assert run.outputs == {
        "b": {"n": 3, "run": "run", "mode": "normal", "since": "1970-01-01T00:00:01Z", "now": "1970-01-01T00:01:00Z"}
    }


def test_a_body_sees_its_variables_its_own_nodes_and_outwards() -> None:
    """Rule 5: innermost first, through `each` and `loop`."""
    run = Story("""
    nodes:
      base: {value: 100}
      rows:
        each: [[1, 2], [3]]
        as: row
        nodes:
          cells: {each: "${row}", as: cell, do: {value: "${base + cell + row_index}"}}
          size: {value: "${size(cells)}"}
        outputs: {cells: "${cells}", n: "${size}"}
    """).starts()

    assert run.outputs == {"rows": [{"cells": [101, 102], "n": 2}, {"cells": [104], "n": 1}]}


def test_a_path_says_where_a_node_stands_in_any_nesting() -> None:
    """Rule 2: segments joined by `/`; on a container the index of the copy after a colon; no attempt."""
    run = Story(
        "nodes: {outer: {loop: {inner: {each: [1], nodes: {s: {graph: sub}}}}, until: '${inner}', max: 2}}",
        graphs={"sub": "graph: sub\nnodes: {x: {tool: work, retry: {attempts: 2, backoff: 1s}}}"},
    ).starts()

    run.fails("outer:0/inner:0/s/x").waits_for(1)

    assert run.paths("node.started") == ["outer:0/inner:0/s/x", "outer:0/inner:0/s/x"]
    assert run.paths("scope.opened") == ["outer:0/", "outer:0/inner:0/", "outer:0/inner:0/s/"]


def test_the_undo_of_a_node_is_addressed_by_its_path_and_a_mark() -> None:
    """Rule 2: `x!undo`."""
    run = Story("nodes: {x: {tool: pay, undo: {tool: unpay}}, y: {tool: work}}").starts()

    run.does("x").cancels(rollback=True).does("y")

    assert run.in_flight == ["x!undo"]


def test_nodes_start_in_the_order_of_the_document() -> None:
    """Rule 44: never in that of a hash."""
    run = Story("nodes: {z: {tool: work}, m: {tool: work}, a: {tool: work}}").starts()

    assert run.in_flight == ["z", "m", "a"]
