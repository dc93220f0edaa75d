"""`admit`: what becomes of a request or arrival: the bodies of the events that record it, or why it is refused.

Pure, and the only door into a run. A refusal is an answer, not an error; it changes nothing and is not recorded.
"""

from __future__ import annotations

from typing import Any, Final, TypeAlias, assert_never

from msgspec.structs import replace

from interlock.core import events as e
from interlock.core import requests as r
from interlock.core.compiling.names import wrong_event_name
from interlock.core.deciding.giving import given, names_meant
from interlock.core.evolving.accounts import Shortage, accounts_at, shortage
from interlock.core.evolving.journal import RAISE, charge_of, open_steps
from interlock.core.evolving.limit_questions import limit_in_question, paths_asking_about
from interlock.core.evolving.run_time import asks_about_time, time_is_spent
from interlock.core.evolving.settling import is_ready
from interlock.core.evolving.under_way import asking_steps, attempt_at, attempt_in_flight, step_at, steps_at
from interlock.core.in_doubt import left_in_doubt, must_be_known, withdrawn_questions
from interlock.core.lifecycle import is_settled
from interlock.core.paths import item_at, node_at, node_of_step, path_of, split_step, step_path
from interlock.core.plan import EachWork, Node, Plan, ToolWork
from interlock.core.problems import nearest
from interlock.core.schemas import compile_schema
from interlock.core.state import MAILBOX_MAX, Attempt, Calling, Live, Opened, RunState, Step, Waiting, status_of
from interlock.core.values import Value
from interlock.core.verdicts import Verdict

Admitted: TypeAlias = list[tuple[str, e.Outside]]
"""Paths and bodies of the events to record, in order."""


def admit(plan: Plan, state: RunState, request: r.Request, *, at: int) -> Admitted | r.Refused:
    """What is to be recorded for a request at this instant."""
    if isinstance(request, r.StartRun):
        return _start(plan, state, request)
    if state.seq == 0:
        return r.Refused(f"run {state.run} has not started")
    match request:
        case r.Result():
            return _result(plan, state, request)
        case r.UndoneResult():
            return _undo_result(plan, state, request)
        case _ if state.has_ended:
            return r.Refused(f"run {state.run} has ended ({status_of(state)}): retry or rollback makes a new one")
        case r.StepNoted():
            return _step(plan, state, request)
        case r.TimePassed():
            return _due(plan, state, at)
        case r.Answer():
            return _answer(plan, state, request)
        case r.GiveVerdict():
            return _verdict(plan, state, request)
        case r.GiveRemedy():
            return _remedy(plan, state, request)
        case r.SendEvent():
            return _send(state, request)
        case r.PauseRun():
            if state.is_paused:
                return r.Refused(f"run {state.run} is paused already")
            return [("", e.RunPaused(request.why))]
        case r.ResumeRun():
            return [("", e.RunResumed(request.why))] if state.is_paused else r.Refused(f"run {state.run} is not paused")
        case r.CancelRun():
            return _cancel(state, request)
        case r.CancelNode():
            return _cancel_node(plan, state, request)
        case r.CompleteNode():
            return _complete(plan, state, request)
        case r.SettleEffect():
            return _settle(plan, state, request)
        case r.SetMode():
            return [("", e.RunMode(request.mode, request.why))]
        case r.MigrateRun():
            return _migrate(plan, state, request)
        case _ as never:
            assert_never(never)


def _start(plan: Plan, state: RunState, request: r.StartRun) -> Admitted | r.Refused:
    """A run starts once, with inputs that its graph takes."""
    if state.seq:
        return r.Refused(f"run {state.run} has started already")
    inputs, problems = given(plan.root, request.inputs)
    if problems:
        told = [*problems, *names_meant(plan.root, request.inputs)]
        return r.Refused(f"the inputs are not what graph {plan.name} takes: {'; '.join(told)}", field="inputs")
    started = e.RunStarted(
        bundle=plan.bundle_hash,
        graph=plan.name,
        graph_hash=plan.graph_hash,
        language=plan.language,
        inputs=inputs,
        tenant=request.tenant,
        kind=request.kind,
        parent=request.parent,
        key=request.key,
        labels=request.labels,
        priority=request.priority,
        why=request.why,
        tainted=request.tainted,
        **_judged(plan, request.verdict),
    )
    asks = request.verdict is not None and request.verdict.verdict == "ask"
    paused = [("", e.RunPaused(f"the policy wants a person to let it run (rule {started.rule})"))] if asks else []
    return [("", started), *request.adopted, *paused]


