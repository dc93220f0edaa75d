"""The effects of all runs, from Python: what was done in the world, and what nobody knows the end of."""

from __future__ import annotations

from interlock.engine.engine import Engine
from interlock.engine.telling.effects_of_runs import EffectFilter, EffectPlace, effects_page
from interlock.store.rows import RunEffect


class Effects:
    """They can be read while the `Interlock` they came from is open."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def in_doubt(self, *, limit: int) -> list[RunEffect]:
        """Those of which a person has to say what became of them, the oldest doubt first."""
        return await self._engine.store.effects_in_doubt(self._engine.tenant, limit=limit)

    async def page(
        self, chosen: EffectFilter, *, behind: EffectPlace | None, limit: int, looked_at_max: int
    ) -> tuple[list[RunEffect], EffectPlace | None]:
        """Some of those that a filter means, the newest run first, and the one behind which there may be others."""
        store, tenant = self._engine.store, self._engine.tenant
        return await effects_page(store, tenant, chosen, behind=behind, limit=limit, looked_at_max=looked_at_max)
