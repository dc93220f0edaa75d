"""Performing effects through the tool door, and saying what came of them in the core's words."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Final, Literal, Protocol

from interlock.core.events import Error, NodeResult, UndoResult
from interlock.core.requests import Result, SettleEffect, UndoneResult
from interlock.core.values import Value
from interlock.engine.effects import CallTool, FindOut
from interlock.engine.journaling import RunJournal, StepRefused
from interlock.tools.outcome import Done, Failed, ToolCall, ToolOutcome, Unknown
from interlock.tools.perform import ToolDoor, perform
from interlock.tools.reconciling import CannotTell, DidNotTakePlace, TookPlace, ask_reconcile
from interlock.tools.tool import Tool
from interlock.tools.toolbox import Toolbox

Whole = Callable[[Value], Awaitable[Value]]

_NOT_BEGUN: Final = Failed(Error("cancelled", "the call was stopped before it had begun"), retryable=False, calls=0)


class Performer(Protocol):
    """A world: where effects go. The simulator has its own."""

    def missing(self, tools: Iterable[str]) -> list[str]:
        """Those of the tools that are not here."""
        ...

    async def call(self, run: str, effect: CallTool, journal: RunJournal, whole: Whole) -> Result | UndoneResult:
        """Make the call, and say what came of it. Cancelling asks it to stop; there still is an answer."""
        ...

    async def find_out(self, run: str, effect: FindOut, whole: Whole) -> SettleEffect | None:
        """What became of an effect, if that can be found out without a person."""
        ...


class LiveWorld:
    """The world itself: tools are called."""

    def __init__(self, toolbox: Toolbox, door: ToolDoor, *, tenant: str) -> None:
        self._toolbox = toolbox
        self._door = door
        self._tenant = tenant

    def missing(self, tools: Iterable[str]) -> list[str]:
        """Those of the tools that are not in the toolbox."""
        return [name for name in tools if name not in self._toolbox]

    async def call(self, run: str, effect: CallTool, journal: RunJournal, whole: Whole) -> Result | UndoneResult:
        """Call the tool of the effect."""
        outcome = await self._perform(run, effect, journal, whole)
        return _undone(effect, outcome) if effect.is_undo else _result(effect, outcome)

    async def _perform(self, run: str, effect: CallTool, journal: RunJournal, whole: Whole) -> ToolOutcome:
        tool = self._toolbox.find(effect.tool)
        if tool is None:
            message = f"the tool {effect.tool} is not among the tools of this worker: start it with that tool"
            return Failed(Error("unavailable", message, effect.path), retryable=False, calls=0)
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
            return await perform(tool, call, journal, self._door)
        except StepRefused as refused:
            return Failed(refused.error, retryable=False)
        except asyncio.CancelledError:
            return _NOT_BEGUN

    async def find_out(
        self,
        run: str,  # noqa: ARG002 - other worlds tell runs apart
        effect: FindOut,
        whole: Whole,
    ) -> SettleEffect | None:
        """Ask the tool's `reconcile`, if it has one."""
        tool = self._toolbox.find(effect.tool)
        if tool is None or tool.reconcile is None:
            return None
        match await ask_reconcile(tool, await whole(effect.input), effect.effect, self._door):
            case TookPlace(out=out):
                return _found_out(tool, effect, "done", out)
            case DidNotTakePlace():
                return _found_out(tool, effect, "not_done", None)
            case CannotTell():
                return None


def _found_out(tool: Tool, effect: FindOut, status: Literal["done", "not_done"], out: Value) -> SettleEffect:
    why = f"the reconcile hook of {tool.name} said so"
    return SettleEffect(effect=effect.effect, status=status, out=out, by="reconcile", why=why)


def not_begun(effect: CallTool) -> Result | UndoneResult:
    """A call that was stopped before its tool was reached."""
    return _undone(effect, _NOT_BEGUN) if effect.is_undo else _result(effect, _NOT_BEGUN)


def late_result(call: ToolCall, outcome: ToolOutcome) -> Result:
    """What came of a call after it had been given up: for the record, nothing waits for it."""
    return Result(path=call.path, result=_node_result(call.effect_id, outcome))


def _result(effect: CallTool, outcome: ToolOutcome) -> Result:
    return Result(path=effect.path, result=_node_result(effect.effect, outcome))


def _node_result(effect: str, outcome: ToolOutcome) -> NodeResult:
    match outcome:
        case Done():
            return NodeResult(effect, "done", outcome.out, outcome.labels, calls=outcome.calls)
        case Failed(error=Error(kind="cancelled"), calls=0):
            return NodeResult(effect, "not_done", error=outcome.error, calls=0)
        case Failed():
            return NodeResult(effect, "failed", error=outcome.error, retryable=outcome.retryable, calls=outcome.calls)
        case Unknown():
            return NodeResult(effect, "unknown", error=outcome.error, calls=outcome.calls)


def _undone(effect: CallTool, outcome: ToolOutcome) -> UndoneResult:
    match outcome:
        case Done():
            result = UndoResult(effect.effect, "done")
        case Failed(error=Error(kind="cancelled"), calls=0):
            result = UndoResult(effect.effect, "not_done", outcome.error)
        case Failed():
            result = UndoResult(effect.effect, "failed", outcome.error, outcome.retryable)
        case Unknown():
            result = UndoResult(effect.effect, "unknown", outcome.error)
    return UndoneResult(path=effect.path, result=result)
