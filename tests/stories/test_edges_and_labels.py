"""Edges: decided once, when their source settles; labels say on which of them to go on (rules 8 and 14)."""

from __future__ import annotations

import pytest

from tests.stories.graphs import refusals, tool
from tests.stories.story import Story

REVIEW = tool("review", labels=("good", "poor", "urgent"))


def test_an_edge_fires_if_its_words_and_the_labels_have_one_in_common() -> None:
    """Rules 8 and 14: a tool may return several labels, each usable in `on`."""
    run = Story(
        """
        nodes:
          look: {tool: review}
          praise: {value: 1, after: {look: {on: good}}}
          hurry: {value: 2, after: {look: {on: [urgent, failed]}}}
          mend: {value: 3, after: {look: {on: poor}}}
        """,
        tools=(REVIEW,),
    ).starts()

    run.does("look", None, "good", "urgent")

    assert run.ends == {"look": "succeeded", "praise": "succeeded", "hurry": "succeeded", "mend": "skipped"}


def test_an_outcome_is_a_word_too() -> None:
    """Rule 8: {status} and labels are one set of words."""
    run = Story("nodes: {a: {tool: work}, b: {value: 1, after: {a: {on: [succeeded, failed]}}}}").starts()

    run.fails("a")

    assert run.outputs == {"b": 1}


CONDITIONAL = """
inputs: {limit: integer}
nodes:
  scan: {tool: work}
  fix: {tool: other, after: {scan: {when: "${scan.high > inputs.limit}"}}}
"""


@pytest.mark.parametrize(("limit", "end"), [(1, "running"), (5, "skipped")])
def test_an_edge_with_a_condition_fires_only_if_that_is_true(limit: int, end: str) -> None:
    """Rule 8: both must hold, the outcome and the condition."""
    run = Story(CONDITIONAL + "  other: {tool: work}\n").starts(limit=limit)

    run.does("scan", {"high": 3})

    assert run.status("fix") == end


def test_a_conditional_edge_is_decided_by_an_event_of_its_own() -> None:
    """Rule 46: what an expression came to is a fact, and is not evaluated again when the log is read."""
    run = Story(CONDITIONAL).starts(limit=5)

    run.does("scan", {"high": 3})

    decided = run.last("edge.decided", "scan")
    assert (decided.target, decided.taken, decided.why) == ("fix", False, "scan.high > inputs.limit")


def test_the_condition_of_an_edge_that_does_not_fire_anyway_is_not_looked_at() -> None:
    """Rule 8: it could only speak of a value that is not there."""
    run = Story(
        CONDITIONAL.replace("scan: {tool: work}", "scan: {tool: work, on_error: continue}").replace(
            "scan: {when", "scan: {on: succeeded, when"
        )
    ).starts(limit=5)

    run.fails("scan")

    assert run.ends == {"scan": "failed", "fix": "skipped"}
    assert run.bodies("edge.decided") == []


def test_a_condition_that_cannot_be_answered_fails_the_target() -> None:
    """Rule 8: the source did its work; it is the step to the target that is broken."""
    run = Story(CONDITIONAL).starts(limit=5)

    run.does("scan", {})

    assert run.ends == {"scan": "succeeded", "fix": "failed"}
    assert run.error.message == "key `high` is missing in `${scan.high > inputs.limit}`"


def test_an_edge_is_decided_once_when_its_source_settles() -> None:
    """Rule 8: what is known later changes nothing; two looks could give two answers."""
    run = Story("""
    nodes:
      a: {tool: work}
      b: {tool: work}
      c: {tool: other, after: {a: {when: '${run.mode == "normal"}'}, b: {}}}
    """).starts()

    run.does("a").moves_to("minimal").does("b")

    assert run.in_flight == ["c"]


@pytest.mark.parametrize(
    ("after", "refusal"),
    [
        (
            "{look: {on: grand}}",
            "nodes.go.after.look.on: `look` can never end with `grand`, so this edge never fires",
        ),
        ("{loo: {}}", "nodes.go.after.loo: there is no node `loo` here"),
        ("[go]", "nodes.go.after.0: `go` waits for itself"),
        (
            "{look: {when: '${other.x > 1}'}}",
            "nodes.go.after.look.when: `other` cannot be seen from here",
        ),
    ],
)
def test_an_edge_that_can_never_fire_is_refused(after: str, refusal: str) -> None:
    """Rule 8: an edge's condition may mention its source, the inputs and the scope's variables only."""
    text = f"nodes: {{look: {{tool: review}}, other: {{tool: review}}, go: {{value: 1, after: {after}}}}}"

    assert refusals(text, tools=(REVIEW,)) == [refusal]


@pytest.mark.parametrize(
    "node",
    [
        "{choose: [{label: failed}]}",
        "{human: 'Go?', choices: [skipped]}",
    ],
)
def test_an_outcome_cannot_be_a_label(node: str) -> None:
    """Rule 3: `on: failed` must mean one thing."""
    assert "is an outcome, so it cannot be a label" in refusals(f"nodes: {{a: {node}}}")[0]


def test_what_goes_on_in_spite_of_a_broken_condition_may_be_followed_from_another_branch() -> None:
    """Rules 8 and 17: it fails before its own branch is chosen, so the graph is no contradiction and is not refused."""
    run = Story("""
    nodes:
      b: {tool: work}
      ask: {human: "Which way?", choices: [left, right]}
      log: {value: 1, after: {ask: {on: left}, b: {when: "${b.n > 0}"}}, on_error: continue}
      go: {value: 2, after: {log: {}, ask: {on: right}}}
    """).starts()

    run.does("b", {}).answers("ask", "right")

    assert run.ends == {"b": "succeeded", "log": "failed", "ask": "succeeded", "go": "succeeded"}