def _judged(plan: Plan, verdict: Verdict | None) -> dict[str, Any]:
    """What the policy said of the run, as it is recorded."""
    if verdict is None:
        return {}
    said: dict[str, Any] = {"rule": verdict.rule, "policy": verdict.policy}
    if verdict.verdict == "deny":
        why = f": {verdict.why}" if verdict.why else ""
        message = f"the policy does not allow a run of {plan.name} (rule {verdict.rule}){why}"
        said["refused"] = e.Error("refused", message)
    return said


def _migrate(plan: Plan, state: RunState, request: r.MigrateRun) -> Admitted | r.Refused:
    if request.bundle == plan.bundle_hash:
        return r.Refused(f"run {state.run} is on that bundle already")
    if request.obstacle:
        return r.Refused(f"run {state.run} stays on its bundle: {request.obstacle}")
    if request.checked != state.seq:
        return r.Refused(f"run {state.run} has gone on since it was looked at: ask again")
    return [("", e.RunMigrated(request.bundle, request.graph_hash, plan.bundle_hash, request.why))]


# --- people ----------------------------------------------------------------------------------------------------------


def _waiting(plan: Plan, state: RunState, path: str, reason: str, wanted: str) -> tuple[Node, Waiting] | r.Refused:
    found = node_at(plan, state, path)
    live = found[0].live.get(found[1].index) if found else None
    if found and isinstance(live, Waiting) and live.reason == reason:
        # The first word counts, also where it is acted on only when the run is resumed.
        is_said = live.given is not None
        return r.Refused(f"{path} is answered already: it goes on when the run does") if is_said else (found[1], live)
    open_paths = [each for each, waiting in waits(plan, state) if waiting.reason == reason]
    if reason == "person":
        open_paths += [each for each, _ in asking_steps(plan, state)]
    return r.Refused(_not_open(path, wanted, open_paths))


def _not_open(path: str, wanted: str, open_paths: list[str]) -> str:
    if not open_paths:
        return f"{path} is not {wanted}, and nothing in this run is"
    meant = nearest(path, open_paths)
    return f"{path} is not {wanted}; " + (f"did you mean {meant}?" if meant else f"these are: {', '.join(open_paths)}")


def waits(plan: Plan, state: RunState) -> list[tuple[str, Waiting]]:
    """Every node that waits, by path."""
    found: list[tuple[str, Waiting]] = []
    for scope in state.scopes.values():
        for index, live in scope.live.items():
            if isinstance(live, Waiting):
                found.append((path_of(plan, scope, index), live))
    return found


def _answer(plan: Plan, state: RunState, request: r.Answer) -> Admitted | r.Refused:
    question = question_at(plan, state, request.path)
    if isinstance(question, r.Refused):
        return question
    found = node_at(plan, state, request.path)
    live = found[0].live.get(found[1].index) if found else None
    if isinstance(live, Waiting) and request.by in live.answers:
        return r.Refused(f"{request.by} has answered {request.path} already")
    if question.form is not None:
        if request.choice:
            return r.Refused(f"{request.path} asks for a form, and was answered with {request.choice!r}")
        problems = compile_schema(question.form).problems(request.form, "form")
        if problems:
            return r.Refused(f"the form is not what {request.path} asks for: {'; '.join(problems)}")
    elif request.form is not None:
        return r.Refused(f"{request.path} asks for one of {', '.join(question.choices)}, not for a form")
    elif request.choice not in question.choices:
        return r.Refused(f"{request.choice!r} is not one of {', '.join(question.choices)}")
    given = e.AnswerGiven(request.choice, request.form, request.why, effect=_asked_as(plan, state, request.path))
    return [(request.path, given), *_given_as_well(plan, state, request.path, given)]


def _asked_as(plan: Plan, state: RunState, path: str) -> str:
    """The effect with which a step asks; nothing where a node does."""
    asked = step_at(plan, state, path)
    return "" if asked is None else asked.effect


def _given_as_well(plan: Plan, state: RunState, path: str, given: e.AnswerGiven) -> Admitted:
    """Who raises a limit has answered all who ask about it: asked again, they would grant more than they mean to."""
    limit = limit_in_question(plan, state, path) if given.choice == RAISE else None
    if limit is None:
        return []
    others = [each for each in paths_asking_about(plan, state, limit) if each != path]
    return [(each, replace(given, of=path, effect=_asked_as(plan, state, each))) for each in others]


