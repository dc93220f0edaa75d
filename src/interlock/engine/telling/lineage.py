"""Which events of a log led to a node, back to the run's start. Pure.

A log may be longer than memory, so no event is kept: of each there are the numbers of those it follows from, 8 bytes
a number. Whoever wants to know what the events say reads the log once more.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import Final

from interlock.core import events as e
from interlock.core.paths import UNDO_SUFFIX, node_of_step, step_path
from interlock.core.plan import Plan
from interlock.engine.telling.causes import Links

STEPS: Final = (e.EffectIntended, e.EffectDone, e.EffectFailed, e.EffectUnknown, e.DecisionMade)
"""What is recorded at a node about one of the steps inside it."""


class Lineage:
    """What led to one node, or to one step inside it.

    It takes the events of a log from its first on, each once, before it is asked.
    """

    def __init__(self, plan: Plan, path: str) -> None:
        self._links = Links(plan)
        self._path = path
        self._causes = array("q")
        """What the events follow from, one event behind the other."""
        self._ends = array("q", [0])
        """Where that of each event ends; the first place belongs to none."""
        self._about: list[int] = []

    def take(self, event: e.Event) -> None:
        """One more event, the next of the log."""
        self._causes.extend(self._links.causes_of(event))
        self._ends.append(len(self._causes))
        if _is_about(event, self._path):
            self._about.append(event.seq)

    def causes_of(self, seq: int) -> Sequence[int]:
        """The events that an event follows from."""
        return self._causes[self._ends[seq - 1] : self._ends[seq]]

    def found(self) -> Sequence[bool | int]:
        """By the number of an event, whether it is about the node or led to it."""
        wanted = bytearray(len(self._ends))
        for seq in self._about:
            wanted[seq] = True
        # Whatever an event follows from stands before it, so one way back through the log finds everything.
        for seq in range(len(wanted) - 1, 0, -1):
            if wanted[seq]:
                for cause in self.causes_of(seq):
                    wanted[cause] = True
        return wanted


def _is_about(event: e.Event, node: str) -> bool:
    """Whether an event is about a node, its undo or a step inside it; or about the very step that `node` names."""
    if event.path in (node, node + UNDO_SUFFIX) or node_of_step(event.path) == node:
        return True
    return isinstance(event.body, STEPS) and step_path(event.path, event.body.ordinal) == node
