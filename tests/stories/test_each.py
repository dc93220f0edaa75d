"""`each`: one scope for every item of a list (rules 2, 17, 19 and 23)."""

from __future__ import annotations

import pytest

from tests.stories.graphs import refusals
from tests.stories.story import Story

PAGES = """
inputs: {pages: list}
nodes:
  read: {each: "${inputs.pages}", as: page, parallel: 2, do: {tool: work, input: {page: "${page}", n: "${page_index}"}}}
outputs: {read: "${read}"}
"""

CHAPTERS = """
inputs: {chapters: list}
nodes:
  write:
    each: "${inputs.chapters}"
    nodes:
      draft: {tool: work, input: {about: "${item}"}}
      check: {tool: other, input: {text: "${draft}"}}
"""


def test_results_stand_in_the_order_of_the_items_whoever_was_done_first() -> None:
    """Rule 23: what comes of an item is found by its place, so speed must not decide where it stands."""
    run = Story(PAGES).starts(pages=["a", "b"])

    run.does("read:1", "B").does("read:0", "A")

    assert run.outputs == {"read": ["A", "B"]}


def test_items_start_in_order_and_no_more_at_a_time_than_allowed() -> None:
    """Rule 23: `parallel` is how a list of any length is kept from flooding what works on it."""
    run = Story(PAGES).starts(pages=["a", "b", "c", "d"])
    first = run.in_flight

    run.does("read:1")

    assert first == ["read:0", "read:1"]
    assert run.in_flight == ["read:0", "read:2"]


def test_each_item_is_a_scope_of_its_own_and_its_paths_carry_its_number() -> None:
    """Rules 1, 2 and 4: the single node of `do` takes the item's path; it sees the item and its number, from 0."""
    run = Story(PAGES).starts(pages=["a", None])

    assert run.given("read:0") == {"page": "a", "n": 0}
    assert run.given("read:1") == {"page": None, "n": 1}


def test_without_outputs_an_item_gives_the_values_of_its_nodes_by_name() -> None:
    """Rule 23: a body need not say what it gives to be of use."""
    run = Story(CHAPTERS).starts(chapters=["one"])

    run.does("write:0/draft", "text").does("write:0/check", "good")

    assert run.outputs == {"write": [{"draft": "text", "check": "good"}]}


def test_with_outputs_an_item_gives_what_they_say() -> None:
    """Rule 23: `outputs` stands beside `nodes`."""
    run = Story(f"{CHAPTERS}    outputs: {{text: '${{draft}}'}}\n").starts(chapters=["one"])

    run.does("write:0/draft", "text").does("write:0/check", "good")

    assert run.outputs == {"write": [{"text": "text"}]}


def test_a_list_without_items_gives_a_list_without_results_at_once() -> None:
    """Rule 23: nothing to do is no failure."""
    run = Story(PAGES).starts(pages=[])

    assert run.outputs == {"read": []}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"a": 1}, "`each` wants a list and was given a map"),
        ("text", "`each` wants a list and was given text"),
        (None, "`each` wants a list and was given null"),
        (list(range(10_001)), "`each` was given 10001 items, and at most 10000 are allowed"),
    ],
    ids=["a map", "text", "null", "too many"],
)
def test_what_is_no_list_that_can_be_gone_over_fails_the_node(given: object, message: str) -> None:
    """Rule 23: the list is fixed, and so judged, when the node opens."""
    run = Story('nodes: {ask: {tool: work}, go: {each: "${ask}", do: {tool: other}}}').starts()

    run.does("ask", given)

    assert (run.error.kind, run.error.message) == ("invalid", message)


def test_the_list_is_fixed_when_the_node_opens() -> None:
    """Rule 23: items cannot be added later; a second look at the clock or at a node would give another list."""
    run = Story(
        'nodes: {go: {each: ["${now}", "${now}"], parallel: 1, do: {tool: work, input: {at: "${item}"}}}}'
    ).starts()

    run.waits_for(60).does("go:0")

    assert run.given("go:0") == run.given("go:1") == {"at": "1970-01-01T00:00:01Z"}


def test_an_item_that_fails_stops_the_others_and_fails_the_node() -> None:
    """Rule 19: nobody pays for items whose results cannot be used any more."""
    run = Story(PAGES).starts(pages=["a", "b", "c"])

    run.fails("read:0", message="unreadable").does("read:1")

    assert run.ends == {"read:0": "failed", "read:1": "cancelled", "read": "failed"}
    assert (run.error.message, run.error.path) == ("unreadable", "read:0")


COLLECT = """
nodes:
  read: {each: [a, b, c], do: {tool: work, on_error: continue}}
  report: {value: {pages: "${read}", lost: "${nodes.read.errors}"}}
"""


