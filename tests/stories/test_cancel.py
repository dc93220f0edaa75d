"""Cancelling: what is asked to stop, and what becomes of what it was doing (rules 15, 35 and 36)."""

from __future__ import annotations

import pytest

from interlock.core import requests as r
from tests.stories.story import Story


def test_a_cancelled_call_lives_until_its_effect_has_settled() -> None:
    """Rule 35: cancelling is a request; whatever the result then is, the node ends cancelled."""
    run = Story("nodes: {a: {tool: work}, b: {tool: work}}").starts()

    run.cancels("a")
    before = run.status("a")
    run.does("a", "all the same")

    assert before == "running"
    assert run.told("node.cancelling", "node.result", "node.cancelled") == [
        "node.cancelling a",
        "node.result a",
        "node.cancelled a",
    ]


WAITING = {
    "for a person": "{human: 'Go?', choices: [go]}",
    "for a time": "{wait: 10m}",
    "for an event": "{wait: {event: paid}}",
}


@pytest.mark.parametrize("node", WAITING.values(), ids=WAITING)
def test_what_waits_is_cancelled_at_once(node: str) -> None:
    """Rule 35: nothing of it is out in the world."""
    run = Story(f"nodes: {{a: {node}, b: {{tool: work}}}}").starts()

    run.cancels("a")

    assert run.ends == {"a": "cancelled"}


def test_what_backs_off_is_cancelled_at_once() -> None:
    """Rule 35: the next attempt never starts."""
    run = Story("nodes: {a: {tool: work, retry: {attempts: 2}}, b: {tool: work}}").starts().fails("a")

    run.cancels("a").waits_for(60)

    assert run.ends == {"a": "cancelled"}
    assert run.paths("node.started") == ["a", "b"]


def test_what_waits_for_a_person_after_a_failure_is_cancelled_at_once() -> None:
    """Rules 16 and 35."""
    run = Story("on_failure: hold\nnodes: {a: {tool: work}, b: {tool: work}}").starts().fails("a")

    run.cancels("a")

    assert run.ends == {"a": "cancelled"}


def test_a_cancel_of_the_run_stops_everything_and_it_ends_cancelled() -> None:
    """Rules 35 and 36: nothing new starts, and the end waits for what lives."""
    run = Story("nodes: {a: {tool: work}, h: {human: 'Go?', choices: [go]}, b: {tool: work, after: a}}").starts()

    run.cancels()
    before = (run.status(), run.ends)
    run.does("a")

    assert before == ("running", {"h": "cancelled"})
    assert run.ends == {"h": "cancelled", "a": "cancelled"}
    assert run.outcome.status == "cancelled"


def test_who_asked_for_the_cancel_is_on_record() -> None:
    """An unexplained stop is the first thing anybody asks about."""
    run = Story("nodes: {h: {human: 'Go?', choices: [go]}}").starts()

    run.receives(r.CancelRun(why="wrong branch"), by="bob")

    asked = next(event for event in run.log if event.type == "run.cancel_asked")
    assert (asked.actor, asked.body) == ("bob", run.last("run.cancel_asked"))
    assert run.last("run.cancel_asked").why == "wrong branch"


def test_a_node_that_holds_scopes_is_cancelled_when_they_have_stopped() -> None:
    """Rule 35: from the inside out."""
    run = Story("nodes: {g: {each: [1, 2], parallel: 1, nodes: {a: {tool: work}}}, b: {tool: work}}").starts()

    run.cancels("g").does("g:0/a")

    assert run.ends == {"g:0/a": "cancelled", "g": "cancelled"}


def test_any_path_can_be_cancelled_also_deep_inside() -> None:
    """Rule 35: and only what hangs on it feels it."""
    run = Story("nodes: {part: {graph: {nodes: {a: {tool: work}, b: {tool: work}}}}}").starts()

    run.cancels("part/a").does("part/a").does("part/b", 2)

    assert run.outputs == {"part": {"a": None, "b": 2}}


CANCELS = """
nodes:
  check: {tool: work}
  slow: {tool: work}
  never: {tool: work, after: slow}
  other: {tool: work}
  enough: {value: 1, after: check, cancels: [slow, never]}
"""


def test_a_node_that_succeeds_cancels_what_it_names() -> None:
    """Rule 15: what lives is cancelled, what has not started is skipped; the rest goes on."""
    run = Story(CANCELS).starts()

    run.does("check").does("slow").does("other")

    assert run.ends == {
        "check": "succeeded",
        "enough": "succeeded",
        "never": "skipped",
        "slow": "cancelled",
        "other": "succeeded",
    }


def test_a_node_that_does_not_succeed_cancels_nothing() -> None:
    """Rule 15: only then has the reason to stop come true."""
    run = Story(CANCELS.replace("{value: 1", "{value: 1, when: '${1 > 2}'")).starts()

    run.does("check")

    assert run.in_flight == ["slow", "other"]


def test_a_star_cancels_all_others_of_the_scope() -> None:
    """Rule 15: explicit termination in one key; the run has succeeded."""
    run = Story(CANCELS.replace("cancels: [slow, never]", 'cancels: "*"')).starts()

    run.does("check").does("slow").does("other")

    assert run.ends == {
        "check": "succeeded",
        "enough": "succeeded",
        "never": "skipped",
        "slow": "cancelled",
        "other": "cancelled",
    }
    assert run.outcome.status == "succeeded"


def test_cancels_reaches_its_own_scope_and_no_further() -> None:
    """Rule 15: what is outside has its own reasons."""
    run = Story("""
    nodes:
      outside: {tool: work}
      part: {graph: {nodes: {a: {tool: work}, stop: {value: 1, cancels: "*"}}}}
    """).starts()

    run.does("part/a")

    assert run.ends == {"part/stop": "succeeded", "part/a": "cancelled", "part": "succeeded"}
    assert run.in_flight == ["outside"]


def test_what_stands_in_for_a_cancelled_node_is_cancelled_with_it() -> None:
    """Rules 15 and 18: whoever does not want a node does not want its fallback either."""
    run = Story("""
    nodes:
      check: {tool: work}
      best: {tool: work, on_error: {fallback: cheap}}
      cheap: {tool: work}
      enough: {value: 1, after: check, cancels: best}
    """).starts()

    run.fails("best").does("check").does("cheap")

    assert run.ends["cheap"] == "cancelled"
    assert run.outcome.status == "succeeded"
