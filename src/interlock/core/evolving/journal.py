"""The steps that a node's own code journals: calls and questions inside one attempt, addressed as `path.k`.

Part of `evolve`. A recorded step is answered from here when the attempt is repeated, so no step is made twice.
"""

from __future__ import annotations

from typing import TypeAlias

from interlock.core import events as e
from interlock.core.evolving.accounts import charge_call
from interlock.core.paths import node_at, split_step
from interlock.core.plan import Plan
from interlock.core.state import Attempt, BackingOff, Calling, Matter, RunState, Step, Waiting

StepFact: TypeAlias = e.EffectIntended | e.EffectDone | e.EffectFailed | e.EffectUnknown


def note_step(plan: Plan, state: RunState, path: str, body: StepFact) -> None:
    """A step was intended, or has settled. An intended call of a node is charged at once; taking back is free."""
    attempt = attempt_at(plan, state, path)
    assert attempt is not None
    steps = attempt.steps
    match body:
        case e.EffectIntended():
            found = node_at(plan, state, path)
            if body.ordinal not in steps and body.question is None and found is not None:
                charge_call(state, found[0], found[1].index)
            steps[body.ordinal] = Step(body.effect, body.name, body.key, body.effect_class, question=body.question)
        case e.EffectDone():
            steps[body.ordinal].status, steps[body.ordinal].out = "done", body.out
        case e.EffectFailed():
            steps[body.ordinal].status, steps[body.ordinal].error = "failed", body.error
        case e.EffectUnknown():
            steps[body.ordinal].status, steps[body.ordinal].error = "unknown", body.error
            steps[body.ordinal].holds = body.holds


def settle_step(plan: Plan, state: RunState, path: str, body: e.EffectSettled | e.AnswerGiven) -> bool:
    """What became of a step is said from outside: by its answer, or by who knows. False if the path names no step."""
    address = split_step(path)
    if address is None:
        return False
    attempt = attempt_at(plan, state, address[0])
    assert attempt is not None
    step = attempt.steps[address[1]]
    match body:
        case e.AnswerGiven():
            step.status, step.out = "done", {"choice": body.choice, "form": body.form, "why": body.why}
        case e.EffectSettled(status="done"):
            step.status, step.out = "done", body.out
        case e.EffectSettled():
            step.status = "not_done"
    if isinstance(body, e.EffectSettled) and not open_steps(attempt):
        _repeat(plan, state, address[0], attempt)
    return True


def _repeat(plan: Plan, state: RunState, path: str, attempt: Attempt) -> None:
    """Every step of it is known now: it is tried again under its id, and recorded steps are answered.

    One that is known to have failed has failed; what follows from that waited only for its steps.
    """
    attempt.status = "failed" if attempt.has_failed else "not_done"
    if path in state.undoing:
        state.matters.add(Matter("compensate", state.undoing[path], cause=state.seq))
        return
    found = node_at(plan, state, path)
    assert found is not None
    state.matters.add(Matter("tried", found[0].key, found[1].index, cause=state.seq))


def attempt_at(plan: Plan, state: RunState, path: str) -> Attempt | None:
    """The attempt that a live node or an undo is in, or will repeat."""
    if path in state.undoing:
        undoing = state.scopes[state.undoing[path]].undoing
        return undoing.attempt if undoing is not None else None
    found = node_at(plan, state, path)
    if found is None:
        return None
    live = found[0].live.get(found[1].index)
    return live.attempt if isinstance(live, Calling | BackingOff | Waiting) else None


def attempt_in_flight(plan: Plan, state: RunState, path: str) -> Attempt | None:
    """The attempt of a node or an undo whose call is out, and may journal steps."""
    if path in state.undoing:
        undoing = state.scopes[state.undoing[path]].undoing
        return undoing.attempt if undoing is not None and not undoing.waiting else None
    found = node_at(plan, state, path)
    live = found[0].live.get(found[1].index) if found else None
    return live.attempt if isinstance(live, Calling) else None


def open_steps(attempt: Attempt) -> list[int]:
    """The steps whose outcome nobody knows."""
    return [ordinal for ordinal, step in attempt.steps.items() if step.status == "unknown"]


def step_in_question(attempt: Attempt, *, is_cancelled: bool) -> Step | None:
    """The first step that has to be known before its node goes on, if one is in doubt.

    What a log says that was written before doubts were recorded as holding their node, held only one that was to be
    tried again.
    """
    holds_all = attempt.status == "unknown" and not is_cancelled
    found = (step for step in attempt.steps.values() if step.status == "unknown" and (step.holds or holds_all))
    return next(found, None)
