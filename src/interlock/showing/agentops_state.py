"""The whole state of an agent at its task as AgentOps told it: what was said, called, asked and answered.

It is read from the run's events, so it is the same whoever asks and whenever. Large values stay references, and of what
there is too much of, the latest is told.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Mapping
from typing import Any, Final

from msgspec import UNSET
from msgspec.structs import replace

from interlock.agents.context.sections import sections_of
from interlock.authoring.single_step import STEP
from interlock.core import events as e
from interlock.core.paths import split_step, step_path
from interlock.core.values import Value, is_list, is_map
from interlock.engine.telling.agents_at_work import QUESTIONS
from interlock.showing.agentops import AgentTask
from interlock.showing.instants import instant
from interlock.wire import agentops as wire

LISTED_MAX: Final = 500
"""How many messages, calls, results, errors and questions are told, the latest of each."""
ERRORS_SUMMED_MAX: Final = 5
ERROR_LENGTH_MAX: Final = 100
"""How many errors the summary tells, and how much of each."""
CALLS: Final = frozenset({"tool", "agent", "graph"})


def _latest() -> deque[Any]:
    return deque(maxlen=LISTED_MAX)


class AgentOpsStateTold:
    """Takes the events of a run of one agent from its first on, and tells how the agent's work stands."""

    def __init__(self, task: AgentTask) -> None:
        self._task = task
        self._step = 0
        self._names: dict[int, str] = {}
        self._said: deque[wire.AgentOpsMessage] = _latest()
        self._calls: dict[int, wire.AgentOpsCall] = {}
        self._results: deque[wire.AgentOpsResult] = _latest()
        self._errors: deque[wire.AgentOpsError] = _latest()
        self._asked: dict[str, wire.AgentOpsHumanRequest] = {}
        self._answered: deque[wire.AgentOpsHumanResponse] = _latest()

    def take(self, event: e.Event) -> None:
        """One more event, the next of the log. The reply of a model has to be whole."""
        match event.body:
            case e.NodeStarted() if event.path == STEP:
                self._say(event, "user", self._task.text)
            case e.NodeFailed(error=error) if event.path == STEP:
                self._note_error(event, error)
            case e.AnswerGiven() as body:
                self._note_answer(event, body)
            case _ if event.path == STEP:
                self._note_step(event)
            case _:
                pass

    def wants_reply(self, event: e.Event) -> bool:
        """Whether an event holds what a model said, of which all is told."""
        body = event.body
        return isinstance(body, e.EffectDone) and event.path == STEP and body.ordinal not in self._names

    def state(self) -> wire.AgentOpsState:
        """How it stands after the last event that was taken."""
        task = self._task
        outputs = task.view.outputs
        return wire.AgentOpsState(
            agent_id=task.agent_id,
            agent_type=task.contract.name,
            status=task.status,
            current_step=task.work.turns,
            max_steps=task.contract.limits.steps,
            context=_context(task),
            conversation_history=list(self._said),
            tool_calls=list(self._calls.values())[-LISTED_MAX:],
            tool_results=list(self._results),
            errors=list(self._errors),
            error_summary=_summary(list(self._errors)),
            human_requests=list(self._asked.values())[-LISTED_MAX:],
            human_responses=list(self._answered),
            created_at=instant(task.view.started_at),
            updated_at=instant(task.view.at),
            task_description=task.text,
            task_id=task.view.run,
            result=outputs.get("result") if is_map(outputs) else outputs,
            simulated=task.is_simulated,
        )

    # --- steps ---

    def _note_step(self, event: e.Event) -> None:
        match event.body:
            case e.EffectIntended() as body:
                self._note_begun(event, body)
            case e.EffectDone() as body:
                self._note_done(event, body)
            case e.EffectFailed() | e.EffectUnknown() as body:
                self._mark(body.ordinal, "failed" if isinstance(body, e.EffectFailed) else "lost")
                self._note_trouble(event, self._names.get(body.ordinal, ""), body.error)
            case e.DecisionMade(error=e.Error() as error) as body:
                self._call(event, body.ordinal, body.name, None, status="refused")
                self._note_trouble(event, body.name, error)
            case _:
                pass

    def _note_begun(self, event: e.Event, body: e.EffectIntended) -> None:
        if body.kind == "model":
            self._step += body.tries == 1
        elif body.kind in CALLS:
            self._call(event, body.ordinal, body.name, body.input, status="under_way")
        elif body.kind in QUESTIONS and body.question is not None:
            self._asked[step_path(event.path, body.ordinal)] = wire.AgentOpsHumanRequest(
                name="request_human_input" if body.kind == "person" else body.kind,
                question=body.question.text,
                choices=list(body.question.choices),
                open=not self._task.view.has_ended,
                step=self._step,
                timestamp=instant(event.at),
            )

    def _note_done(self, event: e.Event, body: e.EffectDone) -> None:
        if body.ordinal in self._names:
            self._mark(body.ordinal, "done")
            self._give(event, self._names[body.ordinal], body.out)
        elif is_map(body.out) and "calls" in body.out:
            self._say(event, "assistant", body.out.get("text", ""), calls=_calls_in(body.out))

    def _call(self, event: e.Event, ordinal: int, name: str, arguments: Value, *, status: str) -> None:
        self._names[ordinal] = name
        self._calls[ordinal] = wire.AgentOpsCall(
            name=name, arguments=arguments, step=self._step, status=status, timestamp=instant(event.at)
        )

    def _mark(self, ordinal: int, status: str) -> None:
        if ordinal in self._calls:
            self._calls[ordinal] = replace(self._calls[ordinal], status=status)

    def _give(self, event: e.Event, tool: str, result: Value) -> None:
        at = instant(event.at)
        self._results.append(wire.AgentOpsResult(tool=tool, result=result, step=self._step, timestamp=at))
        self._said.append(wire.AgentOpsMessage(role="tool", content=result, step=self._step, timestamp=at, tool=tool))

    def _say(self, event: e.Event, role: wire.AgentOpsRole, text: Value, *, calls: list[Any] | None = None) -> None:
        self._said.append(
            wire.AgentOpsMessage(
                role=role,
                content=text,
                step=self._step,
                timestamp=instant(event.at),
                tool_calls=calls or UNSET,
            )
        )

    # --- people, and trouble ---

    def _note_answer(self, event: e.Event, body: e.AnswerGiven) -> None:
        address = split_step(event.path)
        if address is None or address[0] != STEP:
            return
        said = body.choice or body.form or body.why
        at = instant(event.at)
        self._answered.append(wire.AgentOpsHumanResponse(response=said, by=event.actor, timestamp=at))
        self._say(event, "user", said)
        if event.path in self._asked:
            self._asked[event.path] = replace(self._asked[event.path], open=False)

    def _note_trouble(self, event: e.Event, tool: str, error: e.Error) -> None:
        self._note_error(event, error)
        if tool:
            self._give(event, tool, {"error": error.message})

    def _note_error(self, event: e.Event, error: e.Error) -> None:
        told = wire.AgentOpsError(type=error.kind, message=error.message, step=self._step, timestamp=instant(event.at))
        self._errors.append(told)


