"""Faults put into a run on purpose: one line each, for tests of how a graph lives through them.

    Interlock(tools=[pay], faults=[Unavailable("pay"), Killed(at=3)])

Calls are counted from 1, as this process begins them. What is answered in a tool's place is marked `simulated`.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import partial
from typing import Final, TypeAlias

from msgspec import Struct

from interlock.core.durations import parse_duration
from interlock.core.events import Error, ErrorClass
from interlock.core.plan import Micros
from interlock.core.requests import Result, UndoneResult
from interlock.engine.effects import CallTool, FindOut
from interlock.engine.journaling import RunJournal
from interlock.engine.performing import Performer, Whole, result
from interlock.tools.clock import Clock, Timer
from interlock.tools.in_flight import InFlight
from interlock.tools.outcome import Failed, ToolOutcome
from interlock.tools.reconciling import Reconciled


class Unavailable(Struct, frozen=True):
    """The next calls of a tool find it unavailable; it is not reached."""

    tool: str
    times: int = 1


class RateLimited(Struct, frozen=True):
    """The next calls of a tool are turned away because there were too many; it is not reached."""

    tool: str
    times: int = 1


class Slow(Struct, frozen=True):
    """Each call of a tool comes to it later by a duration, such as `2s`."""

    tool: str
    by: str


class Killed(Struct, frozen=True):
    """The process is killed when a call has come back, before that is on record: nobody knows what became of it."""

    at: int


class LeaseDropped(Struct, frozen=True):
    """Before a call the run's lease is given away, as if this process had been away for too long."""

    at: int


class ClockJumped(Struct, frozen=True):
    """Before a call the clock jumps forward by a duration, such as `1h`: whatever is due by then is due now."""

    at: int
    by: str


class DeliveredTwice(Struct, frozen=True):
    """What comes of each call of a tool is delivered a second time."""

    tool: str


Fault: TypeAlias = Unavailable | RateLimited | Slow | Killed | LeaseDropped | ClockJumped | DeliveredTwice

_KINDS: Final[dict[type[Unavailable | RateLimited], ErrorClass]] = {
    Unavailable: "unavailable",
    RateLimited: "rate_limited",
}


class FaultyWorld:
    """Another world, with faults in the way to it and back."""

    def __init__(
        self,
        inner: Performer,
        faults: Sequence[Fault],
        *,
        clock: JumpingClock,
        drop_lease: Callable[[str], Awaitable[None]],
        deliver: Callable[[str, Result], None],
    ) -> None:
        self._inner = inner
        # A call that is turned away is a call all the same: whatever else was to happen at it happens first.
        self._faults = sorted(faults, key=lambda fault: isinstance(fault, Unavailable | RateLimited))
        self._clock = clock
        self._drop_lease = drop_lease
        self._deliver = deliver
        self._begun = 0
        self._refused: Counter[Fault] = Counter()

    def missing(self, tools: Iterable[str]) -> list[str]:
        """What the other world has not."""
        return self._inner.missing(tools)

    async def call(
        self, run: str, effect: CallTool, journal: RunJournal, whole: Whole, in_flight: InFlight[ToolOutcome]
    ) -> None:
        """Let the other world make the call, as far as the faults let it through."""
        self._begun += 1
        for fault in self._faults:
            await self._befall(fault, self._begun, run, effect, in_flight)
            if in_flight.is_over:
                return
        await self._inner.call(run, effect, journal, whole, in_flight)

    async def find_out(self, effect: FindOut, whole: Whole, in_flight: InFlight[Reconciled]) -> None:
        """Nothing stands in the way of finding out."""
        await self._inner.find_out(effect, whole, in_flight)

    async def _befall(
        self, fault: Fault, number: int, run: str, effect: CallTool, in_flight: InFlight[ToolOutcome]
    ) -> None:
        match fault:
            case Unavailable() | RateLimited() if fault.tool == effect.tool and self._refused[fault] < fault.times:
                self._refused[fault] += 1
                error = Error(_KINDS[type(fault)], f"`{effect.tool}` was not reached: a fault was put in its way")
                in_flight.over(Failed(error, calls=0, simulated=True))
            case Slow(tool=effect.tool):
                await self._wait(self._clock.now() + parse_duration(fault.by), effect, in_flight)
            case Killed(at=at) if at == number:
                in_flight.overheard(_kill_this_process)
            case LeaseDropped(at=at) if at == number:
                await self._drop_lease(run)
            case ClockJumped(at=at) if at == number:
                self._clock.jump(parse_duration(fault.by))
            case DeliveredTwice(tool=effect.tool):
                in_flight.overheard(partial(self._again, run, effect))
            case _:
                pass

    async def _wait(self, until: Micros, effect: CallTool, in_flight: InFlight[ToolOutcome]) -> None:
        """Until then, or the call's deadline, or its stop: what these mean is for the tool door to say."""
        over = asyncio.Event()
        in_flight.on_stop(over.set)
        timer = self._clock.call_at(until if effect.due is None else min(until, effect.due), over.set)
        if not in_flight.stops:
            await over.wait()
        timer.cancel()

    def _again(self, run: str, effect: CallTool, outcome: ToolOutcome) -> None:
        arrival = result(effect, outcome)
        if not isinstance(arrival, UndoneResult):
            asyncio.get_running_loop().call_soon(self._deliver, run, arrival)


def _kill_this_process(_outcome: ToolOutcome) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class JumpingClock:
    """Another clock, which can be made to jump forward: what waits for an instant that is skipped is woken at once."""

    def __init__(self, inner: Clock) -> None:
        self._inner = inner
        self._ahead: Micros = 0
        self._timers: set[_Timer] = set()

    def now(self) -> Micros:
        """The time, with all jumps."""
        return self._inner.now() + self._ahead

    def call_at(self, due: Micros, wake: Callable[[], None]) -> Timer:
        """Wake at that time, however it comes."""
        timer = _Timer(due, wake, self._timers)
        timer.set_on(self._inner, due - self._ahead)
        return timer

    def jump(self, by: Micros) -> None:
        """It is later by so much."""
        self._ahead += by
        for timer in list(self._timers):
            timer.set_on(self._inner, timer.due - self._ahead)


class _Timer:
    def __init__(self, due: Micros, wake: Callable[[], None], timers: set[_Timer]) -> None:
        self.due = due
        self._wake = wake
        self._timers = timers
        self._inner: Timer | None = None
        timers.add(self)

    def set_on(self, clock: Clock, due: Micros) -> None:
        if self._inner is not None:
            self._inner.cancel()
        self._inner = clock.call_at(due, self._fire)

    def cancel(self) -> None:
        self._timers.discard(self)
        if self._inner is not None:
            self._inner.cancel()

    def _fire(self) -> None:
        self._timers.discard(self)
        self._wake()
