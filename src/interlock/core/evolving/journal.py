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
    """A step was intended, or has settled. An intended call is charged at once."""
    found = node_at(plan, state, path)
    assert found is not None
    scope, node = found
    live = scope.live[node.index]
    assert isinstance(live, Calling)
    steps = live.attempt.steps
    match body:
        case e.EffectIntended():
            if body.ordinal not in steps and body.question is None:
                charge_call(state, scope, node.index)
            steps[body.ordinal] = Step(body.effect, body.name, body.key, body.effect_class, question=body.question)
        case e.EffectDone():
            steps[body.ordinal].status, steps[body.ordinal].out = "done", body.out
        case e.EffectFailed():
            steps[body.ordinal].status, steps[body.ordinal].error = "failed", body.error
        case e.EffectUnknown():
            steps[body.ordinal].status, steps[body.ordinal].error = "unknown", body.error


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
        _repeat_node(plan, state, address[0])
    return True


def _repeat_node(plan: Plan, state: RunState, path: str) -> None:
    """Every step of the node is known now: it is tried again under its id, and recorded steps are answered."""
    found = node_at(plan, state, path)
    assert found is not None
    scope, node = found
    live = scope.live[node.index]
    assert isinstance(live, Waiting)
    assert live.attempt is not None
    live.attempt.status = "not_done"
    state.matters.add(Matter("tried", scope.key, node.index, cause=state.seq))


def attempt_at(plan: Plan, state: RunState, path: str) -> Attempt | None:
    """The attempt that a live node is in, or will repeat."""
    found = node_at(plan, state, path)
    if found is None:
        return None
    live = found[0].live.get(found[1].index)
    return live.attempt if isinstance(live, Calling | BackingOff | Waiting) else None


def open_steps(attempt: Attempt) -> list[int]:
    """The steps whose outcome nobody knows."""
    return [ordinal for ordinal, step in attempt.steps.items() if step.status == "unknown"]
