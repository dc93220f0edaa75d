"""What every sink promises whoever tells it on. What becomes of trouble is each one's own, and told with each."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from interlock.sinks import Sink, encode_event
from interlock.sinks.declaring import SinkSettings
from interlock.sinks.making import make_sink
from tests.sinks.event_samples import an_event, some_events
from tests.sinks.receiver import receiving
from tests.sinks.scripted_sink import ScriptedSink
from tests.store.event_loop import in_event_loop


@dataclass
class Told:
    """A sink, and the events that have arrived behind it, as whoever reads them does."""

    sink: Sink
    arrived: Callable[[], list[Any]]


def _lines(file: Path) -> list[str]:
    return file.read_text(encoding="utf-8").splitlines() if file.exists() else []


@pytest.fixture(params=["memory", "file", "webhook"])
def told(request: pytest.FixtureRequest, tmp_path: Path) -> Generator[Told]:
    """A sink of each kind."""
    with receiving() as receiver:
        file = tmp_path / "events.jsonl"
        memory = ScriptedSink()
        kinds = {
            "memory": lambda: Told(memory, lambda: [json.loads(encode_event(event)) for event in memory.taken]),
            "file": lambda: Told(
                make_sink("audit", SinkSettings(to=f"file:{file}"), folder=tmp_path, key=None),
                lambda: [json.loads(line) for line in _lines(file)],
            ),
            "webhook": lambda: Told(
                make_sink("ops", SinkSettings(to=receiver.url), folder=tmp_path, key="k3y"),
                lambda: [event for posted in receiver.posted for event in posted.json],
            ),
        }
        yield kinds[request.param]()


@in_event_loop
async def test_events_arrive_in_the_order_in_which_they_are_delivered(told: Told) -> None:
    """Order per run rests on it: the relay hands them over in order, and nothing may overtake on the way."""
    await told.sink.deliver(some_events(1, 2))
    await told.sink.deliver(some_events(3))

    assert [event["id"] for event in told.arrived()] == ["r1/1", "r1/2", "r1/3"]


@in_event_loop
async def test_an_event_arrives_as_it_was_made(told: Told) -> None:
    """Whatever it goes through, a receiver of one kind can read what another one kept."""
    event = an_event(7, data={"text": "Grüße\n{", "empty": None, "number": 1.5})

    await told.sink.deliver([event])

    assert told.arrived() == [json.loads(encode_event(event))]


@in_event_loop
async def test_an_event_that_is_delivered_again_is_no_trouble(told: Told) -> None:
    """Where an answer was lost the same comes again, and is known by its id."""
    await told.sink.deliver(some_events(1, 2))
    await told.sink.deliver(some_events(2, 3))

    assert list(dict.fromkeys(event["id"] for event in told.arrived())) == ["r1/1", "r1/2", "r1/3"]


@in_event_loop
async def test_a_sink_can_be_let_go_before_anything_was_delivered(told: Told) -> None:
    """Most turns find nothing to tell."""
    await told.sink.close()

    assert told.arrived() == []
