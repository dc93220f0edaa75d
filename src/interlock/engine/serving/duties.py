"""Duties: what one worker of a tenant does for all of them, such as starting what is scheduled or telling the feed on.

A duty is held under a lease like a run, so that two workers do not do it at once, and one that dies is followed by
another. A worker that does not hold a duty asks for it seldom.
"""

from __future__ import annotations

from typing import Protocol

from interlock.core.plan import Micros


class Duty(Protocol):
    """Something to be done again and again. A turn may be cut off at any point, and the next one goes on from there."""

    @property
    def name(self) -> str:
        """What the duty is called: `schedules`."""
        ...

    async def turn(self) -> Micros | None:
        """Do what there is to do now; gives the instant of the next turn.

        None: when something was committed, or after a while.
        """
        ...
