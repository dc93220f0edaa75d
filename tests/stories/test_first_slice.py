"""Tool, value, gate, human: the least a graph can be made of."""

from __future__ import annotations

from tests.stories.story import Story

RELEASE = """
inputs: {pr: integer}
nodes:
  test: {tool: work, input: {pr: "${inputs.pr}"}}
  share: {value: {high: "${test.high}", title: "PR ${inputs.pr}"}}
  quality: {gate: ["${share.high == 0}"]}
  approve: {human: "Release ${share.title}?", choices: [release, reject], after: quality}
  release: {tool: pay, after: {approve: {on: release}}}
outputs: {version: '${release.?version.orValue("none")}'}
"""


def test_a_run_goes_from_tool_to_gate_to_person_to_its_outputs() -> None:
    """Everything that happens is on record, in the order in which it did."""
    run = Story(RELEASE).starts(pr=7)

    run.does("test", {"high": 0}).answers("approve", "release").does("release", {"version": "1.2"})

    assert run.outputs == {"version": "1.2"}
    assert run.told() == [
        "run.started",
        "node.started test",
        "node.result test",
        "node.succeeded share",
        "node.succeeded quality",
        "node.waiting approve",
        "answer.given approve",
        "node.succeeded approve",
        "node.started release",
        "node.result release",
        "run.ended",
    ]


def test_a_gate_that_does_not_pass_ends_the_run_failed_and_says_which_check() -> None:
    """Whoever has to mend it must not have to guess what was looked at."""
    run = Story(RELEASE).starts(pr=7)

    run.does("test", {"high": 2})

    assert run.outcome.status == "failed"
    assert run.outcome.error is not None
    assert "share.high == 0" in run.outcome.error.message
    assert run.last("node.failed").decision.chosen == "block"


def test_a_choice_that_releases_nothing_skips_what_waited_for_it() -> None:
    """Saying no is a good end of a run, and its outputs say so."""
    run = Story(RELEASE).starts(pr=7).does("test", {"high": 0})

    run.answers("approve", "reject")

    assert run.outputs == {"version": "none"}
