"""Performing effects through the tool door, and saying what came of them in the core's words."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Literal, Protocol, assert_never

from interlock.agents.agent import Agent
from interlock.agents.collecting import Agents
from interlock.agents.passing_on import find_passing_on
from interlock.core.agent_contract import AgentContract
from interlock.core.events import Error, NodeResult, UndoResult
from interlock.core.requests import Result, SettleEffect, UndoneResult
from interlock.core.values import Value
from interlock.engine.agents.memory.door import MemoryDoor, NoMemory
from interlock.engine.agents.model_door import ModelDoor, NoModels
from interlock.engine.effects import CallTool, FindOut
from interlock.engine.journaling import StepRefused
from interlock.tools.in_flight import InFlight
from interlock.tools.journal import Journal
from interlock.tools.outcome import Done, Failed, ToolCall, ToolOutcome, Unknown
from interlock.tools.perform import ToolDoor, perform
from interlock.tools.reconciling import CannotTell, DidNotTakePlace, Reconciled, TookPlace, ask_reconcile
from interlock.tools.tool import Tool
from interlock.tools.toolbox import Toolbox

Whole = Callable[[Value], Awaitable[Value]]


def ready_agent(contract: AgentContract, agents: Agents | None) -> Agent | None:
    """The agent of a contract. One that steps by code of its own needs that very code."""
    if not contract.code:
        return Agent(contract=contract, place="")
    if (passing_on := find_passing_on(contract)) is not None:
        return passing_on
    found = agents.find(contract.name) if agents is not None else None
    if found is None or found.contract.code != contract.code:
        return None
    return Agent(contract=contract, place=found.place, own_step=found.own_step)


class Performer(Protocol):
    """A world: where effects go. What becomes of one is reported to what holds it in flight, once."""

    @property
    def models(self) -> ModelDoor:
        """Where agents ask models."""
        ...

    @property
    def memory(self) -> MemoryDoor:
        """Where agents remember and recall."""
        ...

    def agent(self, contract: AgentContract) -> Agent | None:
        """The agent of a contract, ready to step; None if it steps by code that is not here."""
        ...

    def find(self, tool: str) -> Tool | None:
        """A tool that is here: on what terms it is called, and what may come of it."""
        ...

    def missing(self, tools: Iterable[str]) -> list[str]:
        """Those of the tools that are not here."""
        ...

    async def call(
        self, run: str, effect: CallTool, journal: Journal, whole: Whole, in_flight: InFlight[ToolOutcome]
    ) -> None:
        """Make the call. It may go on after it was given up and reported."""
        ...

    async def find_out(self, effect: FindOut, whole: Whole, in_flight: InFlight[Reconciled]) -> None:
        """Ask what became of an effect, if that can be found out without a person."""
        ...


class LiveWorld:
    """The world itself: tools are called."""

    def __init__(
        self,
        toolbox: Toolbox,
        door: ToolDoor,
        *,
        tenant: str,
        models: ModelDoor | None = None,
        agents: Agents | None = None,
        memory: MemoryDoor | None = None,
    ) -> None:
        self._toolbox = toolbox
        self._agents = agents
        self._door = door
        self._tenant = tenant
        self.models: ModelDoor = models or NoModels()
        self.memory: MemoryDoor = memory or NoMemory()

    def agent(self, contract: AgentContract) -> Agent | None:
        """The agent, by the step that all have, or by its own if that is here as the contract means it."""
        return ready_agent(contract, self._agents)

    def find(self, tool: str) -> Tool | None:
        """The tool of the toolbox."""
        return self._toolbox.find(tool)

    def missing(self, tools: Iterable[str]) -> list[str]:
        """Those of the tools that are not in the toolbox."""
        return [name for name in tools if name not in self._toolbox]

    async def call(
        self, run: str, effect: CallTool, journal: Journal, whole: Whole, in_flight: InFlight[ToolOutcome]
    ) -> None:
        """Call the tool of the effect."""
        tool = self._toolbox.find(effect.tool)
        if tool is None:
            message = f"the tool {effect.tool} is not among the tools of this worker: start it with that tool"
            in_flight.over(Failed(Error("unavailable", message, effect.path), retryable=False, calls=0))
            return
        call = ToolCall(
            run=run,
            tenant=self._tenant,
            path=effect.path,
            attempt=effect.attempt,
            effect_id=effect.effect,
            input=await whole(effect.input),
            first_attempt=effect.first_attempt,
            deadline=effect.due,
        )
        try:
            await perform(tool, call, journal, self._door, in_flight)
        except StepRefused as refused:
            in_flight.over(Failed(refused.error, retryable=False))

    async def find_out(self, effect: FindOut, whole: Whole, in_flight: InFlight[Reconciled]) -> None:
        """Ask the tool's `reconcile`, if it has one."""
        tool = self._toolbox.find(effect.tool)
        if tool is None:
            in_flight.over(CannotTell(f"the tool {effect.tool} is not among the tools of this worker"))
            return
        await ask_reconcile(tool, await whole(effect.input), effect.effect, self._door, in_flight)


def settlement(effect: FindOut, found: Reconciled) -> SettleEffect | None:
    """What a tool said of an effect, as a request; None where it could not tell."""
    match found:
        case TookPlace(out=out):
            return _settled(effect, "done", out)
        case DidNotTakePlace():
            return _settled(effect, "not_done", None)
        case CannotTell():
            return None
        case _ as never:
            assert_never(never)


def _settled(effect: FindOut, status: Literal["done", "not_done"], out: Value) -> SettleEffect:
    why = f"the reconcile hook of {effect.tool} said so"
    return SettleEffect(effect=effect.effect, status=status, out=out, by="reconcile", why=why)


def result(effect: CallTool, outcome: ToolOutcome) -> Result | UndoneResult:
    """What became of a call, as the run is told."""
    if effect.is_undo:
        return _undone(effect, outcome)
    return Result(path=effect.path, result=_node_result(effect.effect, outcome))


def late_result(call: ToolCall, outcome: ToolOutcome) -> Result:
    """What came of a call after it had been given up: for the record, nothing waits for it."""
    return Result(path=call.path, result=_node_result(call.effect_id, outcome))


def _node_result(effect: str, outcome: ToolOutcome) -> NodeResult:
    calls, simulated = outcome.calls, outcome.simulated
    match outcome:
        case Done():
            return NodeResult(effect, "done", outcome.out, outcome.labels, calls=calls, simulated=simulated)
        case Failed(error=Error(kind="cancelled"), calls=0):
            return NodeResult(effect, "not_done", error=outcome.error, calls=0, simulated=simulated)
        case Failed(error=error, retryable=retryable):
            return NodeResult(effect, "failed", error=error, retryable=retryable, calls=calls, simulated=simulated)
        case Unknown():
            return NodeResult(effect, "unknown", error=outcome.error, calls=calls, simulated=simulated)


def _undone(effect: CallTool, outcome: ToolOutcome) -> UndoneResult:
    simulated = outcome.simulated
    match outcome:
        case Done():
            result = UndoResult(effect.effect, "done", simulated=simulated)
        case Failed(error=Error(kind="cancelled"), calls=0):
            result = UndoResult(effect.effect, "not_done", outcome.error, simulated=simulated)
        case Failed():
            result = UndoResult(effect.effect, "failed", outcome.error, outcome.retryable, simulated)
        case Unknown():
            result = UndoResult(effect.effect, "unknown", outcome.error, simulated=simulated)
    return UndoneResult(path=effect.path, result=result)
