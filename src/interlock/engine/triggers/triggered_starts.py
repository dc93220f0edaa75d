"""Starting what a trigger wants, as its rule for overlaps says: at once, later, instead of what runs, or not at all.

A run that is wanted has a key, and a key starts one run: whatever is cut off here is done again, and starts nothing
twice. What came of it is told as the trigger's next state, for whoever keeps that.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from msgspec.structs import replace

from interlock.core.plan import OnEvent, Plan, Trigger
from interlock.core.requests import CancelRun, StartRun
from interlock.engine.engine import Engine
from interlock.engine.errors import RequestRefusedError
from interlock.engine.signals import encode_request, kind_of
from interlock.engine.starting import start_detached
from interlock.engine.triggers.trigger_records import Started, TriggerState, Wanted
from interlock.store.errors import RunKeyTakenError, SignalsFullError
from interlock.store.lease import LeaseOwner

WAITING_MAX: Final = 100
"""How many runs may wait for the end of another; what is wanted besides is passed over."""
OPEN_MAX: Final = 1_000
"""How many unfinished runs of one trigger are looked after, the latest."""
LABEL: Final = "trigger"


class TriggeredStarts:
    """Starts runs for triggers. They are left to whichever worker looks for work."""

    def __init__(self, engine: Engine, *, owner: LeaseOwner, new_id: Callable[[], str]) -> None:
        self._engine = engine
        self._owner = owner
        self._new_id = new_id

    async def take(self, plan: Plan, trigger: Trigger, state: TriggerState, wanted: Wanted) -> TriggerState:
        """Act on what is wanted now, as the rule for overlaps says."""
        state = await self.without_ended(state)
        is_free = not state.open and not state.waiting
        match trigger.overlap:
            case "skip" if not is_free and not await self._was_started(wanted):
                return replace(state, overlapped=state.overlapped + 1)
            case "queue" if not is_free:
                return _queued(state, wanted)
            case "cancel":
                await self._cancel(state.open, plan, trigger)
            case _:
                pass
        return await self.start(plan, trigger, state, wanted)

    async def take_waiting(self, plan: Plan, trigger: Trigger, state: TriggerState) -> TriggerState:
        """Start what has waited longest, if nothing stands before it any more."""
        if not state.waiting:
            return state
        state = await self.without_ended(state)
        if state.open:
            return state
        first, *others = state.waiting
        return await self.start(plan, trigger, replace(state, waiting=tuple(others)), first)

    async def start(self, plan: Plan, trigger: Trigger, state: TriggerState, wanted: Wanted) -> TriggerState:
        """Start it, whatever else runs; or tell why it cannot be."""
        request = StartRun(
            inputs=wanted.inputs,
            tenant=self._engine.tenant,
            key=wanted.key,
            labels={LABEL: trigger.name},
            by=wanted.by,
            why=wanted.why,
            tainted=isinstance(trigger.on, OnEvent),
        )
        try:
            run = await start_detached(self._engine, plan, self._new_id(), request, owner=self._owner)
        except RunKeyTakenError as taken:
            run = taken.taken_by
        except RequestRefusedError as refused:
            return replace(state, trouble=refused.reason)
        opened = (*(each for each in state.open if each != run), run)[-OPEN_MAX:]
        last = Started(run=run, due=wanted.due, at=self._engine.now(), by=wanted.by)
        return replace(state, open=opened, last=last, trouble="")

    async def without_ended(self, state: TriggerState) -> TriggerState:
        """The same, with only those of its runs that have not ended."""
        rows = [await self._engine.store.find_run(self._engine.tenant, run) for run in state.open]
        return replace(state, open=tuple(row.run for row in rows if row is not None and row.ended_at is None))

    async def _was_started(self, wanted: Wanted) -> bool:
        """Whether it was started before by somebody who was cut off: then it does not stand in its own way."""
        return await self._engine.store.find_by_key(self._engine.tenant, wanted.key) is not None

    async def _cancel(self, runs: tuple[str, ...], plan: Plan, trigger: Trigger) -> None:
        by = by_trigger(plan.name, trigger.name)
        request = CancelRun(by=by, why="another run takes its place")
        for run in runs:
            try:
                await self._engine.store.send_signal(
                    self._engine.tenant, run, kind=kind_of(request), body=encode_request(request), sender=by
                )
            except SignalsFullError:
                continue  # whoever drives it hangs, and is not to keep others from being started


def by_trigger(graph: str, name: str) -> str:
    """Who says so, where a trigger does."""
    return f"trigger {graph}/{name}"


def _queued(state: TriggerState, wanted: Wanted) -> TriggerState:
    if any(each.key == wanted.key for each in state.waiting):
        return state
    if len(state.waiting) >= WAITING_MAX:
        return replace(state, overlapped=state.overlapped + 1)
    return replace(state, waiting=(*state.waiting, wanted))
