"""A user id that one job has for itself: what runs as it is of that job, and nothing else on the machine is."""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

_WANTED: Final = range(1_610_612_736, 1_879_048_192)
"""Far from what people, services and containers are usually given."""
_LEAST: Final = 1_000
_NOBODY: Final = 65_534
_TRIES_MAX: Final = 50


class NoIdentity(Exception):
    """No user id can be had for a job; the message says why."""


def can_give_identities() -> bool:
    """Whether this process may run something as another user."""
    return os.geteuid() == 0


@contextmanager
def one_identity() -> Generator[int]:
    """A user id that no other job on this machine has meanwhile, whichever process started it."""
    claim, user = _claimed(identities_within(Path("/proc/self/uid_map").read_text()))
    with claim:
        yield user


def _claimed(ids: range) -> tuple[socket.socket, int]:
    for _ in range(_TRIES_MAX):
        user = ids[secrets.randbelow(len(ids))]
        claim = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            # The name is the claim, and goes with the process that holds it.
            claim.bind(f"\0interlock-job-{user}")
        except OSError:
            claim.close()
        else:
            return claim, user
    raise NoIdentity("all user ids that were tried for the job are in use by other jobs")


def identities_within(uid_map: str) -> range:
    """Of the ids that exist here (a container may have few), those that are least likely to be anybody's."""
    extents = [(int(first), int(count)) for first, _, count in (line.split() for line in uid_map.splitlines())]
    first, count = max(extents, key=lambda extent: extent[1], default=(0, 0))
    wanted = range(max(first, _WANTED.start), min(first + count, _WANTED.stop))
    if wanted:
        return wanted
    few = range(max(first + count // 2, _LEAST), min(first + count, _NOBODY))
    if not few:
        raise NoIdentity("this container has too few user ids to give each job one of its own")
    return few
