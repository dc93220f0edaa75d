"""Shows folders at a place that a job's user can reach, to this process alone, and becomes that user's program.

It is for a machine where everything runs as root and an interpreter lies in root's own home. It needs root, and keeps
nothing of it.
"""

from __future__ import annotations

import ctypes
import json
import os
import sys
from collections.abc import Sequence
from typing import Final

from . import limits

_CLONE_NEWNS: Final = 0x20000
_MS_NOSUID, _MS_NODEV, _MS_BIND, _MS_REC, _MS_PRIVATE = 2, 4, 4096, 16384, 1 << 18


def main() -> None:
    """Read what to do from the one argument, and do it."""
    asked = json.loads(sys.argv[1])
    leave_mounts_of_machine()
    mount_memory(asked["at"], size_bytes=1024 * 1024)
    for place, path in asked["shown"].items():
        if os.path.isdir(path):
            os.mkdir(place)
        else:
            os.close(os.open(place, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
        _mount(path, place, "", _MS_BIND | _MS_REC, "")
    limits.become(asked["user"])
    os.execve(asked["command"][0], asked["command"], {})


def leave_mounts_of_machine() -> None:
    """From now on nobody else sees what is mounted here."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_CLONE_NEWNS):
        raise OSError(ctypes.get_errno(), f"unshare: {os.strerror(ctypes.get_errno())}")
    _mount("none", "/", "", _MS_REC | _MS_PRIVATE, "")


def show_in_place(paths: Sequence[str]) -> None:
    """Let every user reach these folders where they are, and nothing else of what is closed to all but its owner."""
    held = {path: os.open(path, os.O_PATH | os.O_CLOEXEC) for path in paths}
    closed = {above for path in paths if (above := _first_closed(path)) is not None}
    for folder in sorted(closed):
        mount_memory(folder, size_bytes=1024 * 1024)
    for path, folder in held.items():
        if any(path.startswith(f"{above}/") for above in closed):
            os.makedirs(path, exist_ok=True)
            _mount(f"/proc/self/fd/{folder}", path, "", _MS_BIND | _MS_REC, "")
        os.close(folder)


def _first_closed(path: str) -> str | None:
    parts = path.strip("/").split("/")
    above = ["/" + "/".join(parts[:count]) for count in range(1, len(parts))]
    return next((folder for folder in above if os.stat(folder).st_mode & 0o005 != 0o005), None)


def mount_memory(place: str, *, size_bytes: int) -> None:
    """A folder in memory that cannot grow beyond its size."""
    _mount("tmpfs", place, "tmpfs", _MS_NOSUID | _MS_NODEV, f"size={size_bytes},mode=0755")


def _mount(source: str, target: str, kind: str, flags: int, data: str) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    words = (source.encode(), target.encode(), kind.encode() or None, ctypes.c_ulong(flags), data.encode() or None)
    if libc.mount(*words):
        raise OSError(ctypes.get_errno(), f"mount {target}: {os.strerror(ctypes.get_errno())}")


if __name__ == "__main__":
    main()
