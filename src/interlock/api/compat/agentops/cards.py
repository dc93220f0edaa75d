"""All agents at once: those with tasks, the newest task first, and those that tasks can be given to."""

from __future__ import annotations

from typing import Final

from interlock.api.compat.agentops.finding import task_of
from interlock.api.compat.finding_agents import contracts
from interlock.api.desks import Desk
from interlock.engine.errors import EngineError
from interlock.engine.run_filter import RunFilter
from interlock.showing.agentops import AGENTOPS, SYSTEM, agent_of_erased, agent_with_task, agent_without_task
from interlock.store.errors import ErasedError
from interlock.store.rows import RunRow
from interlock.wire.agentops import AgentOpsAgent

TASKS_MAX: Final = 50
"""How many tasks are told, the newest ones."""
LOOKED_AT_MAX: Final = 2_000
"""How many runs are looked at for them."""
TASKS: Final = RunFilter(labels={SYSTEM: AGENTOPS})


class AgentCards:
    """What is told of agents. A task about which nothing has happened since it was last told is not read again."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._known: dict[tuple[str, int], AgentOpsAgent] = {}

    async def all(self) -> list[AgentOpsAgent]:
        """The agents as they are now."""
        rows, _ = await self._desk.interlock.runs_page(TASKS, before=None, limit=TASKS_MAX, looked_at_max=LOOKED_AT_MAX)
        told = {(row.run, row.seq): card for row in rows if (card := await self._card(row)) is not None}
        self._known = told
        return [*told.values(), *map(agent_without_task, await contracts(self._desk))]

    async def _card(self, row: RunRow) -> AgentOpsAgent | None:
        known = self._known.get((row.run, row.seq))
        if known is not None:
            return known
        try:
            return agent_with_task(await task_of(await self._desk.interlock.open(row.run), row))
        except ErasedError:
            return agent_of_erased(row)
        except EngineError:
            return None  # it was given up meanwhile
