"""A small hostile job: it tries to reach what was laid out for it outside, and says what it reached.

It is run at start in each tier that is about to be trusted. Its text is handed to the interpreter, so it uses nothing
but the standard library.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import socket
import sys
from collections.abc import Callable


def main() -> None:
    """Try everything, leave something behind, and say how it went."""
    bait = json.loads(sys.argv[-1])
    tries: dict[str, Callable[[], object]] = {
        "read a file of this machine": lambda: found(bait["secret"], bait["file"]),
        "read a file of this machine through another process": lambda: found(
            bait["secret"], f"/proc/1/root{bait['file']}"
        ),
        "wrote to a folder of this machine": lambda: written(bait["file"]),
        "reached a server of this machine": lambda: connected(socket.AF_INET, ("127.0.0.1", bait["port"])),
        "reached a socket of this machine": lambda: connected(socket.AF_UNIX, "\0" + bait["socket"]),
        "could mount": lambda: ctypes.CDLL(None).mount(b"none", b"/tmp", b"tmpfs", 0, None) == 0,
        "could speak for its supervisor": lambda: os.open(f"/proc/{os.getppid()}/fd/1", os.O_WRONLY | os.O_NONBLOCK),
        "could look into its supervisor": lambda: os.open(f"/proc/{os.getppid()}/mem", os.O_RDWR),
    }
    worked = [what for what, attempt in tries.items() if works(attempt)]
    leave_somebody()
    print(json.dumps({"got_out": worked, "was_here": bait["word"]}))  # noqa: T201 - its output is its report


def works(attempt: Callable[[], object]) -> bool:
    """Whether it did what it tries."""
    try:
        return bool(attempt())
    except OSError:
        return False


def found(secret: str, path: str) -> bool:
    """Whether the file can be read, and is the one that is meant."""
    with open(path) as file:
        return secret in file.read()


def written(path: str) -> bool:
    """Whether the file that is meant can be written to."""
    with open(path, "r+") as file:
        return file.write("x") > 0


def connected(family: int, address: object) -> bool:
    """Whether somebody answers there."""
    with socket.socket(family, socket.SOCK_STREAM) as connection:
        connection.settimeout(1)
        connection.connect(address)  # pyright: ignore[reportArgumentType] - each family has its own kind
        return True


def leave_somebody() -> None:
    """A process that hears no polite request and belongs to nobody any more."""
    if os.fork():
        return
    os.setsid()
    if os.fork():
        os._exit(0)
    for asked in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(asked, signal.SIG_IGN)
    os.closerange(0, 3)
    while True:
        signal.pause()


if __name__ == "__main__":
    main()
