"""The steps that a node's own code journals: calls and questions inside one attempt, addressed as `path.k`.

Part of `evolve`. A recorded step is answered from here when the attempt is repeated, so no step is made twice.
"""

from __future__ import annotations

from typing import Final, TypeAlias

from interlock.core import events as e
from interlock.core.evolving.accounts import Charge, accounts_at, book, charge, raise_limit, wake_for_budget
from interlock.core.evolving.attempts import note_progress
from interlock.core.evolving.calls import call_moved
from interlock.core.evolving.scopes import open_called_graph
from interlock.core.evolving.under_way import attempt_at, attempt_in_flight, step_at, steps_at
from interlock.core.paths import node_at, node_of_step, split_step, step_path
from interlock.core.plan import Plan
from interlock.core.spending import NOTHING, Spending
from interlock.core.state import Account, Attempt, Matter, RunState, Step, all_steps

StepFact: TypeAlias = e.EffectIntended | e.EffectDone | e.EffectFailed | e.EffectUnknown | e.DecisionMade

RAISE: Final = "raise"
"""The answer that grants as much again of a spent limit."""
STOP: Final = "stop"
"""The answer that grants nothing."""
FREE: Final = frozenset({"agent", "graph", "memory", "limit"})
"""Steps that are no contact with the world themselves: what is inside them is charged."""


def note_step(plan: Plan, state: RunState, path: str, body: StepFact) -> None:
    """A step was intended, or has settled. An intended call of a node is charged at once; taking back is free."""
    steps = steps_at(plan, state, path)
    assert steps is not None
    match body:
        case e.EffectIntended():
            _intend(plan, state, path, steps, body)
        case e.EffectDone():
            step = steps[body.ordinal]
            step.status, step.out = "done", body.out
            state.is_tainted |= body.tainted or _is_foreign(plan, step)
            _remember_undo(plan, state, step_path(path, body.ordinal), step)
            step.input = None
            _book(plan, state, path, step, body.spent)
            note_progress(plan, state, step_path(path, body.ordinal))
        case e.EffectFailed():
            step = steps[body.ordinal]
            step.status, step.error, step.input = "failed", body.error, None
            state.is_tainted |= _is_foreign(plan, step)
            _book(plan, state, path, step, body.spent)
            if body.error.kind != "lost":
                note_progress(plan, state, step_path(path, body.ordinal))
        case e.EffectUnknown():
            step = steps[body.ordinal]
            # What an agent may repeat is no riddle for anybody: it is made once more, and the lost call is paid for.
            step.status = "unknown" if step.must_be_known else "not_done"
            step.error, step.holds = body.error, body.holds
            _book(plan, state, path, step, step.reserve)
        case e.DecisionMade(error=e.Error() as error):
            refused = Step(body.effect, body.name, body.key, "once", "failed", error=error)
            refused.kind = "refusal"
            steps[body.ordinal] = refused
        case e.DecisionMade():
            pass
    _note_moved(plan, state, path)


def _note_moved(plan: Plan, state: RunState, path: str) -> None:
    attempt = attempt_in_flight(plan, state, path)
    if attempt is not None:
        call_moved(state, attempt)


def _intend(plan: Plan, state: RunState, path: str, steps: dict[int, Step], body: e.EffectIntended) -> None:
    """What is made again was charged before, unless it costs again."""
    if charged := charge_of(steps.get(body.ordinal), body):
        charge(accounts_at(plan, state, path), charged)
    known = steps.get(body.ordinal)
    step = Step(body.effect, body.name, body.key, body.effect_class, question=body.question)
    step.kind, step.digest, step.tries, step.raises = body.kind, body.digest, body.tries, body.raises
    step.reserve = body.reserve
    if body.effect_class == "once" or _undo_of(plan, step):
        step.input = body.input
    if known is not None:
        step.account, step.steps = known.account, known.steps
    elif body.limits is not None:
        step.account = Account(body.limits)
    steps[body.ordinal] = step
    if body.kind == "graph" and known is None:
        open_called_graph(plan, state, step_path(path, body.ordinal), body.name, body.input)


def _is_foreign(plan: Plan, step: Step) -> bool:
    """Whether what came of a step may hold what somebody outside has written, what went wrong with it as well."""
    return step.kind == "tool" and step.name in plan.tools and plan.tools[step.name].is_foreign


def _undo_of(plan: Plan, step: Step) -> str:
    """The tool that takes back what a step did, if its own tool names one."""
    terms = plan.tools[step.name].terms if step.kind == "tool" and step.name in plan.tools else None
    return "" if terms is None else terms.undo


def _remember_undo(plan: Plan, state: RunState, path: str, step: Step) -> None:
    """An agent has done something: how to take it back is to be fixed, or it is named as standing."""
    place = node_at(plan, state, node_of_step(path))
    if step.kind != "tool" or step.effect_class == "read" or place is None:
        return
    scope, node = place
    undo = _undo_of(plan, step)
    if not undo:
        scope.standing.append(path)
        return
    detail = {"step": path, "of": state.seq, "tool": undo, "input": step.input, "out": step.out}
    state.matters.add(Matter("undo", scope.key, node.index, detail, state.seq))


def charge_of(known: Step | None, body: e.EffectIntended) -> Charge | None:
    """What the intent of a step is charged with; None if it is free, or was charged when it was begun before."""
    if body.question is not None or (known is not None and known.tries >= body.tries):
        return None
    return Charge(calls=body.kind not in FREE, steps=body.kind == "model", held=body.reserve or NOTHING)


def _book(plan: Plan, state: RunState, path: str, step: Step, spent: Spending | None) -> None:
    if step.reserve is not None:
        book(accounts_at(plan, state, path), step.reserve, NOTHING if spent is None else spent)
        step.reserve = None
        wake_for_budget(plan, state)


def settle_step(plan: Plan, state: RunState, path: str, body: e.EffectSettled | e.AnswerGiven) -> bool:
    """What became of a step is said from outside: by its answer, or by who knows. False if the path names no step."""
    address = split_step(path)
    if address is None:
        return False
    step = step_at(plan, state, path)
    assert step is not None
    match body:
        case e.AnswerGiven():
            step.status, step.out = "done", {"choice": body.choice, "form": body.form, "why": body.why}
            if step.kind == "limit" and body.choice == RAISE and not body.of:
                raise_limit(plan, state, step.raises)
        case e.EffectSettled(status="done"):
            step.status, step.out = "done", body.out
            state.is_tainted |= _is_foreign(plan, step)
            _remember_undo(plan, state, path, step)
            step.input = None
        case e.EffectSettled():
            step.status = "not_done"
    _note_moved(plan, state, path)
    node = node_of_step(path)
    attempt = attempt_at(plan, state, node)
    assert attempt is not None
    if isinstance(body, e.EffectSettled) and not open_steps(attempt):
        _repeat(plan, state, node, attempt)
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


def open_steps(attempt: Attempt) -> dict[str, Step]:
    """The steps whose outcome nobody knows, by what is appended to the path of their node."""
    return {f".{address}": step for address, step in all_steps(attempt.steps) if step.status == "unknown"}


def step_in_question(attempt: Attempt, *, is_cancelled: bool) -> Step | None:
    """The first step that has to be known before its node goes on, if one is in doubt.

    What a log says that was written before doubts were recorded as holding their node, held only one that was to be
    tried again.
    """
    holds_all = attempt.status == "unknown" and not is_cancelled
    found = (step for _, step in all_steps(attempt.steps) if step.status == "unknown" and (step.holds or holds_all))
    return next(found, None)
