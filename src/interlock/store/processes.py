"""Who this process is, and whether another process of this host still lives.

A process number is used again after its process has ended, so a process is named by number and start time. Where the
system does not tell start times (they are read from /proc), the number alone has to do.
"""

from __future__ import annotations

import os
import socket
from pathlib import Path

from interlock.store.lease import LeaseOwner

_START_TIME_FIELD = 19
"""Of the fields after the command's closing parenthesis in /proc/PID/stat, the one in which start time stands."""


def this_process(owner_id: str) -> LeaseOwner:
    """The process that asks, as an owner of leases."""
    pid = os.getpid()
    return LeaseOwner(id=owner_id, host=socket.gethostname(), pid=pid, pid_started=started_at(pid))


def is_running(owner: LeaseOwner) -> bool:
    """Whether the owner's process still lives, if it is of this host."""
    if not _has_process(owner.pid):
        return False
    started = started_at(owner.pid)
    return not started or not owner.pid_started or started == owner.pid_started


def started_at(pid: int) -> int:
    """When a process started, in the system's own ticks; 0 if the system does not say."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return 0
    # The command may hold spaces and parentheses itself, so what follows is counted from the last one.
    return int(stat.rpartition(")")[2].split()[_START_TIME_FIELD])


def _has_process(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
