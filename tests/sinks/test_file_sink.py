"""Events as lines in a file."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from interlock.sinks.errors import TryAgainError
from interlock.sinks.file_sink import FileSink, append_lines
from tests.sinks.event_samples import an_event, some_events
from tests.store.event_loop import in_event_loop


def ids_in(file: Path) -> list[str]:
    """The ids of the events in the file, each of which has to be on a whole line."""
    return [json.loads(line)["id"] for line in file.read_text(encoding="utf-8").splitlines()]


@in_event_loop
async def test_events_are_appended_a_line_each(tmp_path: Path) -> None:
    """What was told before stays where it is: a file is read from where one left off."""
    sink = FileSink(tmp_path / "out" / "events.jsonl")

    await sink.deliver(some_events(1, 2))
    await sink.deliver(some_events(3))

    assert ids_in(sink.path) == ["r1/1", "r1/2", "r1/3"]


@in_event_loop
async def test_a_line_that_a_crash_has_cut_off_is_taken_away_before_the_next(tmp_path: Path) -> None:
    """Half a line makes the whole file unreadable for whoever reads it line by line; its event comes again."""
    sink = FileSink(tmp_path / "events.jsonl")
    await sink.deliver(some_events(1, 2))
    size = sink.path.stat().st_size
    os.truncate(sink.path, size - 20)

    await sink.deliver(some_events(2, 3))

    assert ids_in(sink.path) == ["r1/1", "r1/2", "r1/3"]


@in_event_loop
async def test_a_torn_line_is_found_however_long_it_is(tmp_path: Path) -> None:
    """An event may be longer than what is looked at at once."""
    sink = FileSink(tmp_path / "events.jsonl")
    await sink.deliver([an_event(1), an_event(2, data="x" * 200_000)])
    os.truncate(sink.path, sink.path.stat().st_size - 1)

    await sink.deliver(some_events(2))

    assert ids_in(sink.path) == ["r1/1", "r1/2"]


def test_a_file_that_is_one_torn_line_begins_anew(tmp_path: Path) -> None:
    """The first delivery can be cut off as well."""
    file = tmp_path / "events.jsonl"
    file.write_bytes(b'{"id": "r1/')

    append_lines(file, b"{}\n")

    assert file.read_bytes() == b"{}\n"


@in_event_loop
async def test_a_file_that_was_moved_away_is_made_anew(tmp_path: Path) -> None:
    """That is how files are rotated by those who rotate them."""
    sink = FileSink(tmp_path / "events.jsonl")
    await sink.deliver(some_events(1))
    sink.path.rename(tmp_path / "events.1.jsonl")

    await sink.deliver(some_events(2))

    assert (ids_in(tmp_path / "events.1.jsonl"), ids_in(sink.path)) == (["r1/1"], ["r1/2"])


@in_event_loop
async def test_a_file_that_cannot_be_written_is_tried_again_later(tmp_path: Path) -> None:
    """A disk gets room again, a folder its rights: no event is given up for that."""
    (tmp_path / "taken").write_text("")
    sink = FileSink(tmp_path / "taken" / "events.jsonl")

    with pytest.raises(TryAgainError, match=r"events.jsonl cannot be written"):
        await sink.deliver(some_events(1))
