"""Server-sent events, as the HTML standard has them: bytes as they arrive go in, whole events come out."""

from __future__ import annotations

import re
from typing import Final

from msgspec import Struct

_LINE: Final = re.compile(rb"([^\r\n]*)(\r\n|\n|\r(?!\Z))")
"""A line with its end. A carriage return that is the last byte may be half of one."""


class Frame(Struct, frozen=True):
    """One event. Its id is that of the one before, if it has none of its own."""

    id: str
    type: str
    data: bytes


class FrameReader:
    """One stream that is read. An event of which the end has not arrived is never told."""

    def __init__(self, last_id: str = "") -> None:
        self._rest = b""
        self._is_first = True
        self._type = ""
        self._data: list[bytes] = []
        self._id = last_id
        self.last_id = last_id
        """With what a stream goes on that breaks off here."""

    def feed(self, chunk: bytes) -> list[Frame]:
        """The events that are whole with these bytes."""
        text = self._rest + chunk
        if self._is_first and len(text) >= 3:
            text, self._is_first = text.removeprefix(b"\xef\xbb\xbf"), False
        frames: list[Frame] = []
        end = 0
        for found in _LINE.finditer(text):
            end = found.end()
            if (frame := self._take(found[1])) is not None:
                frames.append(frame)
        self._rest = text[end:]
        return frames

    def _take(self, line: bytes) -> Frame | None:
        if not line:
            return self._finish()
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        match name:
            case b"data":
                self._data.append(value)
            case b"event":
                self._type = value.decode(errors="replace")
            case b"id" if b"\0" not in value:
                self._id = value.decode(errors="replace")
            case _:  # a comment, such as a heartbeat, or what the standard leaves open
                pass
        return None

    def _finish(self) -> Frame | None:
        frame = Frame(self._id, self._type or "message", b"\n".join(self._data)) if self._data else None
        self.last_id, self._type, self._data = self._id, "", []
        return frame