def _calls_in(reply: Mapping[str, Any]) -> list[Any]:
    calls = reply.get("calls")
    if not is_list(calls):
        return []
    return [{"id": each.get("id"), "name": each.get("tool"), "arguments": each.get("arguments")} for each in calls]


def _context(task: AgentTask) -> dict[str, wire.AgentOpsContextItem]:
    """What the task came with, each thing under its name, with the weight of the part of the prompt it stands in."""
    inputs = task.view.inputs
    given: object = inputs.get("context") if is_map(inputs) else None
    if isinstance(given, str) and given:
        try:
            given = json.loads(given)
        except ValueError:
            given = {"context": given}
    priority = next((each.priority for each in sections_of(task.contract.context) if each.source == "task"), 0)
    at = instant(task.view.started_at)
    items = given if is_map(given) else {}
    return {
        name: wire.AgentOpsContextItem(value=value, priority=priority, added_at=at) for name, value in items.items()
    }


def _summary(errors: list[wire.AgentOpsError]) -> str | None:
    """The latest errors, a line each, the latest first."""
    latest = errors[-ERRORS_SUMMED_MAX:][::-1]
    lines = [f"{number}. {each.type}: {each.message[:ERROR_LENGTH_MAX]}" for number, each in enumerate(latest, 1)]
    return "\n".join(lines) or None
