"""All agents at once: those with tasks, the newest task first, and those that tasks can be given to.

However many listen, agents are looked at once for all of them. A task about which nothing has happened since it was
last told is not read again.
"""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import Final

from interlock.api.compat.agentops.reading import task_of
from interlock.api.compat.finding_agents import contracts
from interlock.embedded.interlock import Interlock
from interlock.embedded.served import Served
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
    """What is told of the agents of a tenant."""

    def __init__(self, interlock: Interlock) -> None:
        self._interlock = interlock
        self._turn = asyncio.Lock()
        self._begun_at = 0.0
        self._told: list[AgentOpsAgent] = []
        self._cards: dict[tuple[str, int], AgentOpsAgent] = {}

    async def all(self) -> list[AgentOpsAgent]:
        """The agents as they are now, or were when somebody looked after this was asked."""
        asked_at = monotonic()
        async with self._turn:
            if self._begun_at <= asked_at:
                begun_at = monotonic()
                self._told = await self._look()
                self._begun_at = begun_at
            return self._told

    async def _look(self) -> list[AgentOpsAgent]:
        rows, _ = await self._interlock.runs_page(TASKS, before=None, limit=TASKS_MAX, looked_at_max=LOOKED_AT_MAX)
        cards = {(row.run, row.seq): card for row in rows if (card := await self._card(row)) is not None}
        self._cards = cards
        return [*cards.values(), *map(agent_without_task, await contracts(self._interlock))]

    async def _card(self, row: RunRow) -> AgentOpsAgent | None:
        known = self._cards.get((row.run, row.seq))
        if known is not None:
            return known
        try:
            task = await task_of(await self._interlock.open(row.run), row)
            return None if task is None else agent_with_task(task)
        except ErasedError:
            return agent_of_erased(row)
        except EngineError:
            return None  # it was given up meanwhile


class CardsOfTenants:
    """The agents of all tenants that anybody has asked about."""

    def __init__(self, served: Served[Interlock]) -> None:
        self._served = served
        self._of: dict[str, AgentCards] = {}

    async def of(self, tenant: str) -> AgentCards:
        """Those of one."""
        interlock = await self._served.of(tenant)
        return self._of.setdefault(tenant, AgentCards(interlock))
