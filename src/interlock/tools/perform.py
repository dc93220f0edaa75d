"""Performing a call: from its input to its outcome. Whatever a tool does, there is one outcome, honestly told.

Whether a call is repeated is decided by the core. Errors of the journal are the engine's: they are raised.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from functools import partial

from interlock.core.plan import Micros
from interlock.core.values import Value
from interlock.tools.attempt import Attempt
from interlock.tools.calling import call_async, call_blocking
from interlock.tools.conclusion import Conclusion
from interlock.tools.context import AsyncToolContext, ToolContext
from interlock.tools.conversation import Ending
from interlock.tools.door import ToolDoor, not_called
from interlock.tools.failure import shortened
from interlock.tools.journal import Journal
from interlock.tools.outcome import Failed, ToolCall, ToolOutcome
from interlock.tools.processes import RunningProcess
from interlock.tools.running import Running, RunningTask, RunningThread
from interlock.tools.secrets import MissingSecret, Redaction, fill
from interlock.tools.thread_line import ThreadLine
from interlock.tools.tool import Tool
from interlock.tools.watch import Watch


async def perform(tool: Tool, call: ToolCall, journal: Journal, door: ToolDoor) -> ToolOutcome:
    """Call the tool, and say what became of it.

    Cancelling the task that waits here asks the tool to stop. The outcome is returned all the same, after `door.grace`
    at most; a second cancel gives the tool up at once.
    """
    filled = _filled(tool, call, door)
    if isinstance(filled, Failed):
        return filled
    complete, redaction = filled
    deadline = _earlier(call.deadline, None if tool.timeout is None else door.clock.now() + tool.timeout)
    refused = await door.take_slot(tool.runs, tool.name, deadline)
    if refused is not None:
        return refused
    attempt = None if tool.context_parameter is None else Attempt(call, deadline, journal, redaction)
    try:
        running = _begin(tool, complete, attempt, door)
    except RuntimeError as error:
        door.slots[tool.runs].release()
        return not_called("unavailable", f"`{tool.name}` was not called: {error}")
    watch = _watch(tool, running, attempt, deadline, door)
    ending = await watch.until_over()
    conclude = partial(_concluded, Conclusion(tool, redaction), watch, attempt)
    _let_go(running, tool, call, door, conclude)
    if attempt is not None:
        attempt.close()
    return conclude(ending)


def _filled(tool: Tool, call: ToolCall, door: ToolDoor) -> tuple[Value, Redaction] | Failed:
    """The input with its secrets, as the contract wants it. The core saw only their handles, so it is checked again."""
    try:
        filled, redaction = fill(call.input, door.secrets)
    except MissingSecret as missing:
        return not_called("invalid", str(missing))
    problems = tool.input.problems(filled, "input")
    if not problems:
        return filled, redaction
    told = shortened(redaction.text("; ".join(problems)))
    return not_called("invalid", f"the input of `{tool.name}` breaks its contract: {told}")


def _earlier(one: Micros | None, other: Micros | None) -> Micros | None:
    if one is None or other is None:
        return one if other is None else other
    return min(one, other)


def _begin(tool: Tool, input: Value, attempt: Attempt | None, door: ToolDoor) -> Running[Ending]:
    match tool.runs:
        case "task":
            context = None if attempt is None else AsyncToolContext(attempt.facts, attempt)
            return RunningTask(call_async(tool, input, context))
        case "thread":
            stopping = threading.Event()
            line = None if attempt is None else ThreadLine(attempt, stopping=stopping)
            blocking = None if attempt is None or line is None else ToolContext(attempt.facts, line)
            return RunningThread(partial(call_blocking, tool, input, blocking), door.threads, stopping=stopping)
        case "process":
            return RunningProcess(tool, input, attempt)


def _watch(
    tool: Tool, running: Running[Ending], attempt: Attempt | None, deadline: Micros | None, door: ToolDoor
) -> Watch[Ending]:
    on_stop = _nothing_to_stop if attempt is None else attempt.steps.stop
    watch = Watch(running, door.clock, grace=door.grace, on_stop=on_stop)
    if deadline is not None:
        watch.stop_at(deadline)
    if attempt is not None and tool.heartbeat_within is not None:
        attempt.on_heartbeat = partial(watch.expect_heartbeat, tool.heartbeat_within)
        attempt.on_heartbeat()
    return watch


def _nothing_to_stop() -> None:
    """A tool without a context has no steps."""


def _let_go(
    running: Running[Ending],
    tool: Tool,
    call: ToolCall,
    door: ToolDoor,
    conclude: Callable[[Ending], ToolOutcome],
) -> None:
    """Give the slot back, but only when the call has really ended; what still comes of it then is told as late."""
    slots = door.slots[tool.runs]
    if running.ended.done():
        slots.release()
        return

    def settle(ended: asyncio.Future[Ending]) -> None:
        slots.release()
        if not ended.cancelled():
            door.on_late(call, conclude(ended.result()))

    running.ended.add_done_callback(settle)


def _concluded(
    conclusion: Conclusion, watch: Watch[Ending], attempt: Attempt | None, ending: Ending | None
) -> ToolOutcome:
    if attempt is None:
        return conclusion.outcome(ending, watch.cause, calls=1)
    # An attempt that its own steps have ended stays so, even if the tool caught what told it.
    return attempt.steps.verdict or conclusion.outcome(ending, watch.cause, calls=1 + attempt.steps.made)
