"""Which effects recorded events ask for. Dispatching and recovering are the same code: both act on what is on record.

Pure: it says what is to be done, and does none of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

from msgspec import Struct

from interlock.core import events as e
from interlock.core.evolving.journal import open_steps
from interlock.core.evolving.under_way import attempt_at, step_at
from interlock.core.paths import node_at, node_of_step, path_of, undo_path
from interlock.core.plan import AgentWork, EmitWork, Micros, Plan, ToolWork
from interlock.core.state import Attempt, Calling, RunState, Step, Waiting
from interlock.core.values import Value


class CallTool(Struct, frozen=True, gc=False, tag=True):
    """Call a tool for a node, or (`is_undo`) to take back what one did. `due`: the instant to give it up."""

    path: str
    tool: str
    effect: str
    attempt: int
    input: Value
    due: Micros | None
    first_attempt: int = 1
    """The attempt that first used the effect's id."""
    is_undo: bool = False
    has_steps: bool = False
    """Whether earlier tries of it have recorded steps."""
    is_agent: bool = False
    """Whether `tool` names an agent, whose loop is to be run."""
    is_tainted: bool = False
    """Of an agent: whether its run has read before what somebody outside may have written."""


class SendOut(Struct, frozen=True, gc=False):
    """Hand an event to the outbox: it is written there by the append that records its result."""

    path: str
    effect: str


class StopCall(Struct, frozen=True, gc=False):
    """Ask a call in flight to stop."""

    path: str


class FindOut(Struct, frozen=True, gc=False, tag=True):
    """Ask a tool's `reconcile` what became of an effect."""

    path: str
    tool: str
    effect: str
    input: Value


Effect: TypeAlias = CallTool | SendOut | StopCall | FindOut


def effects_in(plan: Plan, state: RunState, events: Iterable[e.Event]) -> list[Effect]:
    """What freshly recorded events ask for, in their order."""
    found: list[Effect] = []
    for event in events:
        match event.body:
            case e.NodeStarted() as body:
                found.append(_call(plan, state, event, body))
            case e.UndoStarted() as body:
                found.append(_undo(plan, state, event, body))
            case e.NodeCancelling():
                found.append(StopCall(event.path))
            case e.NodeWaiting(reason="reconcile") | e.UndoWaiting():
                found.extend(_find_out(plan, state, event.path))
            case _:
                pass
    return found


def _call(plan: Plan, state: RunState, event: e.Event, body: e.NodeStarted) -> Effect:
    found = node_at(plan, state, event.path)
    assert found is not None, f"{event.path} was started and is not open"
    scope, node = found
    if isinstance(node.work, EmitWork):
        return SendOut(event.path, body.effect)
    live = scope.live[node.index]
    assert isinstance(live, Calling)
    due = None if body.timeout is None else event.at + body.timeout
    attempt = live.attempt
    what = (event.path, body.tool, body.effect, body.attempt, body.input, due, attempt.first)
    is_tainted = body.is_agent and state.is_tainted
    return CallTool(*what, has_steps=bool(attempt.steps), is_agent=body.is_agent, is_tainted=is_tainted)


def _undo(plan: Plan, state: RunState, event: e.Event, body: e.UndoStarted) -> Effect:
    attempt = attempt_at(plan, state, event.path)
    assert attempt is not None, f"{event.path} was started and is not under way"
    due = None if body.timeout is None else event.at + body.timeout
    what = (event.path, body.tool, body.effect, body.attempt, body.input, due, attempt.first)
    return CallTool(*what, is_undo=True, has_steps=bool(attempt.steps))


def _find_out(plan: Plan, state: RunState, path: str) -> list[FindOut]:
    if path in state.undoing:
        undoing = state.scopes[state.undoing[path]].undoing
        assert undoing is not None
        return _reconcilable(path, undoing.entry.tool, undoing.attempt)
    found = node_at(plan, state, path)
    live = found[0].live.get(found[1].index) if found else None
    if found is None or not isinstance(live, Waiting) or live.attempt is None:
        return []
    match found[1].work:
        case ToolWork(tool=tool):
            return _reconcilable(path, tool, live.attempt)
        case AgentWork():
            doubts = open_steps(live.attempt).items()
            return [
                FindOut(path + at, step.name, step.effect, step.input) for at, step in doubts if step.kind == "tool"
            ]
        case _:
            return []


def _reconcilable(path: str, tool: str, attempt: Attempt | None) -> list[FindOut]:
    """A step inside a tool has no hook of its own: only a person can say what became of it. An agent's call has."""
    if attempt is None or open_steps(attempt):
        return []
    return [FindOut(path, tool, attempt.effect, attempt.input)]


class Interrupted(Struct, frozen=True):
    """An attempt that was in flight when its worker went: nobody knows what became of it."""

    path: str
    effect: str
    tool: str
    is_undo: bool = False
    only_waits: bool = False
    """It is an agent's, and did nothing but wait: nothing of it was broken off."""


def interrupted(plan: Plan, state: RunState) -> list[Interrupted]:
    """What was in flight, by a state that has just been folded from the log."""
    found: list[Interrupted] = []
    for scope in state.scopes.values():
        for index, live in scope.live.items():
            if isinstance(live, Calling) and live.attempt.status == "":
                work = plan.scopes[scope.body].nodes[index].work
                tool = work.tool if isinstance(work, ToolWork) else ""
                only_waits = isinstance(work, AgentWork) and live.attempt.waits
                path = path_of(plan, scope, index)
                found.append(Interrupted(path, live.attempt.effect, tool, only_waits=only_waits))
        if scope.undoing is not None and not scope.undoing.waiting and scope.undoing.attempt.status == "":
            entry = scope.undoing.entry
            undone = scope.undoing.attempt.effect
            found.append(Interrupted(undo_path(entry.path), undone, entry.tool, is_undo=True))
    return found


def still_unknown(plan: Plan, state: RunState) -> list[FindOut]:
    """What a `reconcile` hook can be asked again, after a restart."""
    paths = [path for path, key in state.undoing.items() if _is_asked(state, key)]
    for scope in state.scopes.values():
        paths += [
            path_of(plan, scope, index)
            for index, live in scope.live.items()
            if isinstance(live, Waiting) and live.reason == "reconcile"
        ]
    return [effect for path in paths for effect in _find_out(plan, state, path)]


def is_asked(plan: Plan, state: RunState, question: FindOut) -> bool:
    """Whether it is still to be found out what became of an effect."""
    path = node_of_step(question.path)
    attempt = attempt_at(plan, state, path)
    asked = attempt if path == question.path else step_at(plan, state, question.path)
    if asked is None or asked.effect != question.effect or (isinstance(asked, Step) and asked.status != "unknown"):
        return False
    if path in state.undoing:
        return _is_asked(state, state.undoing[path])
    found = node_at(plan, state, path)
    live = found[0].live.get(found[1].index) if found else None
    return isinstance(live, Waiting) and live.reason == "reconcile"


def _is_asked(state: RunState, key: str) -> bool:
    undoing = state.scopes[key].undoing
    return undoing is not None and undoing.waiting == "reconcile"
