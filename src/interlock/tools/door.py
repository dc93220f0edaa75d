"""The tool door: what all calls share. An engine has one, on one event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from interlock.core.events import Error, ErrorClass
from interlock.core.plan import Micros
from interlock.tools.clock import Clock, LoopClock
from interlock.tools.in_flight import InFlight
from interlock.tools.outcome import Failed, ToolCall, ToolOutcome
from interlock.tools.pacing import Pacing, TooFast, wait_until
from interlock.tools.secrets import NO_SECRETS, SecretSource
from interlock.tools.slots import Slots
from interlock.tools.threads import DaemonThreads
from interlock.tools.tool import Runs, Tool

GRACE: Final[Micros] = 5_000_000
TASKS_MAX: Final = 1_000
THREADS_MAX: Final = 64
PROCESSES_MAX: Final = 8


def slots_for(
    *, tasks: int = TASKS_MAX, threads: int = THREADS_MAX, processes: int = PROCESSES_MAX
) -> Mapping[Runs, Slots]:
    """How many calls of each way of running may run at once."""
    return {"task": Slots(tasks), "thread": Slots(threads), "process": Slots(processes)}


def _forget(call: ToolCall, outcome: ToolOutcome) -> None:
    """Who is not told of late results keeps none."""


@dataclass(frozen=True, kw_only=True)
class ToolDoor:
    """What all calls share. `on_late` is told what came of a call after it had been given up."""

    clock: Clock = field(default_factory=LoopClock)
    secrets: SecretSource = NO_SECRETS
    slots: Mapping[Runs, Slots] = field(default_factory=slots_for)
    threads: DaemonThreads = field(default_factory=DaemonThreads)
    grace: Micros = GRACE
    """How long a call may clean up once it was asked to stop."""
    pacing: Pacing = field(default_factory=Pacing)
    on_late: Callable[[ToolCall, ToolOutcome], None] = _forget

    async def take_slot(
        self, runs: Runs, name: str, deadline: Micros | None, in_flight: InFlight[Any]
    ) -> Failed | None:
        """Wait for a slot. None: it is taken. Else why the tool was not called: that is known, so it is a failure."""
        refused = self._refused_at_once(name, deadline, in_flight)
        if refused is None and not self.slots[runs].take():
            refused = await self._turn(self.slots[runs], name, deadline, in_flight)
        if refused is None and not await in_flight.may_begin():
            self.slots[runs].release()
            return not_called("cancelled", f"`{name}` was not called: its worker was held up, and may have lost it")
        return refused

    async def keep_pace(
        self, tool: Tool, tenant: str, deadline: Micros | None, in_flight: InFlight[Any]
    ) -> Failed | None:
        """Wait until the tool may be called again, as often as its contract says. None: it may be called now."""
        rate = tool.terms.rate_per_minute
        if rate is None:
            return None
        try:
            due = self.pacing.turn(tenant, tool.name, rate, now=self.clock.now(), deadline=deadline)
        except TooFast as too_fast:
            return not_called("rate_limited", f"`{tool.name}` was not called: {too_fast}")
        if await wait_until(due, self.clock, in_flight):
            return None
        self.pacing.give_back(tenant, tool.name, due)
        return _stopped(tool.name)

    def _refused_at_once(self, name: str, deadline: Micros | None, in_flight: InFlight[Any]) -> Failed | None:
        if in_flight.stops:
            return _stopped(name)
        if deadline is not None and deadline <= self.clock.now():
            return not_called("timeout", f"`{name}` was not called: its deadline had passed")
        return None

    async def _turn(self, slots: Slots, name: str, deadline: Micros | None, in_flight: InFlight[Any]) -> Failed | None:
        if slots.is_full:
            return not_called("unavailable", f"`{name}` was not called: too many calls wait for a slot already")
        turn = slots.queue()
        in_flight.on_stop(turn.cancel)
        timer = None if deadline is None else self.clock.call_at(deadline, lambda: _expire(turn))
        try:
            await slots.turn(turn)
        except TimeoutError:
            return not_called("timeout", f"`{name}` was not called: no slot was free before its deadline")
        except asyncio.CancelledError:
            return _stopped(name)
        finally:
            if timer is not None:
                timer.cancel()
        if in_flight.stops:
            slots.release()
            return _stopped(name)
        return None


def _stopped(name: str) -> Failed:
    return not_called("cancelled", f"`{name}` was not called: it was stopped before it had begun")


def not_called(kind: ErrorClass, message: str) -> Failed:
    """A call that never reached its tool."""
    return Failed(Error(kind, message), retryable=kind in {"timeout", "unavailable", "rate_limited"}, calls=0)


def _expire(turn: asyncio.Future[None]) -> None:
    if not turn.done():
        turn.set_exception(TimeoutError())
