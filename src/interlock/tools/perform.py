"""Performing a call: from its input to its outcome. Whatever a tool does, there is one outcome, honestly told.

Whether a call is repeated is decided by the core. Errors of the journal are the engine's: they are raised.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from functools import partial
from typing import NamedTuple

from interlock.core.plan import Micros
from interlock.core.redaction import Redaction
from interlock.core.values import Value
from interlock.tools.attempt import Attempt
from interlock.tools.calling import call_async, call_blocking
from interlock.tools.conclusion import Conclusion
from interlock.tools.context import AsyncToolContext, ToolContext
from interlock.tools.conversation import Ending
from interlock.tools.door import ToolDoor, not_called
from interlock.tools.failure import shortened
from interlock.tools.in_flight import InFlight
from interlock.tools.journal import Journal
from interlock.tools.outcome import Failed, ToolCall, ToolOutcome
from interlock.tools.processes import RunningProcess
from interlock.tools.running import Running, RunningHere, RunningThread
from interlock.tools.secrets import MissingSecret, SecretText, fill, named_secrets
from interlock.tools.thread_line import ThreadLine
from interlock.tools.tool import Tool
from interlock.tools.watch import Watch


async def perform(
    tool: Tool, call: ToolCall, journal: Journal, door: ToolDoor, in_flight: InFlight[ToolOutcome]
) -> None:
    """Call the tool, and report what became of it, once it has ended or was given up. Lasts as long as the tool.

    To be awaited in a task of its own, which only the door cancels: stop the call through what holds it in flight.
    """
    filled = _filled(tool, call, door)
    if isinstance(filled, Failed):
        in_flight.over(filled)
        return
    refused = await door.keep_pace(tool, call.tenant, call.deadline, in_flight)
    deadline = _earlier(call.deadline, None if tool.timeout is None else door.clock.now() + tool.timeout)
    refused = refused or await door.take_slot(tool.runs, tool.name, deadline, in_flight)
    if refused is not None:
        in_flight.over(refused)
        return
    try:
        attempt = None if tool.context_parameter is None else Attempt(call, deadline, journal, filled.redaction)
        await _Try(tool, call, door, in_flight, attempt=attempt, filled=filled).live(deadline)
    finally:
        door.slots[tool.runs].release()


class _Filled(NamedTuple):
    """What goes into a call."""

    input: Value
    secrets: Mapping[str, SecretText]
    redaction: Redaction


def _filled(tool: Tool, call: ToolCall, door: ToolDoor) -> _Filled | Failed:
    """The input with its secrets, as the contract wants it. The core saw only their handles, so it is checked again."""
    if tool.quarantined:
        return not_called("refused", f"`{tool.name}` was not called: {tool.quarantined}")
    try:
        given = named_secrets(tool.secrets, door.secrets)
        filled, redaction = fill(call.input, door.secrets, given)
    except MissingSecret as missing:
        return not_called("invalid", str(missing))
    problems = tool.input.problems(filled, "input")
    if not problems:
        return _Filled(filled, given, redaction)
    told = shortened(redaction.text("; ".join(problems)))
    return not_called("invalid", f"the input of `{tool.name}` breaks its contract: {told}")


def _earlier(one: Micros | None, other: Micros | None) -> Micros | None:
    if one is None or other is None:
        return one if other is None else other
    return min(one, other)


class _Try:
    """One call that has its slot. It ends when the tool does, though it may be given up and reported before."""

    def __init__(
        self,
        tool: Tool,
        call: ToolCall,
        door: ToolDoor,
        in_flight: InFlight[ToolOutcome],
        *,
        attempt: Attempt | None,
        filled: _Filled,
    ) -> None:
        self._tool = tool
        self._call = call
        self._attempt = attempt
        self._filled = filled
        self._conclusion = Conclusion(tool, filled.redaction)
        self._door = door
        self._in_flight = in_flight

    async def live(self, deadline: Micros | None) -> None:
        """From the first line of the tool to its last."""
        try:
            running = self._running(self._filled.input)
        except RuntimeError as error:
            self._in_flight.over(not_called("unavailable", f"`{self._tool.name}` was not called: {error}"))
            return
        watch = self._watch(running, deadline)
        ending = await running.ending()
        watch.end()
        if self._in_flight.is_over:
            self._door.on_late(self._call, self._concluded(watch, ending))
            return
        if self._attempt is not None:
            self._attempt.close()
        self._in_flight.over(self._concluded(watch, ending))

    def _running(self, input: Value) -> Running[Ending]:
        tool, attempt = self._tool, self._attempt
        match tool.runs:
            case "task":
                context = None if attempt is None else AsyncToolContext(attempt.facts, attempt, self._filled.secrets)
                return RunningHere(call_async(tool, input, context), self._in_flight.interrupt)
            case "thread":
                stopping = threading.Event()
                line = None if attempt is None else ThreadLine(attempt, stopping=stopping)
                blocking = None if attempt is None or line is None else ToolContext(attempt.facts, line)
                work = partial(call_blocking, tool, input, blocking)
                return RunningThread(work, self._door.threads, stopping=stopping)
            case "process":
                return RunningProcess(tool, input, attempt)

    def _watch(self, running: Running[Ending], deadline: Micros | None) -> Watch:
        attempt = self._attempt
        on_stop = None if attempt is None else attempt.steps.stop
        watch = Watch(running, self._door.clock, grace=self._door.grace, on_stop=on_stop)
        watch.on_given_up = partial(self._give_up, watch)
        self._in_flight.on_stop(watch.cancel)
        if deadline is not None:
            watch.stop_at(deadline)
        if attempt is not None and self._tool.heartbeat_within is not None:
            attempt.on_heartbeat = partial(watch.expect_heartbeat, self._tool.heartbeat_within)
            attempt.on_heartbeat()
        return watch

    def _give_up(self, watch: Watch) -> None:
        """The outcome is reported, though the tool has not ended: whatever still comes of it will be late."""
        if self._attempt is not None:
            self._attempt.steps.close()
        self._in_flight.over(self._concluded(watch, None))

    def _concluded(self, watch: Watch, ending: Ending | None) -> ToolOutcome:
        if self._attempt is None:
            return self._conclusion.outcome(ending, watch.cause, calls=1)
        steps = self._attempt.steps
        # An attempt that its own steps have ended stays so, even if the tool caught what told it.
        return steps.verdict or self._conclusion.outcome(ending, watch.cause, calls=1 + steps.made)
