"""Who this process is, and whether another process of this host still lives.

A process number is used again after its process has ended, so a process is named by number and start time. Where the
system does not tell start times (they are read from /proc), the number alone has to do.
"""

from __future__ import annotations

import os
import socket
from pathlib import Path

from interlock.store.lease import LeaseOwner

_STATE_FIELD = 0
_START_TIME_FIELD = 19
"""Of the fields after the command's closing parenthesis in /proc/PID/stat: where the state and the start time stand."""

_DEAD = frozenset("ZX")
"""States of a process that has ended, and whose parent has not asked how: in a container that may take for ever."""


def this_process(owner_id: str) -> LeaseOwner:
    """The process that asks, as an owner of leases."""
    pid = os.getpid()
    return LeaseOwner(id=owner_id, host=socket.gethostname(), pid=pid, pid_started=started_at(pid))


def is_running(owner: LeaseOwner) -> bool:
    """Whether the owner's process still lives, if it is of this host."""
    if not _has_process(owner.pid):
        return False
    fields = _stat(owner.pid)
    if not fields:
        return True
    started = int(fields[_START_TIME_FIELD])
    return fields[_STATE_FIELD] not in _DEAD and owner.pid_started in {0, started}


def started_at(pid: int) -> int:
    """When a process started, in the system's own ticks; 0 if the system does not say."""
    fields = _stat(pid)
    return int(fields[_START_TIME_FIELD]) if fields else 0


def _stat(pid: int) -> list[str]:
    """What the system says of a process; nothing, where it does not say."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return []
    # The command may hold spaces and parentheses itself, so what follows is counted from the last one.
    return stat.rpartition(")")[2].split()


def _has_process(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
