"""Waiting for time and for events, and what becomes of events nobody waits for (rules 26 and 27)."""

from __future__ import annotations

import pytest

from interlock.core import requests as r
from tests.stories.graphs import refusals
from tests.stories.story import Story


def test_a_wait_lasts_from_the_event_that_started_it() -> None:
    """Rule 26: not from the start of the run, and it holds no worker."""
    run = Story("nodes: {a: {tool: work}, rest: {wait: 10m, after: a}}").starts()

    run.waits_for(300).does("a").waits_for(599)
    before = run.waits
    run.waits_for(1)

    assert before == {"rest": "time"}
    assert run.ends == {"a": "succeeded", "rest": "succeeded"}


def test_a_wait_for_an_instant_ends_then() -> None:
    """Rule 26: an expression or text that is an instant."""
    run = Story("inputs: {at: string}\nnodes: {w: {wait: {at: '${inputs.at}'}}}").starts(at="1970-01-01T00:01:00Z")

    run.waits_for(58)
    before = run.waits
    run.waits_for(1)

    assert before == {"w": "time"}
    assert run.outcome.status == "succeeded"


def test_an_instant_that_is_past_is_no_wait() -> None:
    """Rule 26: past means at once."""
    run = Story("nodes: {w: {wait: {at: '1970-01-01T00:00:00Z'}}}").starts()

    assert run.told() == ["run.started", "node.succeeded w", "run.ended"]


@pytest.mark.parametrize("at", ["tomorrow", "2030-01-31T12:00:00", 7])
def test_what_is_no_instant_fails_the_wait(at: object) -> None:
    """Rule 26: a time without a zone is nobody's time."""
    run = Story("nodes: {ask: {tool: work}, w: {wait: {at: '${ask}'}}}").starts()

    run.does("ask", at)

    assert run.error.message == f"`at` wants a time like 2026-01-31T09:00:00Z and was given {at!r}"


MERGED = "nodes: {merged: {wait: {event: pr.merged}}}\noutputs: {by: '${merged.by}'}"


def test_an_event_that_comes_is_what_the_wait_gives() -> None:
    """Rule 27: its data is the node's value."""
    run = Story(MERGED).starts()

    run.sends("pr.merged", {"by": "ada"})

    assert run.outputs == {"by": "ada"}


def test_one_event_goes_to_one_wait_the_oldest() -> None:
    """Rule 27: who waited longest is served first, and nobody is served twice by one event."""
    run = Story("nodes: {a: {wait: {event: slot}}, b: {wait: {event: slot}}}").starts()

    run.sends("slot", 1)
    after_one = run.waits
    run.sends("slot", 2)

    assert after_one == {"b": "event"}
    assert run.outputs == {"a": 1, "b": 2}


def test_an_event_that_came_before_its_wait_is_kept_for_it() -> None:
    """Rule 27: the mailbox, oldest first; a fast sender must not lose to a slow graph."""
    run = Story("nodes: {a: {tool: work}, w: {wait: {event: paid}, after: a}}").starts()

    run.sends("paid", 1).sends("paid", 2).does("a")

    assert run.outputs == {"w": 1}
    assert run.last("run.ended").events_left == 1


def test_a_wait_can_ignore_what_came_early() -> None:
    """Rule 27: `early: drop`, where only what happens from now on counts."""
    run = Story("nodes: {a: {tool: work}, w: {wait: {event: paid, early: drop}, after: a}}").starts()

    run.sends("paid", "before").does("a").sends("paid", "after")

    assert run.outputs == {"w": "after"}


MATCH = """
nodes:
  seven: {wait: {event: pr.merged, match: {pr: 7}}}
  nine: {wait: {event: pr.merged, match: {pr: 9}}}
"""


def test_a_wait_takes_only_what_matches() -> None:
    """Rule 27: `match` is equality of fields, fixed when the wait starts."""
    run = Story(MATCH).starts()

    run.sends("pr.merged", {"pr": 9, "by": "bob"}).sends("pr.merged", {"pr": 8}).sends("pr.merged", "nonsense")

    assert run.waits == {"seven": "event"}
    assert [received.data for received in run.state.mailbox["pr.merged"]] == [{"pr": 8}, "nonsense"]


