"""What is still alive of a job, found from outside: by its user id, or by whom it descends from."""

from __future__ import annotations

import asyncio
import os
import select
import signal
from contextlib import suppress
from pathlib import Path
from typing import Final, Self

_ENDS_SECONDS: Final = 5.0
_PAUSE_SECONDS: Final = 0.005


def processes_of(user: int) -> set[int]:
    """The living processes of a user id, without those that only wait to be reaped."""
    return {process for process in _all() if _owner(process) == user and _parent(process) is not None}


def processes_that_say(word: str) -> set[int]:
    """The living processes that were started with a word in their arguments."""
    return {process for process in _all() if word in _arguments(process)}


def descendants_of(process: int) -> list[int]:
    """All that descends from a process, as long as each generation outlives the next."""
    parents = {found: _parent(found) for found in _all()}
    found: list[int] = []
    wanted = {process}
    while wanted:
        wanted = {child for child, parent in parents.items() if parent in wanted}
        found += wanted
    return found


class Family:
    """A process and all that descends from it now, held so that no other process can be taken for one of them."""

    def __init__(self, process: int) -> None:
        self.processes = (process, *descendants_of(process))
        self._held = [held for found in self.processes if (held := _held(found)) is not None]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for held in self._held:
            os.close(held)

    async def kill(self) -> bool:
        """Kill them, wait until the last has gone, and say whether that worked."""
        deadline = asyncio.get_running_loop().time() + _ENDS_SECONDS
        for held in self._held:
            with suppress(ProcessLookupError, PermissionError):
                signal.pidfd_send_signal(held, signal.SIGKILL)
        gone = select.poll()
        for held in self._held:
            gone.register(held, select.POLLIN)
        while len(gone.poll(0)) < len(self._held):
            if asyncio.get_running_loop().time() > deadline:
                return False
            await asyncio.sleep(_PAUSE_SECONDS)
        return True


async def kill_descendants(process: int) -> None:
    """Kill what descends from a living process to which orphans come, until nothing does, or it takes too long."""
    deadline = asyncio.get_running_loop().time() + _ENDS_SECONDS
    while found := descendants_of(process):
        for descendant in found:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(descendant, signal.SIGKILL)
        if asyncio.get_running_loop().time() > deadline:
            return
        await asyncio.sleep(_PAUSE_SECONDS)


async def kill_user(user: int) -> bool:
    """Kill what runs as a user id that is a job's alone, until nothing does, and say whether that worked."""
    deadline = asyncio.get_running_loop().time() + _ENDS_SECONDS
    while found := processes_of(user):
        for process in found:
            _kill(process, user)
        if asyncio.get_running_loop().time() > deadline:
            return False
        await asyncio.sleep(_PAUSE_SECONDS)
    return True


def _kill(process: int, user: int) -> None:
    """Held by its descriptor, so that nobody else who got the number meanwhile is hit."""
    with suppress(ProcessLookupError):
        held = os.pidfd_open(process)
        try:
            if _owner(process) == user:
                signal.pidfd_send_signal(held, signal.SIGKILL)
        finally:
            os.close(held)


def _held(process: int) -> int | None:
    try:
        return os.pidfd_open(process)
    except ProcessLookupError:
        return None


def _all() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]  # noqa: PTH208 - names are all that is wanted


def _owner(process: int) -> int | None:
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return None
    # Of the folder itself root is the owner where a process hides its memory.
    return next((int(line.split()[1]) for line in status.splitlines() if line.startswith("Uid:")), None)


def _arguments(process: int) -> str:
    try:
        return Path(f"/proc/{process}/cmdline").read_text(errors="replace")
    except OSError:
        return ""


def _parent(process: int) -> int | None:
    try:
        # The name before it may hold anything, brackets too.
        state, parent = Path(f"/proc/{process}/stat").read_bytes().rpartition(b")")[2].split()[:2]
    except OSError:
        return None
    return None if state in b"ZX" else int(parent)
