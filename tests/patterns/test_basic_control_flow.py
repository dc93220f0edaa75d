"""Patterns 1 to 5: one after the other, side by side, together again, one way or the other."""

from __future__ import annotations

from tests.stories.story import Story


def test_pattern_01_sequence() -> None:
    """One step starts when the one before has succeeded."""
    run = Story("""
    nodes:
      draft: {tool: work}
      publish: {tool: other, after: draft}
    """).starts()

    before = run.in_flight
    run.does("draft")

    assert (before, run.in_flight) == (["draft"], ["publish"])


def test_pattern_02_parallel_split() -> None:
    """One step lets several go on at the same time."""
    run = Story("""
    nodes:
      plan: {tool: work}
      build: {tool: other, after: plan}
      document: {tool: other, after: plan}
    """).starts()

    run.does("plan")

    assert run.in_flight == ["build", "document"]


def test_pattern_03_synchronization() -> None:
    """One step waits for all the branches that lead to it."""
    run = Story("""
    nodes:
      build: {tool: work}
      document: {tool: work}
      release: {tool: other, after: [build, document]}
    """).starts()

    run.does("document")
    before = run.status("release")
    run.does("build")

    assert (before, run.in_flight) == ("pending", ["release"])


def test_pattern_04_exclusive_choice() -> None:
    """Exactly one of several ways is taken."""
    run = Story("""
    inputs: {size: integer}
    nodes:
      how: {choose: [{label: by_hand, when: "${inputs.size < 10}"}, {label: by_machine}]}
      fix: {tool: work, after: {how: {on: by_hand}}}
      rewrite: {tool: other, after: {how: {on: by_machine}}}
    """).starts(size=50)

    assert run.ends == {"how": "succeeded", "fix": "skipped"}
    assert run.in_flight == ["rewrite"]


def test_pattern_05_simple_merge() -> None:
    """The ways of a choice come together without waiting for what was not taken."""
    run = Story("""
    inputs: {size: integer}
    nodes:
      how: {choose: [{label: by_hand, when: "${inputs.size < 10}"}, {label: by_machine}]}
      fix: {tool: work, after: {how: {on: by_hand}}}
      rewrite: {tool: work, after: {how: {on: by_machine}}}
      review: {tool: other, after: [fix, rewrite], join: any}
    """).starts(size=5)

    run.does("fix")

    assert run.in_flight == ["review"]
