"""Performing an agent's call: its loop is run until it ends, is stopped, or its time is up."""

from __future__ import annotations

from interlock.core.event_parts import Error
from interlock.engine.agents.crew import AgentCall, Crew
from interlock.engine.agents.deadline import Deadline
from interlock.engine.agents.halt import Halt
from interlock.engine.agents.loop import AgentLoop
from interlock.engine.effects import CallTool
from interlock.tools.in_flight import InFlight
from interlock.tools.journal import Journal
from interlock.tools.outcome import Failed, ToolOutcome


async def perform_agent(crew: Crew, effect: CallTool, journal: Journal, in_flight: InFlight[ToolOutcome]) -> None:
    """Let the agent work, and report what became of it."""
    halt = Halt()
    stopped = Error("cancelled", f"the agent `{effect.tool}` was stopped", effect.path)
    in_flight.on_stop(lambda: halt.ask(stopped))
    if in_flight.stops or not await in_flight.may_begin():
        in_flight.over(Failed(stopped, retryable=False, calls=0))
        return
    late = Error("timeout", f"the agent `{effect.tool}` did not finish in time", effect.path)
    deadline = Deadline(effect.due, crew.clock, lambda: halt.ask(late))
    try:
        call = AgentCall(
            agent=effect.tool,
            path=effect.path,
            attempt=effect.first_attempt,
            input=await crew.whole(effect.input),
            deadline=deadline,
            is_tainted=effect.is_tainted,
        )
        outcome = await AgentLoop(crew, call, journal, halt).outcome()
    finally:
        deadline.end()
    in_flight.over(outcome)
