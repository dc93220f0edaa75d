"""Server-sent events: as the standard has them, however the network cuts them."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.client.server_sent import Frame, FrameReader

STREAM = (
    b"\xef\xbb\xbf: hello\n\nid: 1\nevent: a\ndata: {}\n\nid: 2\r\nevent: b\r\ndata: one\r\ndata: two\r\n\r\n"
    b"data\rretry: 5\r\rid: x\0y\ndata:  spaced\n\nid: 3\n\nevent: gone\n\ndata: half"
)
FRAMES = [
    Frame("1", "a", b"{}"),
    Frame("2", "b", b"one\ntwo"),
    Frame("2", "message", b""),
    Frame("2", "message", b" spaced"),
]


@given(st.sets(st.integers(min_value=0, max_value=len(STREAM))))
def test_however_it_is_cut_the_same_events_come_out(cuts: set[int]) -> None:
    """A network keeps no boundaries: not of events, not of lines, not of a carriage return and its line feed."""
    reader = FrameReader()
    bounds = [0, *sorted(cuts), len(STREAM)]

    told = [frame for begin, end in pairwise(bounds) for frame in reader.feed(STREAM[begin:end])]

    assert (told, reader.last_id) == (FRAMES, "3")


@pytest.mark.parametrize("half", [b"id: 9\n", b"id: 9\ndata: {}", b"id: 9\ndata: {}\n"])
def test_an_event_without_its_end_was_not_heard(half: bytes) -> None:
    """Its id must not be the one to go on from: it would be skipped."""
    reader = FrameReader("8")

    assert (reader.feed(half), reader.last_id) == ([], "8")
