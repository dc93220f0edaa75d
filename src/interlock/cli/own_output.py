"""Standard output that says what it is when it cannot be written: a full disk behind `> file` is no fault of a store.

It is told apart here, at the stream, because whoever catches an error later cannot know which file it was about.
"""

from __future__ import annotations

import sys
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, TextIO


class OutputError(OSError):
    """What the command has to say cannot be written."""


@contextmanager
def own_output() -> Generator[None]:
    """Let `sys.stdout` raise `OutputError` within the block where it cannot be written."""
    # For all that is asked of a stream beyond writing it stands for the one it has.
    kept, own = sys.stdout, OwnOutput(sys.stdout)
    sys.stdout = own
    try:
        yield
    finally:
        if sys.stdout is own:
            sys.stdout = kept


class OwnOutput:
    """A stream as it is, but for the error that it raises. That whoever read it has gone stays what it is."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write to the stream."""
        with _told():
            return self._stream.write(text)

    def flush(self) -> None:
        """Let the reader have what was written."""
        with _told():
            self._stream.flush()

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever else a stream has
        return getattr(self._stream, name)


@contextmanager
def _told() -> Generator[None]:
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputError(error.errno, error.strerror) from error
