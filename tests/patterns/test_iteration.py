"""Patterns 10, 21 and 22: doing it again."""

from __future__ import annotations

from tests.stories.graphs import refusals
from tests.stories.story import Story


def test_pattern_10_arbitrary_cycles_is_refused() -> None:
    """A cycle with several ways in and out: how long it runs could not be bounded. Repeating is a `loop`."""
    assert refusals("""
    nodes:
      draft: {tool: work, after: {review: {on: poor}}, join: any}
      review: {tool: other, after: draft}
    """) == ["nodes.draft: these wait for one another in a circle: draft -> review -> draft"]


def test_pattern_21_structured_loop() -> None:
    """A part of the graph with one way in and one way out is repeated until a condition holds."""
    run = Story("""
    nodes:
      refine:
        loop:
          draft: {tool: work, input: {remarks: '${round.last.?review.?remarks.orValue("")}'}}
          review: {tool: other, input: {draft: "${draft}"}}
        until: "${review.good}"
        max: 5
      publish: {tool: work, input: {text: "${refine.draft}"}}
    """).starts()

    run.does("refine:0/draft", "one").does("refine:0/review", {"good": False, "remarks": "shorter"})
    run.does("refine:1/draft", "two").does("refine:1/review", {"good": True})

    assert run.given("refine:1/draft") == {"remarks": "shorter"}
    assert run.given("publish") == {"text": "two"}


def test_pattern_22_recursion_is_refused() -> None:
    """A graph that calls itself: what a run costs could not be bounded."""
    split = "graph: split\nnodes: {half: {graph: split}}"

    assert refusals("nodes: {s: {graph: split}}", graphs={"split": split}) == [
        "nodes.s.graph: graphs name one another in a circle: split -> split"
    ]
