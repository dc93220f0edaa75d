"""Files that people name: read as far as they may be long, and only where that comes to an end.

What the bytes mean is for whoever asked for them.
"""

from __future__ import annotations

import errno
import stat
from pathlib import Path
from typing import Final

_DEVICES: Final = Path("/dev")
"""Where a shell keeps what it hands over by name, as it does for `<(…)`."""


def read_source(path: Path, *, bytes_max: int) -> bytes:
    """What is in a file: all of it, or one byte more than may be. Raises `OSError` if it cannot be read."""
    if not _comes_to_an_end(path):
        raise OSError(errno.EINVAL, "it is not a file but a pipe or a device", str(path))
    with path.open("rb") as file:
        return file.read(bytes_max + 1)


def _comes_to_an_end(path: Path) -> bool:
    """To open a pipe of which nobody knows is to wait for somebody to write into it."""
    mode = path.stat().st_mode
    return stat.S_ISREG(mode) or stat.S_ISDIR(mode) or path.is_relative_to(_DEVICES)
