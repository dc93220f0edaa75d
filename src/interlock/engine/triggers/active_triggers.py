"""Which triggers are active: those of the versions in force, each since the version in which it was first as it is."""

from __future__ import annotations

from msgspec import Struct

from interlock.core.bundle import BundleProblem
from interlock.core.plan import Micros, Plan, Trigger
from interlock.engine.engine import Engine
from interlock.engine.errors import BundleChangedError, UnknownTriggerError
from interlock.engine.releasing.releases import ReleaseHistory, all_released, released


class ActiveTrigger(Struct, frozen=True):
    """A trigger of a graph that is released."""

    plan: Plan
    trigger: Trigger
    history: ReleaseHistory

    @property
    def graph(self) -> str:
        """The graph whose runs it starts."""
        return self.plan.name

    async def since(self, engine: Engine, *, at_least: Micros) -> Micros:
        """Since when it is as it is now; what lies before `at_least` need not be known."""
        *before, now = self.history.releases
        since = now.at
        for release in reversed(before):
            if since <= at_least or not await _has(engine, release.bundle, self.trigger):
                break
            since = release.at
        return since


async def active_triggers(engine: Engine) -> list[ActiveTrigger]:
    """Every trigger of every version in force. One that this release of Interlock cannot read has none here."""
    found: list[ActiveTrigger] = []
    for history in await all_released(engine):
        found += await _of(engine, history)
    return found


async def active_trigger(engine: Engine, graph: str, name: str) -> ActiveTrigger:
    """One of them by its name; `UnknownTriggerError` if it is none."""
    of_graph = await _of(engine, await released(engine, graph))
    found = next((each for each in of_graph if each.trigger.name == name), None)
    if found is None:
        known = [f"{each.graph}/{each.trigger.name}" for each in await active_triggers(engine)]
        raise UnknownTriggerError(f"{graph}/{name}", known=known)
    return found


async def _of(engine: Engine, history: ReleaseHistory) -> list[ActiveTrigger]:
    plan = None if history.in_force is None else await _plan(engine, history.in_force.bundle)
    return [] if plan is None else [ActiveTrigger(plan, trigger, history) for trigger in plan.triggers]


async def _has(engine: Engine, bundle: str, trigger: Trigger) -> bool:
    plan = await _plan(engine, bundle)
    return plan is not None and any(
        (each.name, each.meaning) == (trigger.name, trigger.meaning) for each in plan.triggers
    )


async def _plan(engine: Engine, bundle: str) -> Plan | None:
    try:
        return await engine.plan_of(bundle)
    except (BundleChangedError, BundleProblem):
        return None
