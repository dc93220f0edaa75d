"""The steps of one agent's loop: what is on record of them, and how new ones are put there.

A step is found by what it is for (its key: a turn, a call that the model asked for), so whoever takes the agent up
again finds each, in whatever order they were begun. What came of one step is carried until the next begins, so both
ride on one append: a crash loses both or neither.
"""

from __future__ import annotations

from collections.abc import Collection

from interlock.core.events import KnownKind
from interlock.core.identity import effect_id
from interlock.core.paths import step_path
from interlock.engine.agents.halt import Halt
from interlock.engine.journaling import StepRefused
from interlock.tools.journal import InnerJournal, Journal, JournaledStep, Noted, StepEvent


class LoopSteps:
    """The steps of one loop."""

    def __init__(self, journal: Journal, halt: Halt, *, run: str, path: str, attempt: int) -> None:
        self.journal = journal
        self.path = path
        self._halt = halt
        self._run = run
        self._attempt = attempt
        self._on_record = {(step.key, step.kind): step for step in journal.steps}
        self._last = max((step.ordinal for step in journal.steps), default=0)
        self._carried: list[StepEvent] = []
        self.made = 0
        """How many contacts with the world were made in this try."""

    def find(self, key: str, kinds: Collection[KnownKind]) -> JournaledStep | None:
        """What was on record of a step when this try began."""
        return next((step for kind in kinds if (step := self._on_record.get((key, kind))) is not None), None)

    def take(self) -> int:
        """The number of a new step."""
        self._last += 1
        return self._last

    def effect(self, ordinal: int) -> str:
        """The id of a new step."""
        return effect_id(self._run, self.path, self._attempt, ordinal)

    def at(self, ordinal: int) -> str:
        """How a step is addressed."""
        return step_path(self.path, ordinal)

    def inside(self, ordinal: int, known: JournaledStep | None) -> InnerJournal:
        """The journal of what a step calls."""
        return InnerJournal(self.journal, f".{ordinal}", () if known is None else known.inside)

    def carry(self, *bodies: StepEvent) -> None:
        """Put these on record together with the next that is recorded."""
        self._carried += bodies

    async def record(self, *bodies: StepEvent) -> None:
        """Put everything on record, what was carried first. `StepRefused` if something of it must not be made."""
        noted, self._carried = [Noted(body) for body in (*self._carried, *bodies)], []
        if not noted:
            return
        with self._halt.heard_by(self.journal.stop_waiting):
            try:
                await self.journal.record_all(noted)
            except StepRefused:
                self._halt.check()
                raise
