"""How everything that a job started is ended, in each of the ways that a tier allows."""

from __future__ import annotations

import contextlib
import os
import signal

from . import limits


def kill_namespace() -> None:
    """All but ourselves and the first process, where a namespace holds nothing but the job."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(-1, signal.SIGKILL)
    reap_all()


def kill_user(user: int) -> None:
    """All that runs as a user who has nothing but the job. One call for all: none can fork itself free meanwhile."""
    killer = os.fork()
    if killer == 0:
        limits.become(user)
        with contextlib.suppress(ProcessLookupError):
            os.kill(-1, signal.SIGKILL)
        os._exit(0)
    reap_all()


def kill_descendants() -> None:
    """All that descends from us, until there is none: where the job runs as somebody who has other processes too.

    One look may miss a process whose parent ends meanwhile. It comes to us then, so the next one finds it.
    """
    while _has_children():
        for process in _descendants():
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(process, signal.SIGKILL)


def reap_ended() -> dict[int, int]:
    """What has ended by now, each with how."""
    ended: dict[int, int] = {}
    with contextlib.suppress(ChildProcessError):
        while (found := os.waitpid(-1, os.WNOHANG))[0]:
            ended[found[0]] = found[1]
    return ended


def reap_all() -> None:
    """Wait until nothing is left; orphans come to us, so this means everything."""
    with contextlib.suppress(ChildProcessError):
        while True:
            os.waitpid(-1, 0)


def _has_children() -> bool:
    """Whether a process of ours is left that has not been reaped."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return False
    return True


def _descendants() -> list[int]:
    parents = {int(name): _parent(int(name)) for name in os.listdir("/proc") if name.isdigit()}
    found: list[int] = []
    wanted = {os.getpid()}
    while wanted:
        wanted = {process for process, parent in parents.items() if parent in wanted}
        found += wanted
    return found


def _parent(process: int) -> int:
    try:
        with open(f"/proc/{process}/stat", "rb") as file:
            # The name before it may hold anything, brackets too.
            state, parent = file.read().rpartition(b")")[2].split()[:2]
    except OSError:
        return 0
    return 0 if state == b"Z" else int(parent)
