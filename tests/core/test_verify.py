"""Verifying a log: what was decided is decided again, and must come out the same, byte for byte (rule 47)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from interlock.core import events as e
from interlock.core import requests as r
from interlock.core.decide import Need
from interlock.core.state import RunState
from interlock.core.values import Packer
from interlock.core.verify import Divergence, Verification
from tests.stories.story import Story

TWO = """
nodes:
  first: {tool: work, input: {thing: a}}
  second: {tool: work, input: {thing: "${first}"}}
"""


def finished() -> Story:
    """A run of two nodes that has succeeded."""
    return Story(TWO).starts().does("first", "b").does("second", "c")


def verdict_on(story: Story, log: list[e.Event]) -> object:
    """What verifying a log says, where every value stands in its event."""
    return Verification(story.plan, RunState("run"), log, lambda value: value).go_on({})


def test_the_log_of_a_run_verifies_and_ends_in_the_state_of_the_run() -> None:
    """What a run was decided by can be shown again at any time, without its tools and its people."""
    story = finished()

    verification = Verification(story.plan, RunState("run"), story.log, lambda value: value)

    assert verification.go_on({}) is None
    assert verification.state == story.state


def test_every_beginning_of_a_log_verifies() -> None:
    """A crash may end it anywhere between two appends, and whoever only took something in decided nothing."""
    story = finished()

    assert [verdict_on(story, story.log[:end]) for end in range(len(story.log))] == [None] * len(story.log)


def test_a_decision_that_comes_later_than_it_could_still_verifies() -> None:
    """A worker that leaves records what comes in and lets the next one decide."""
    story = Story("nodes: {a: {tool: work}, b: {tool: work}, c: {value: 1, after: a}}").starts()
    story.receives_many([result(story, "a"), result(story, "b")])

    assert [event.type for event in story.log[-4:]] == ["node.result", "node.result", "node.succeeded", "run.ended"]
    assert verdict_on(story, story.log) is None


def result(story: Story, path: str) -> r.Result:
    """An attempt is done."""
    effects = {event.path: event.body.effect for event in story.log if isinstance(event.body, e.NodeStarted)}
    return r.Result(path=path, result=e.NodeResult(effects[path], "done", 1))


def changed(log: list[e.Event], seq: int, change: Callable[[e.Event], e.Event]) -> list[e.Event]:
    """The log with one event changed."""
    return [change(event) if event.seq == seq else event for event in log]


def other_tool(event: e.Event) -> e.Event:
    """The event with another tool in it."""
    assert isinstance(event.body, e.NodeStarted)
    return replace(event, body=replace(event.body, tool="other"))


FORGED: dict[str, tuple[int, Callable[[e.Event], e.Event], str]] = {
    "another tool": (2, other_tool, "event 2 (node.started first) says something else than what is decided"),
    "another node": (
        2,
        lambda event: replace(event, path="second"),
        "event 2 is node.started second, and node.started first is decided",
    ),
    "another cause": (2, lambda event: replace(event, cause=7), "event 2 (node.started first) says something else"),
    "a person": (2, lambda event: replace(event, actor="eve"), "event 2 (node.started first) says something else"),
    "an earlier time": (3, lambda event: replace(event, at=0), "event 3 (node.result) is earlier than the one before"),
    "a node that is none": (3, lambda event: replace(event, path="x"), "event 3 (node.result) cannot follow what is"),
    "another bundle": (1, lambda event: replace(event, body=replace(event.body, bundle="b")), "the run is pinned to"),
    "a decision too many": (
        3,
        lambda event: replace(event, body=e.NodeSkipped()),
        "event 3 (node.skipped) was recorded, and nothing is to be decided",
    ),
}


@pytest.mark.parametrize(("seq", "change", "told"), FORGED.values(), ids=FORGED)
def test_the_first_event_that_does_not_follow_is_named(
    seq: int, change: Callable[[e.Event], e.Event], told: str
) -> None:
    """Whoever looks for the fault begins there, not at the end."""
    story = finished()

    verdict = verdict_on(story, changed(story.log, seq, change))

    assert isinstance(verdict, Divergence)
    assert verdict.seq == seq
    assert verdict.what.startswith(told)


def test_values_that_are_kept_elsewhere_are_asked_for() -> None:
    """Only what a decision looks into is loaded."""
    packer = Packer(b"key", inline_bytes_max=100)
    looks = 'nodes: {a: {tool: work}, b: {value: "${a.text.size()}"}}'
    story = Story(looks, packer=packer).starts().does("a", {"text": "x" * 1_000})

    verification = Verification(story.plan, RunState("run"), story.log, Packer(b"key", inline_bytes_max=100))
    need = verification.go_on({})
    assert isinstance(need, Need)
    again = verification.go_on({digest: story.kept[digest] for digest in need.digests})

    assert again is None
    assert verification.state == story.state
