"""What the door and the supervisor of a job say to each other: short frames, each with a kind and a length.

The supervisor's words come from where the job lives: whoever reads them on the other side takes none on trust.
"""

from __future__ import annotations

import struct
from typing import Final

HELLO: Final = b"H"
"""Supervisor: I am here, and everything around me is set up."""
TASK: Final = b"J"
"""Door: what to run and under which limits, as JSON."""
FILES: Final = b"T"
"""Both: a piece of an archive of files."""
INPUT: Final = b"I"
"""Door, after the files: a piece of what the job reads."""
END: Final = b"E"
"""Both: that was all of the files, or of the input."""
STARTED: Final = b"S"
"""Supervisor: the job runs."""
OUTPUT: Final = b"O"
"""Supervisor: a piece of what the job wrote."""
ERRORS: Final = b"R"
"""Supervisor: a piece of what the job wrote to its errors."""
ENDED: Final = b"X"
"""Supervisor: what became of the job, as JSON."""
FULL: Final = b"F"
"""Supervisor: the files of the job took more room than they may, so it was killed."""

PIECE_BYTES: Final = 64 * 1024
FRAME_BYTES_MAX: Final = 8 * 1024 * 1024
_HEAD: Final = struct.Struct("!cI")
HEAD_BYTES: Final = _HEAD.size


class BadFrame(Exception):
    """What came is not a frame."""


def framed(kind: bytes, data: bytes = b"") -> bytes:
    """One frame as bytes."""
    return _HEAD.pack(kind, len(data)) + data


def head_of(data: bytes) -> tuple[bytes, int]:
    """The kind of a frame and how many bytes follow its head."""
    kind, length = _HEAD.unpack(data)
    if length > FRAME_BYTES_MAX:
        raise BadFrame(f"a frame of {length:,} bytes, more than {FRAME_BYTES_MAX:,}")
    return kind, length
