"""Events as lines of JSON in a file: appended, and on the disk before they count as delivered.

A line that was cut off by a crash is taken away before the next ones are written: its event is delivered again. The
file is opened anew for each delivery, so whoever rotates it may rename it at any time; it is not rotated here.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from interlock.sinks.cloud_event import CloudEvent, encode_event
from interlock.sinks.errors import SinkUnusableError, TryAgainError
from interlock.sinks.sink import SinkTarget

_LOOKED_BACK_BYTES: Final = 64 * 1024


class FileSink:
    """Appends to one file, which is made if it is not there."""

    def __init__(self, path: Path) -> None:
        self.path = path

    async def deliver(self, events: Sequence[CloudEvent]) -> None:
        """Append a line for each event."""
        lines = b"".join(encode_event(event) + b"\n" for event in events)
        try:
            await asyncio.to_thread(append_lines, self.path, lines)
        except OSError as error:
            raise TryAgainError(f"{self.path} cannot be written: {error.strerror}") from error

    async def close(self) -> None:
        """Nothing is held between two deliveries."""


def file_sink(target: SinkTarget) -> FileSink:
    """The sink of `file:PATH`."""
    if not target.to:
        raise SinkUnusableError(f"the sink {target.name} names no file: write `file:.interlock/events.jsonl`")
    return FileSink(target.folder / target.to)


def append_lines(path: Path, lines: bytes) -> None:
    """Append whole lines behind the last whole line of a file; when this returns they are on the disk."""
    is_new = not path.exists()
    path.parent.mkdir(parents=True, exist_ok=True)
    # Unbuffered: what was not written must not be written later, when its delivery has been given up.
    with path.open("a+b", buffering=0) as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # two relays may overlap for a moment, and neither may cut the other's line
        end = _end_of_last_line(file.fileno())
        os.ftruncate(file.fileno(), end)
        try:
            _write_all(file.fileno(), lines)
            os.fsync(file.fileno())
        except OSError:
            os.ftruncate(file.fileno(), end)
            raise
    if is_new:
        _sync_folder(path.parent)


def _end_of_last_line(file: int) -> int:
    """Where the last line that was written whole ends."""
    end = os.fstat(file).st_size
    while end:
        start = max(0, end - _LOOKED_BACK_BYTES)
        newline = os.pread(file, end - start, start).rfind(b"\n")
        if newline >= 0:
            return start + newline + 1
        end = start
    return 0


def _write_all(file: int, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[os.write(file, left) :]


def _sync_folder(folder: Path) -> None:
    """A new file is there after a power cut only once its folder says so."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