def question_at(plan: Plan, state: RunState, path: str) -> e.Question | r.Refused:
    """The open question of a node, or of a step inside one (`fix.3`)."""
    asked = step_at(plan, state, path)
    if asked is not None and asked.question is not None and asked.status == "intended":
        return asked.question
    live = _live_at(plan, state, path)
    reason = live.reason if isinstance(live, Waiting) and live.reason in {"approval", "budget"} else "person"
    found = _waiting(plan, state, path, reason, "waiting for an answer")
    if isinstance(found, r.Refused):
        return found
    question = found[1].question
    return r.Refused(f"{path} waits for what others give back, and nobody is asked") if question is None else question


def _verdict(plan: Plan, state: RunState, request: r.GiveVerdict) -> Admitted | r.Refused:
    found = _waiting(plan, state, request.path, "hold", "a held gate")
    if isinstance(found, r.Refused):
        return found
    return [(request.path, e.VerdictGiven(request.verdict, request.why))]


def _remedy(plan: Plan, state: RunState, request: r.GiveRemedy) -> Admitted | r.Refused:
    found = _waiting(plan, state, request.path, "failure", "held after a failure")
    if isinstance(found, r.Refused):
        return found
    if request.act in {"retry", "edit"} and (why := _why_not_again(plan, state, request, found[1])):
        return r.Refused(f"{request.path} {why}")
    return [(request.path, e.RemedyGiven(request.act, request.input, request.why))]


def _why_not_again(plan: Plan, state: RunState, request: r.GiveRemedy, live: Waiting) -> str | None:
    """Why a held failure cannot be tried again, if it cannot."""
    place = node_at(plan, state, request.path)
    if request.act == "edit" and (live.attempt is None or not live.attempt.digest):
        return "has no input that could be edited: use retry, skip or fail"
    if live.has_held:
        return "has run what it holds, and no path runs twice: use skip or fail"
    if place is not None and not is_ready(*place):
        return "failed before it was ready to start: use skip or fail"
    return None


def _send(state: RunState, request: r.SendEvent) -> Admitted | r.Refused:
    if wrong_event_name(request.name) is not None:
        return r.Refused(f"{request.name!r} cannot be the name of an event, so no node could ever wait for it")
    if request.id in state.seen_events:
        return r.Refused(f"event {request.id} was received before")
    if len(state.mailbox.get(request.name, ())) >= MAILBOX_MAX:
        return r.Refused(f"{MAILBOX_MAX} events named {request.name} wait already and nobody takes them")
    return [("", e.EventReceived(request.id, request.name, request.data))]


def _cancel(state: RunState, request: r.CancelRun) -> Admitted | r.Refused:
    root = state.scopes[""]
    if root.is_taking_back:
        return r.Refused(f"run {state.run} is taking back what it did, and that is not cancelled")
    if state.is_cancel_asked and not any(scope.finishing for scope in state.scopes.values()):
        return r.Refused(f"run {state.run} is being cancelled already")
    return [("", e.RunCancelAsked(request.rollback, request.why))]


def _cancel_node(plan: Plan, state: RunState, request: r.CancelNode) -> Admitted | r.Refused:
    found = node_at(plan, state, request.path)
    item = item_at(plan, state, request.path)
    called = state.scopes.get(f"{request.path}/") if split_step(request.path) else None
    if item is not None or called is not None:
        scope = item or called
        assert scope is not None
        is_ending = scope.stopping != "" or scope.stop_queued
    elif found is not None:
        scope, node = found
        live = scope.live.get(node.index)
        is_ending = is_settled(scope.status[node.index]) or (live is not None and live.cancelling)
    else:
        return r.Refused(f"{request.path} is no node that is open in this run")
    if is_ending:
        return r.Refused(f"{request.path} has ended, or is being cancelled already")
    return [(request.path, e.NodeCancelAsked(request.why))]


def _complete(plan: Plan, state: RunState, request: r.CompleteNode) -> Admitted | r.Refused:
    found = node_at(plan, state, request.path)
    live: Live | None = found[0].live.get(found[1].index) if found else None
    if found is None or not isinstance(found[1].work, EachWork) or not isinstance(live, Opened):
        return r.Refused(f"{request.path} is no `each` that is open in this run")
    if live.closing or live.cancelling:
        return r.Refused(f"{request.path} is ending already")
    return [(request.path, e.NodeCompleteAsked(request.why))]


