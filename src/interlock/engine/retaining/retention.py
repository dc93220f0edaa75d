"""The duty to give up what nobody needs: what ended runs have left, and what is older than `[retention]` allows."""

from __future__ import annotations

from typing import Final

from interlock.core.plan import Micros
from interlock.engine.engine import Engine
from interlock.engine.retaining.leftovers import drop_leftovers
from interlock.engine.retaining.pruned_run import What
from interlock.engine.retaining.pruning import Wanted, plan_pruning, prune
from interlock.engine.retaining.workspaces import discard_workspaces
from interlock.tools.workspace.workspaces import Workspaces

TURN_MICROS: Final[Micros] = 3_600_000_000
"""How often it is looked for: what is kept for days may be kept an hour longer."""


class RetentionDuty:
    """A duty (see duties.py). `payloads` and `runs` are ages; what has none is kept for ever."""

    name = "retention"

    def __init__(
        self,
        engine: Engine,
        *,
        payloads: Micros | None = None,
        runs: Micros | None = None,
        workspaces: Workspaces | None = None,
    ) -> None:
        self._engine = engine
        self._workspaces = workspaces
        self._due: Micros = 0
        # Whole runs first: of what goes altogether, nothing has to be erased before.
        self._ages: tuple[tuple[What, Micros | None], ...] = (("runs", runs), ("payloads", payloads))

    async def turn(self) -> Micros:
        """Give up what is too old by now; gives the instant of the next turn. Asked before then, it does nothing."""
        if self._engine.now() >= self._due:
            await self._give_up()
            self._due = self._engine.now() + TURN_MICROS
        return self._due

    async def _give_up(self) -> None:
        await drop_leftovers(self._engine)
        if self._workspaces is not None:
            await discard_workspaces(self._engine, self._workspaces)
        for what, age in self._ages:
            if age is not None:
                wanted = Wanted(what=what, ended_before=self._engine.now() - age)
                plan = await plan_pruning(self._engine, wanted)
                why = f"the settings keep {what} no longer"
                await prune(self._engine, plan, by="retention", why=why, workspaces=self._workspaces)