def test_an_item_whose_failure_goes_on_leaves_null_at_its_place_and_its_error_in_the_list() -> None:
    """Rule 17: to collect what can be had needs no key of its own."""
    run = Story(COLLECT).starts()

    run.does("read:0", "A").fails("read:1", "unavailable", "gone").does("read:2", "C")

    assert run.outputs == {
        "report": {
            "pages": ["A", None, "C"],
            "lost": [{"index": 1, "error": {"kind": "unavailable", "message": "gone", "path": "read:1"}}],
        }
    }


QUORUM = "nodes: {ask: {each: [a, b, c], quorum: 2, do: {tool: work, on_error: continue}}}"


def test_with_a_quorum_the_rest_is_cancelled_as_soon_as_enough_items_have_succeeded() -> None:
    """Rule 23: two good answers out of three are worth more than waiting for the third."""
    run = Story(QUORUM).starts()

    run.does("ask:2", "C").does("ask:0", "A").does("ask:1", "late")

    assert run.ends == {"ask:2": "succeeded", "ask:0": "succeeded", "ask:1": "cancelled", "ask": "succeeded"}
    assert run.outputs == {"ask": ["A", None, "C"]}


def test_an_item_that_failed_is_not_one_of_the_quorum() -> None:
    """Rules 17 and 23: that a failure goes on makes it no success."""
    run = Story(QUORUM).starts()

    run.fails("ask:0").does("ask:1", "B")

    assert run.status("ask") == "running"


def test_with_too_few_good_items_the_quorum_fails() -> None:
    """Rule 23: a cap that was not reached is never a silent success."""
    run = Story(QUORUM).starts()

    run.fails("ask:0").does("ask:1", "B").fails("ask:2")

    assert run.error.message == "1 of 3 items succeeded, and 2 were wanted"


def test_a_single_item_that_is_cancelled_gives_null_and_is_no_failure() -> None:
    """Rule 19: a person may take one item out without ending the rest."""
    run = Story(PAGES).starts(pages=["a", "b"])

    run.cancels("read:0").does("read:0").does("read:1", "B")

    assert run.outputs == {"read": [None, "B"]}


def test_a_single_item_with_a_body_is_cancelled_by_the_path_of_the_item() -> None:
    """Rules 19 and 35: an item of many nodes is one thing to whoever wants it out."""
    run = Story(CHAPTERS).starts(chapters=["one", "two"])

    run.cancels("write:0").does("write:0/draft").does("write:1/draft", "text").does("write:1/check", "good")

    assert run.outputs == {"write": [None, {"draft": "text", "check": "good"}]}


def test_a_person_completes_an_each_with_what_it_has() -> None:
    """Rule 35: null stands where nothing came; the label says that it was cut short."""
    run = Story(PAGES.replace("outputs:", "  next: {value: done, after: {read: {on: completed}}}\noutputs:"))
    run.starts(pages=["a", "b", "c"]).does("read:0", "A")

    run.completes("read").does("read:1").does("read:2")

    assert run.outputs == {"read": ["A", None, None]}
    assert run.ends["next"] == "succeeded"


def test_each_may_stand_in_each_and_loop() -> None:
    """Rules 1 and 2: all repetition is a new scope, to any depth, and a path tells which."""
    run = Story("""
    nodes:
      outer:
        each: [[1, 2], [3]]
        as: row
        nodes:
          refine: {loop: {inner: {each: "${row}", do: {tool: work, input: {x: "${item}"}}}}, max: 1, at_max: accept}
    """).starts()

    assert run.in_flight == ["outer:0/refine:0/inner:0", "outer:0/refine:0/inner:1", "outer:1/refine:0/inner:0"]
    assert run.given("outer:1/refine:0/inner:0") == {"x": 3}


@pytest.mark.parametrize(
    ("node", "refusal"),
    [
        ("{each: [1], do: {tool: work}, nodes: {a: {tool: work}}}", "nodes.x: an each node has either `do` or `nodes`"),
        ("{each: [1]}", "nodes.x: an each node has either `do` or `nodes`"),
        ("{each: [1], do: {tool: work}, outputs: {a: 1}}", "nodes.x.outputs: `outputs` stands beside `nodes`"),
        ("{each: {a: 1}, do: {tool: work}}", "nodes.x.each: `each` goes over a list"),
        ("{each: [1], quorum: 2, do: {tool: work}}", "nodes.x.quorum: `quorum: 2` can never be met by 1 items"),
        ("{each: [1], parallel: 1001, do: {tool: work}}", "nodes.x.parallel: `parallel` is at most 1000, not 1001"),
    ],
)
def test_an_each_that_cannot_mean_anything_is_refused(node: str, refusal: str) -> None:
    """What is found when the graph is compiled cannot go wrong in a run."""
    assert refusals(f"nodes: {{x: {node}}}") == [refusal]