def _settle(plan: Plan, state: RunState, request: r.SettleEffect) -> Admitted | r.Refused:
    unknown = unknown_effects(plan, state)
    path = unknown.get(request.effect)
    if path is None:
        others = f"; these are: {', '.join(unknown)}" if unknown else ", and no effect of it is"
        return r.Refused(f"effect {request.effect} is not waiting to be settled in run {state.run}{others}")
    if request.asked_at and request.asked_at < _asked_last(plan, state, path):
        return r.Refused(f"effect {request.effect} was tried once more since that was asked")
    problems = _misfits(plan, state, path, request.out) if request.status == "done" else []
    if problems:
        return r.Refused(f"the result is not what {path} gives: {'; '.join(problems)}")
    step = step_at(plan, state, path)
    tries = 1 if step is None else step.tries
    settled = e.EffectSettled(request.effect, request.status, request.out, request.why, tries)
    return [*_in_doubt_after_all(plan, state, path, settled), (path, settled)]


def _in_doubt_after_all(plan: Plan, state: RunState, path: str, settled: e.EffectSettled) -> Admitted:
    """The `once` steps of a call of which it is known now that, as a whole, it was not done."""
    attempt = None if settled.status == "done" or split_step(path) else attempt_at(plan, state, path)
    if attempt is None:
        return []
    return [*left_in_doubt(path, attempt, attempt.error.kind if attempt.error else "lost")]


def _asked_last(plan: Plan, state: RunState, path: str) -> int:
    """The number of the event since which nobody knows what became of the effect at a path."""
    path = node_of_step(path)
    if path in state.undoing:
        undoing = state.scopes[state.undoing[path]].undoing
        return 0 if undoing is None else undoing.since
    live = _live_at(plan, state, path)
    return live.since if isinstance(live, Waiting) else 0


def _misfits(plan: Plan, state: RunState, path: str, out: Value) -> list[str]:
    """Why a node's tool would not have given this result. What a step gives is declared nowhere."""
    found = node_at(plan, state, path)
    if found is None or not isinstance(found[1].work, ToolWork):
        return []
    schema = plan.tools[found[1].work.tool].output
    return [] if schema is None else compile_schema(schema).problems(out, "result")


_UNSAID: Final = frozenset({"", "unknown"})
"""What an attempt is while nobody has said what became of it."""


def unknown_effects(plan: Plan, state: RunState) -> dict[str, str]:
    """Effects of which nobody knows what became, with the paths under which they are settled."""
    unknown: dict[str, str] = {}
    for path, live in waits(plan, state):
        if live.reason == "reconcile" and live.attempt is not None:
            unknown |= _unknown_of(path, live.attempt)
    for path, key in state.undoing.items():
        undoing = state.scopes[key].undoing
        if undoing is not None and undoing.waiting == "reconcile":
            unknown |= _unknown_of(path, undoing.attempt)
    return unknown


def _unknown_of(path: str, attempt: Attempt) -> dict[str, str]:
    """The steps in doubt, if there are any: with the last of them the whole is known. Else the effect itself."""
    if attempt.status not in _UNSAID:
        return {}
    steps = open_steps(attempt)
    return {step.effect: path + address for address, step in steps.items()} or {attempt.effect: path}


# --- the world -------------------------------------------------------------------------------------------------------


def _result(plan: Plan, state: RunState, request: r.Result) -> Admitted | r.Refused:
    """The result of the attempt in flight; one that comes after it was given up is recorded as late."""
    live = _live_at(plan, state, request.path)
    result = request.result
    if isinstance(live, Calling) and live.attempt.effect == result.effect and live.attempt.status == "":
        if _has_come_on(live.attempt, result):
            result = replace(result, moved=True)
        return [*_left_in_doubt(plan, state, request.path, live.attempt, result), (request.path, result)]
    if state.has_ended:
        return r.Refused(f"run {state.run} has ended")
    if result.status == "not_done":
        return r.Refused(f"the call of {request.path} was given up, and was never made")
    return [(request.path, e.ResultLate(result.effect, result.status, result.out, result.error, result.simulated))]


def _left_in_doubt(
    plan: Plan, state: RunState, path: str, attempt: Attempt, result: e.NodeResult | e.UndoResult
) -> Admitted:
    """The `once` steps that a call leaves under way. One that must be known as a whole is asked about first."""
    if result.status == "done" or (result.status == "unknown" and _must_be_known(plan, state, path)):
        return []
    return [*left_in_doubt(path, attempt, result.error.kind if result.error else "lost")]


