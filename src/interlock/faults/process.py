"""The process into which faults are put: what can be done to it, and when that is done."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from interlock.core.durations import parse_duration
from interlock.core.plan import Micros
from interlock.core.requests import Result
from interlock.faults.clock import JumpingClock
from interlock.faults.switches import ClockJumped, Counted, Fault, Killed, LeaseDropped


def kill_this_process(later: Micros) -> None:
    """End this process without a warning, now or so much later."""
    if later:
        timer = threading.Timer(later / 1_000_000, _kill)
        timer.daemon = True
        timer.start()
    else:
        _kill()


def _kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@dataclass(frozen=True, kw_only=True)
class FaultyProcess:
    """One process, and what faults do to it. `kill` ends it, at once or so much later."""

    faults: Sequence[Fault]
    clock: JumpingClock
    drop_lease: Callable[[str], Awaitable[None]]
    deliver: Callable[[str, Result], None]
    kill: Callable[[Micros], None] = kill_this_process

    async def befall(self, of: Counted, number: int, run: str) -> None:
        """What happens before a call or an append."""
        for fault in self.faults:
            match fault:
                case LeaseDropped(at=at, of=counted) if (at, counted) == (number, of):
                    await self.drop_lease(run)
                case ClockJumped(at=at, of=counted) if (at, counted) == (number, of):
                    self.clock.jump(parse_duration(fault.by))
                case _:
                    pass

    def die(self, of: Counted, number: int) -> bool:
        """What happens when a call has come back or an append is made; whether the process is to end here."""
        dies = [fault for fault in self.faults if isinstance(fault, Killed) and (fault.at, fault.of) == (number, of)]
        for fault in dies:
            self.kill(parse_duration(fault.later) if fault.later else 0)
        return any(not fault.later for fault in dies)
