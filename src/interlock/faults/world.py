"""A world with faults in the way to it and back. What is answered in a tool's place is marked `simulated`."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable
from functools import partial
from typing import Final

from interlock.agents.agent import Agent
from interlock.core.agent_contract import AgentContract
from interlock.core.durations import parse_duration
from interlock.core.events import Error, ErrorClass
from interlock.core.plan import Micros
from interlock.core.requests import UndoneResult
from interlock.engine.agents.memory.door import MemoryDoor
from interlock.engine.agents.model_door import ModelDoor
from interlock.engine.effects import CallTool, FindOut
from interlock.engine.performing import Performer, Whole, result
from interlock.faults.process import FaultyProcess
from interlock.faults.switches import DeliveredTwice, Fault, Killed, RateLimited, Slow, Unavailable
from interlock.tools.in_flight import InFlight
from interlock.tools.journal import Journal
from interlock.tools.outcome import Failed, ToolOutcome
from interlock.tools.reconciling import Reconciled
from interlock.tools.tool import Tool

_KINDS: Final[dict[type[Unavailable | RateLimited], ErrorClass]] = {
    Unavailable: "unavailable",
    RateLimited: "rate_limited",
}


class FaultyWorld:
    """Another world, with faults in the way to it and back."""

    def __init__(self, inner: Performer, process: FaultyProcess) -> None:
        self._inner = inner
        self._process = process
        # A call that is turned away is a call all the same: whatever else was to happen at it happens first.
        self._in_the_way = sorted(process.faults, key=lambda fault: isinstance(fault, Unavailable | RateLimited))
        self._begun = 0
        self._refused: Counter[Fault] = Counter()

    @property
    def models(self) -> ModelDoor:
        """The models of the other world."""
        return self._inner.models

    @property
    def memory(self) -> MemoryDoor:
        """The memories of the other world."""
        return self._inner.memory

    def agent(self, contract: AgentContract) -> Agent | None:
        """The agent of the other world."""
        return self._inner.agent(contract)

    def find(self, tool: str) -> Tool | None:
        """The tool of the other world."""
        return self._inner.find(tool)

    def missing(self, tools: Iterable[str]) -> list[str]:
        """What the other world has not."""
        return self._inner.missing(tools)

    async def call(
        self, run: str, effect: CallTool, journal: Journal, whole: Whole, in_flight: InFlight[ToolOutcome]
    ) -> None:
        """Let the other world make the call, as far as the faults let it through."""
        self._begun += 1
        self._listen_for_the_end(self._begun, run, effect, in_flight)
        await self._process.befall("call", self._begun, run)
        for fault in self._in_the_way:
            await self._befall(fault, effect, in_flight)
            if in_flight.is_over:
                return
        await self._inner.call(run, effect, journal, whole, in_flight)

    async def find_out(self, effect: FindOut, whole: Whole, in_flight: InFlight[Reconciled]) -> None:
        """Nothing stands in the way of finding out."""
        await self._inner.find_out(effect, whole, in_flight)

    def _listen_for_the_end(self, number: int, run: str, effect: CallTool, in_flight: InFlight[ToolOutcome]) -> None:
        for fault in self._process.faults:
            match fault:
                case Killed(at=at, of="call") if at == number:
                    in_flight.overheard(partial(self._die, number))
                case DeliveredTwice(tool=effect.tool):
                    in_flight.overheard(partial(self._again, run, effect))
                case _:
                    pass

    async def _befall(self, fault: Fault, effect: CallTool, in_flight: InFlight[ToolOutcome]) -> None:
        match fault:
            case Unavailable() | RateLimited() if fault.tool == effect.tool and self._refused[fault] < fault.times:
                self._refused[fault] += 1
                error = Error(_KINDS[type(fault)], f"`{effect.tool}` was not reached: a fault was put in its way")
                in_flight.over(Failed(error, calls=0, simulated=True))
            case Slow(tool=effect.tool):
                await self._wait(self._process.clock.now() + parse_duration(fault.by), effect, in_flight)
            case _:
                pass

    async def _wait(self, until: Micros, effect: CallTool, in_flight: InFlight[ToolOutcome]) -> None:
        """Until then, or the call's deadline, or its stop: what these mean is for the tool door to say."""
        over = asyncio.Event()
        in_flight.on_stop(over.set)
        timer = self._process.clock.call_at(until if effect.due is None else min(until, effect.due), over.set)
        if not in_flight.stops:
            await over.wait()
        timer.cancel()

    def _die(self, number: int, _outcome: ToolOutcome) -> None:
        self._process.die("call", number)

    def _again(self, run: str, effect: CallTool, outcome: ToolOutcome) -> None:
        arrival = result(effect, outcome)
        if not isinstance(arrival, UndoneResult):
            asyncio.get_running_loop().call_soon(self._process.deliver, run, arrival)
