"""Streams through broken connections: a scripted server tells and breaks off, and nothing is sent."""

from __future__ import annotations

import json
from itertools import islice

import pytest

from interlock.client import NotUnderstood, Patience, RunNotFound, Unreachable
from interlock.client.errands import Open
from interlock.client.flows.following import SILENCE_SECONDS, feed, hear_run, stream
from interlock.wire.events import Event
from interlock.wire.live import NodeWords
from tests.client.errands_by_hand import CUT, UNSENT, ByHand, answered, problem

BEGUN = answered(content_type="text/event-stream")


def frame(seq: int, type: str = "node.started", id: str = "") -> bytes:
    """An event as a stream tells it."""
    event: dict[str, object] = {
        "run": "r",
        "seq": seq,
        "at": 0,
        "type": type,
        "path": "",
        "actor": "",
        "cause": None,
        "body": {},
    }
    return f"id: {id or seq}\nevent: {type}\ndata: {json.dumps(event)}\n\n".encode()


def test_a_stream_that_breaks_off_goes_on_behind_the_last_event() -> None:
    """Half an event was not heard: it is told whole by the next connection."""
    broken = frame(3)
    scene = ByHand(BEGUN, frame(1) + frame(2), broken[:-20], CUT, BEGUN, frame(3), b"", BEGUN, frame(4, "run.ended"))

    told = [event.seq for event in scene.tell(stream("r")) if isinstance(event, Event)]

    assert (told, scene.ids_sent) == ([1, 2, 3, 4], ["", "2", "3"])


def test_a_stream_begins_where_somebody_was() -> None:
    """A program that was stopped goes on with what it had dealt with."""
    scene = ByHand(BEGUN, frame(8, "run.ended"))

    told = list(scene.tell(stream("r", after=7, types=["node.failed", "node.result"], deltas=True)))

    assert len(told) == 1
    assert scene.ids_sent == ["7"]
    assert scene.sent == ["GET /v1/runs/r/stream?type=node.failed&type=node.result&deltas=true"]


def test_a_run_that_has_ended_already_has_nothing_to_tell() -> None:
    """To wait for more would be to wait for ever."""
    scene = ByHand(answered(204, b""))

    assert list(scene.tell(stream("r", after=9))) == []


def test_words_are_told_between_events_and_have_no_number() -> None:
    """They are for eyes: the record does not know them."""
    words = b'event: live.words\ndata: {"run":"r","path":"a","text":"Dear"}\n\n'
    scene = ByHand(BEGUN, frame(1) + words, CUT, BEGUN, frame(2, "run.ended"))

    told = list(scene.tell(stream("r", deltas=True)))

    assert told[1] == NodeWords(run="r", path="a", text="Dear")
    assert scene.ids_sent == ["", "1"]


def test_a_server_that_is_away_is_tried_again_for_as_long_as_that_is_borne() -> None:
    """A deployment takes a minute; a server that was switched off takes for ever."""
    scene = ByHand(BEGUN, frame(1), CUT, *[UNSENT] * 99, patience=Patience(first_seconds=1, away_seconds=30))

    with pytest.raises(Unreachable):
        list(scene.tell(stream("r")))

    assert scene.pauses == [1, 2, 4, 8, 16]


def test_a_stream_that_was_heard_again_is_patient_again() -> None:
    """What counts is how long it has been away this time."""
    patience = Patience(first_seconds=1, away_seconds=2)
    scene = ByHand(BEGUN, CUT, UNSENT, BEGUN, CUT, UNSENT, BEGUN, frame(1, "run.ended"), patience=patience)

    told = list(scene.tell(stream("r")))

    assert (len(told), scene.pauses) == (1, [1, 2, 1, 2])


def test_too_many_listeners_come_again_when_they_are_told_to() -> None:
    """A stream is a thing that one has time for."""
    scene = ByHand(problem(429, "too_many_listeners", retry_after="5"), BEGUN, frame(1, "run.ended"))

    list(scene.tell(stream("r")))

    assert scene.pauses == [5.0]


def test_what_a_server_refuses_is_told_at_once() -> None:
    """No run comes into being because somebody listens long enough."""
    scene = ByHand(problem(404, "run_not_found"))

    with pytest.raises(RunNotFound):
        list(scene.tell(stream("r")))

    assert scene.pauses == []


def test_what_cannot_be_read_is_no_event() -> None:
    """A page of something else must not pass for a silent run."""
    scene = ByHand(BEGUN, b"data: <html>\n\n")

    with pytest.raises(NotUnderstood):
        list(scene.tell(stream("r")))


def test_events_of_the_feed_come_with_their_places() -> None:
    """The place is what a follower keeps to go on from."""
    scene = ByHand(
        BEGUN, b": still here\n\n", frame(1, id="40.1") + frame(2, id="40.2"), CUT, BEGUN, frame(3, id="41.3")
    )

    told = [each.place for each in islice(scene.tell(feed(graphs=["pay"])), 3)]

    assert (told, scene.ids_sent) == (["40.1", "40.2", "41.3"], ["", "40.2"])


def test_a_follower_who_is_cut_off_before_the_first_event_goes_on_where_it_began() -> None:
    """What happens while it comes back has not been told to it."""
    scene = ByHand(BEGUN, b"id: 40\n\n", CUT, BEGUN, frame(1, id="41.1"))

    told = [each.place for each in islice(scene.tell(feed()), 1)]

    assert (told, scene.ids_sent) == (["41.1"], ["", "40"])


def test_who_waits_until_an_instant_hears_no_silence_beyond_it() -> None:
    """A wait of ten seconds must not last for the 45 of a heartbeat that is missing."""
    scene = ByHand(BEGUN, b"", BEGUN, b"", patience=Patience(first_seconds=6))

    heard = list(scene.tell(hear_run("r", until=10.0)))

    silences = [each.silence_seconds for each in scene.asked if isinstance(each, Open)]
    assert (heard, silences) == ([[], []], [10.0, 4.0])
    assert SILENCE_SECONDS > 10
