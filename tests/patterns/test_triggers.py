"""Patterns 23 and 24: signals from outside, that are lost or kept if nobody waits for them yet."""

from __future__ import annotations

from tests.stories.story import Story


def test_pattern_23_transient_trigger() -> None:
    """A signal counts only for who waits when it comes."""
    run = Story("""
    nodes:
      prepare: {tool: work}
      bell: {wait: {event: bell, early: drop}, after: prepare}
    """).starts()

    run.sends("bell", "first").does("prepare")
    before = run.waits
    run.sends("bell", "second")

    assert before == {"bell": "event"}
    assert run.outputs == {"bell": "second"}


def test_pattern_24_persistent_trigger() -> None:
    """A signal is kept until somebody waits for it."""
    run = Story("""
    nodes:
      prepare: {tool: work}
      payment: {wait: {event: paid}, after: prepare}
    """).starts()

    run.sends("paid", 100).does("prepare")

    assert run.outputs == {"payment": 100}