def _must_be_known(plan: Plan, state: RunState, path: str) -> bool:
    """Whether it has to be known of the call at a path, as a whole, what became of it."""
    if path in state.undoing:
        undoing = state.scopes[state.undoing[path]].undoing
        return undoing is not None and plan.tools[undoing.entry.tool].effect == "once"
    found = node_at(plan, state, path)
    if found is None:
        return False
    scope, node = found
    return must_be_known(plan.effect_of(node.work), node.undo, is_cancelled=scope.live[node.index].cancelling)


def _live_at(plan: Plan, state: RunState, path: str) -> Live | None:
    found = node_at(plan, state, path)
    return found[0].live.get(found[1].index) if found else None


def _undo_result(plan: Plan, state: RunState, request: r.UndoneResult) -> Admitted | r.Refused:
    key = state.undoing.get(request.path)
    undoing = state.scopes[key].undoing if key is not None else None
    attempt = undoing.attempt if undoing is not None and not undoing.waiting else None
    if attempt is None or attempt.effect != request.result.effect or attempt.status != "":
        return r.Refused(f"{request.path} is not being taken back")
    result = request.result
    if _has_come_on(attempt, result):
        result = replace(result, moved=True)
    return [*_left_in_doubt(plan, state, request.path, attempt, result), (request.path, result)]


def _has_come_on(attempt: Attempt, result: e.NodeResult | e.UndoResult) -> bool:
    """Of a call whose worker died: whether something in it has settled since one last did. Its deaths count anew."""
    return attempt.moved and result.error is not None and result.error.kind == "lost"


def _step(plan: Plan, state: RunState, request: r.StepNoted) -> Admitted | r.Refused:
    """A step of the attempt in flight. An intended call is refused where no budget is left for it."""
    attempt = attempt_in_flight(plan, state, request.path)
    if attempt is None:
        return r.Refused(f"{request.path} is not in flight: its steps are recorded no more")
    if request.deaths is not None and request.deaths != attempt.deaths:
        return r.Refused(f"{request.path} was given up for lost where this step is made: its steps count no more")
    steps = steps_at(plan, state, request.path)
    if steps is None:
        return r.Refused(f"{request.path} was never intended: its steps are not recorded")
    known = steps.get(request.step.ordinal)
    if known is not None and known.status in {"done", "failed"}:
        return r.Refused(f"step {request.step.ordinal} of {request.path} is settled already")
    if isinstance(request.step, e.DecisionMade):
        return [(request.path, request.step)]
    if isinstance(request.step, e.EffectIntended):
        return _refused_intent(plan, state, request.path, known, request.step) or [(request.path, request.step)]
    if known is None:
        return r.Refused(f"step {request.step.ordinal} of {request.path} was never intended")
    if isinstance(request.step, e.EffectUnknown):
        return [(request.path, replace(request.step, holds=known.must_be_known))]
    inside = step_path(request.path, request.step.ordinal)
    return [*withdrawn_questions(inside, known.steps), (request.path, request.step)]


def _refused_intent(
    plan: Plan, state: RunState, path: str, known: Step | None, step: e.EffectIntended
) -> r.Refused | None:
    """Whether a step may not be begun, or not now: an agent stops between its calls, and a limit holds."""
    if state.is_paused and step.kind:
        return r.Refused("the run is paused", later=True)
    if step.kind == "graph" and known is None:
        _, problems = given(plan.scopes[plan.called_graphs[step.name]], step.input)
        if problems:
            return r.Refused(f"graph {step.name} was not given what it takes: {'; '.join(problems)}")
    charged = charge_of(known, step)
    short = shortage(accounts_at(plan, state, path), charged) if charged else None
    if short is None:
        return None
    return r.Refused(_why_short(short, step), later=short.may_come, limit=short.address, asks=short.asks)


def _why_short(short: Shortage, step: e.EffectIntended) -> str:
    """Why a limit lets a step not begin. A question about it is the same whenever it is asked, so it has no sums."""
    if short.asks or not short.left:
        return f"the budget of {short.limit} is spent"
    return f"the budget of {short.limit} has {short.left} left, and `{step.name}` may need {short.needed}"


def _due(plan: Plan, state: RunState, at: int) -> Admitted:
    """Everything that is due by now, the earliest first. Where its author says so, a run whose time is spent pauses."""
    fired: Admitted = [(path, e.TimerFired(kind)) for path, kind in state.timers.due_by(at)]
    if state.wall_limit and state.wall_since and at - state.wall_since + state.wall_used >= state.wall_limit:
        fired.append(("", e.TimerFired("wall")))
        if asks_about_time(plan):
            fired.append(("", e.RunPaused(f"{time_is_spent(plan)}: who resumes it grants as much again")))
    return fired
