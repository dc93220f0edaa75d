"""Patterns 11 and 43: when it is over."""

from __future__ import annotations

from tests.stories.story import Story


def test_pattern_11_implicit_termination() -> None:
    """The run has ended when nothing is left to do; no step has to say so."""
    run = Story("""
    nodes:
      a: {tool: work}
      b: {tool: work, when: "${1 > 2}"}
      c: {tool: other, after: b}
    """).starts()

    run.does("a")

    assert run.ends == {"b": "skipped", "c": "skipped", "a": "succeeded"}
    assert run.outcome.status == "succeeded"


def test_pattern_43_explicit_termination() -> None:
    """One step says that it is over, and whatever is still going on is withdrawn."""
    run = Story("""
    nodes:
      check: {tool: work}
      search: {tool: work}
      index: {tool: other, after: search}
      enough: {value: {why: limit}, after: {check: {on: over}}, cancels: "*"}
    """).starts()

    run.does("check", None, "over").does("search")

    assert run.ends == {"check": "succeeded", "enough": "succeeded", "index": "skipped", "search": "cancelled"}
    assert run.outcome.status == "succeeded"
