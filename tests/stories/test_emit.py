"""`emit`: an event is sent out, and offered to the waits of its own run (rule 28)."""

from __future__ import annotations

from interlock.core import requests as r
from tests.stories.story import Story

READY = """
nodes:
  patch: {tool: work}
  tell: {emit: patch_ready, data: {id: "${patch.id}"}, retry: {attempts: 2, backoff: 1s}}
"""


def test_an_emit_is_an_effect_with_an_id_as_its_key() -> None:
    """Rule 28: it stands in the outbox from its intent on, so it is sent at least once and known by its id."""
    run = Story(READY).starts().does("patch", {"id": 7})

    started = run.last("node.started", "tell")

    assert (started.emits, started.tool, started.input) == (True, "patch_ready", {"id": 7})
    assert started.effect == run.effect("tell")


def test_an_emit_that_failed_is_tried_again() -> None:
    """Rules 28 and 32: emit has attempts, as everything that touches the world."""
    run = Story(READY).starts().does("patch", {"id": 7})

    run.fails("tell", "unavailable").waits_for(1).does("tell")

    assert run.ends == {"patch": "succeeded", "tell": "succeeded"}


def test_an_emit_of_which_nobody_knows_whether_it_went_out_is_sent_again_under_its_id() -> None:
    """Rules 28 and 33: the id is the key by which the receiver tells that it has it already."""
    run = Story(READY).starts().does("patch", {"id": 7})
    first = run.effect("tell")

    run.is_lost("tell")

    assert run.effect("tell") == first


def test_what_was_sent_is_offered_to_the_waits_of_the_same_run() -> None:
    """Rule 28: only when its result is recorded."""
    run = Story("""
    nodes:
      tell: {emit: ready, data: {id: 7}}
      hear: {wait: {event: ready, match: {id: 7}}}
    """).starts()

    before = run.waits
    run.does("tell")

    assert before == {"hear": "event"}
    assert run.ends == {"tell": "succeeded", "hear": "succeeded"}


def test_a_wait_that_begins_later_still_gets_what_was_sent() -> None:
    """Rules 27 and 28: it lies in the mailbox like any other event."""
    run = Story("nodes: {tell: {emit: ready, data: {id: 7}}, hear: {wait: {event: ready}, after: tell}}").starts()

    run.does("tell")

    assert run.outputs == {"hear": {"id": 7}}


def test_the_runs_own_event_is_not_taken_a_second_time_from_outside() -> None:
    """Rule 27: the same event id is accepted once, also where it comes back to its sender."""
    run = Story("nodes: {tell: {emit: ready}, hear: {wait: {event: other}}}").starts()
    effect = run.effect("tell")

    run.does("tell")

    assert run.offers(r.SendEvent(id=effect, name="ready")) == f"event {effect} was received before"


def test_what_was_sent_although_its_node_was_cancelled_is_heard_all_the_same() -> None:
    """Rules 28 and 35: the node ends cancelled, and the event is out."""
    run = Story("nodes: {tell: {emit: ready, data: 7}, hear: {wait: {event: ready}}}").starts()

    run.cancels("tell").does("tell")

    assert run.ends == {"tell": "cancelled", "hear": "succeeded"}
    assert run.outputs["hear"] == 7