def test_an_event_that_nobody_wants_is_on_record_as_kept() -> None:
    """Rule 27: whoever asks where it went finds an answer."""
    run = Story(MATCH).starts()

    run.sends("pr.merged", {"pr": 8}, id="e8")

    assert (run.last("event.kept").id, run.last("event.kept").name) == ("e8", "pr.merged")


WHERE = """
nodes:
  big: {wait: {event: paid, where: "${event.data.amount > 100}"}}
  any: {wait: {event: paid}}
"""


def test_a_condition_is_tried_wait_by_wait() -> None:
    """Rule 27: the first that wants the event takes it."""
    run = Story(WHERE).starts()

    run.sends("paid", {"amount": 5})

    assert run.ends == {"any": "succeeded"}
    assert run.waits == {"big": "event"}


def test_a_condition_that_cannot_be_answered_fails_its_own_wait_and_the_next_one_gets_the_event() -> None:
    """Rules 7 and 27: one bad condition must not swallow what another waits for."""
    run = Story(WHERE.replace("big: {", "big: {on_error: continue, ")).starts()

    run.sends("paid", {})

    assert run.ends == {"big": "failed", "any": "succeeded"}


def test_a_condition_that_cannot_be_answered_holds_its_wait_where_failures_are_held() -> None:
    """Rules 16 and 27: like every other failure; the event is not lost meanwhile."""
    run = Story("on_failure: hold\n" + WHERE).starts()

    run.sends("paid", {})
    waits = run.waits
    run.remedies("big", "retry").sends("paid", {"amount": 500})

    assert waits == {"big": "failure"}
    assert run.outputs == {"big": {"amount": 500}, "any": {}}


def test_a_wait_that_took_too_long_fails() -> None:
    """Rule 31: `timeout` bounds the whole wait."""
    run = Story("nodes: {w: {wait: {event: paid}, timeout: 1h}}").starts()

    run.waits_for(3600)

    assert (run.error.kind, run.error.message) == ("timeout", "w was not done within 3600 s")


def test_a_wait_that_is_held_after_its_time_takes_no_event() -> None:
    """Rules 16 and 27: it waits for a person now; the event stays for whoever wants it."""
    run = Story("on_failure: hold\nnodes: {w: {wait: {event: paid}, timeout: 1h}, a: {tool: work}}").starts()

    run.waits_for(3600).sends("paid", 1)
    waits = run.waits
    run.remedies("w", "retry").does("a")

    assert waits == {"w": "failure"}
    assert run.outputs == {"w": 1, "a": None}


def test_a_wait_that_was_cancelled_takes_no_event() -> None:
    """Rule 27: it is gone, and the next in line is served."""
    run = Story("nodes: {a: {wait: {event: slot}}, b: {wait: {event: slot}}}").starts()

    run.cancels("a").sends("slot", 2)

    assert run.ends == {"a": "cancelled", "b": "succeeded"}


def test_what_waits_for_nothing_but_events_lets_the_run_rest() -> None:
    """Rule 41: nothing in flight and something waiting is called waiting."""
    run = Story(MERGED).starts()

    assert run.status() == "waiting"
    assert run.offers(r.TimePassed()) is None
    assert run.status() == "waiting"


@pytest.mark.parametrize(
    ("node", "refusal"),
    [
        (
            "{wait: 10m, timeout: 1h}",
            "nodes.w.timeout: `timeout` bounds a wait for an event; this one ends by itself",
        ),
        ("{wait: {at: tomorrow}}", "nodes.w.wait.at: `tomorrow` is no instant"),
        ("{wait: 10}", "nodes.w.wait: 10 has no unit"),
        ("{wait: {event: '${inputs.name}'}}", "nodes.w.wait.event: the name of an event is fixed text"),
    ],
)
def test_a_wait_that_cannot_mean_anything_is_refused(node: str, refusal: str) -> None:
    """What is found when the graph is compiled cannot go wrong in a run."""
    assert refusals(f"nodes: {{w: {node}}}") == [refusal]
