"""One change of a workspace at a time, by whatever process: a lock on a file beside it, which ends with its holder."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from interlock.tools.workspace.errors import WorkspaceBusy

WAIT_SECONDS_MAX: Final = 60.0
_PAUSE_SECONDS: Final = 0.01


@contextmanager
def locked(file: Path) -> Generator[None]:
    """Hold the lock. It is asked for again and again rather than waited for: a thread that waits cannot be stopped."""
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        _take(descriptor)
        yield
    finally:
        os.close(descriptor)


def _take(descriptor: int) -> None:
    give_up = time.monotonic() + WAIT_SECONDS_MAX
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > give_up:
                told = f"the workspace was being changed by another call for {WAIT_SECONDS_MAX:.0f} s: try again"
                raise WorkspaceBusy(told, retryable=True) from None
            time.sleep(_PAUSE_SECONDS)
        else:
            return
