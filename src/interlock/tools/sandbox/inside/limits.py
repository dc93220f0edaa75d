"""What a job may use, and as whom it runs: set in its own process, just before it becomes the job's program."""

from __future__ import annotations

import ctypes
import os
import resource
from collections.abc import Mapping
from typing import Final

_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_CHILD_SUBREAPER, _PR_SET_NO_NEW_PRIVS = 1, 4, 36, 38
_KILL: Final = 9


def hide_from_job() -> None:
    """A supervisor's memory and files are nobody's to look into, also where a job has the same user id."""
    _prctl(_PR_SET_DUMPABLE, 0)


def adopt_orphans() -> None:
    """Whatever a job leaves behind becomes the supervisor's child, however it tried to get away."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def die_with_supervisor() -> None:
    """The job itself does not outlive who watches over it."""
    _prctl(_PR_SET_PDEATHSIG, _KILL)


def gain_no_privileges() -> None:
    """No program that it starts gets more rights than it has, whatever bits the file carries."""
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)


def become(user: int) -> None:
    """Be this user and no other, in no group but its own."""
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)


def processes_of(user: int) -> int:
    """How many threads the user has now: the kernel counts these against the limit of processes."""
    return sum(_threads(int(name), user) for name in os.listdir("/proc") if name.isdigit())


def limit(limits: Mapping[str, int], *, processes: int) -> None:
    """Where the kernel itself stops one process; `processes` counts all of its user."""
    for what, bound in (
        (resource.RLIMIT_NPROC, processes),
        # Not the address space: programs with a virtual machine of their own reserve far more than they use.
        (resource.RLIMIT_DATA, limits["memory_bytes"]),
        (resource.RLIMIT_STACK, 8 * 1024 * 1024),
        (resource.RLIMIT_NOFILE, limits["open_files"]),
        (resource.RLIMIT_FSIZE, limits["file_bytes"]),
        (resource.RLIMIT_CPU, limits["cpu_seconds"]),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_MEMLOCK, 0),
    ):
        hard = resource.getrlimit(what)[1]
        lowered = bound if hard == resource.RLIM_INFINITY else min(bound, hard)
        resource.setrlimit(what, (lowered, lowered))


def be_the_first_to_go() -> None:
    """Where memory runs out the kernel ends the job, not who watches over it."""
    try:
        with open("/proc/self/oom_score_adj", "w") as score:
            score.write("1000")
    except OSError:
        return


def _threads(process: int, user: int) -> int:
    try:
        if os.stat(f"/proc/{process}").st_uid != user:
            return 0
        return len(os.listdir(f"/proc/{process}/task"))
    except OSError:
        return 0


def _prctl(option: int, value: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(option, value, 0, 0, 0):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
