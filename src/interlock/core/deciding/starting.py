"""A node's fate before it lives: it starts, succeeds at once, is skipped, or fails for what cannot be evaluated."""

from __future__ import annotations

from typing import assert_never

from msgspec import structs

from interlock.core import events as e
from interlock.core import plan as p
from interlock.core.deciding.fusion import fuse
from interlock.core.deciding.holding import open_node
from interlock.core.deciding.in_hand import Deciding
from interlock.core.deciding.permitting import (
    APPROVE,
    UNASKED,
    Passing,
    judge_gate,
    pass_call,
    pass_edges,
    policy_told,
    with_rules,
)
from interlock.core.deciding.waiting import ask_person, begin_wait
from interlock.core.evolving.accounts import Shortage, accounts_of_call, call_of, shortage
from interlock.core.evolving.journal import RAISE, STOP
from interlock.core.expressions import EvaluationError
from interlock.core.identity import effect_id
from interlock.core.state import BackingOff, Waiting
from interlock.core.values import Value, digest_of


def start_node(on: Deciding) -> e.Command:
    """Every edge it needs has fired: its condition, its input, and then what its kind does first."""
    node, scope = on.node, on.scope
    because = tuple(scope.fired_by.get(node.index, ()))
    try:
        if node.when is not None and not on.holds(node.when):
            return on.command(e.NodeSkipped(("when",)))
        adopted = on.state.adopted.get(on.path)
        if adopted is not None:
            return on.command(e.NodeSucceeded(adopted.out, adopted.labels, adopted=adopted.seq, because=because))
        passing = pass_edges(on, because)
        if isinstance(passing, e.Command):
            return passing
        return with_rules(on, _begin(on, because, passing), passing)
    except EvaluationError as problem:
        return on.invalid(problem)


def _begin(on: Deciding, because: tuple[str, ...], passing: Passing) -> e.Command:
    match on.node.work:
        case p.ToolWork() | p.AgentWork() | p.EmitWork():
            return start_attempt(on, _input(on), 1, "", because, passing=passing)
        case p.ValueWork() as work:
            return on.command(e.NodeSucceeded(on.template(work.template), because=because))
        case p.ChooseWork() as work:
            return _choose(on, work)
        case p.GateWork() as work:
            return _pass_gate(on, work)
        case p.FuseWork() as work:
            return fuse(on, work)
        case p.EachWork() | p.LoopWork() | p.GraphWork():
            return open_node(on, because)
        case p.HumanWork() as work:
            return ask_person(on, work, because)
        case p.WaitWork() as work:
            return begin_wait(on, work, because)
        case _ as never:
            assert_never(never)


def _input(on: Deciding) -> Value:
    return {} if on.node.input is None else on.template(on.node.input)


def start_attempt(
    on: Deciding,
    input: Value,
    number: int,
    effect: str,
    because: tuple[str, ...] = (),
    *,
    passing: Passing = UNASKED,
) -> e.Command:
    """An attempt at an effect: the intent is recorded before anything touches the world."""
    work = on.node.work
    allowed = passing if isinstance(work, p.EmitWork) else pass_call(on, input, passing)
    if isinstance(allowed, e.Command):
        return allowed
    called = _called(work)
    accounts = accounts_of_call(on.plan, on.state, on.scope, on.node)
    short = shortage(accounts, call_of(on.plan, on.scope, on.node.index)) if accounts else None
    if short is not None:
        return _without_budget(on, short, input, digest_of([called, input]), because)
    return on.command(
        e.NodeStarted(
            attempt=number,
            effect=effect or effect_id(on.state.run, on.path, number, 0),
            digest=digest_of([called, input]),
            input=input,
            timeout=on.node.timeout,
            because=because,
            tool=called,
            emits=isinstance(work, p.EmitWork),
            is_agent=isinstance(work, p.AgentWork),
            rules=allowed.rules,
            policy=policy_told(on, allowed),
            approved=allowed.approved,
        )
    )


def _without_budget(on: Deciding, short: Shortage, input: Value, digest: str, because: tuple[str, ...]) -> e.Command:
    """Too little is left: what is held for others may come back, a person may grant more, or that is that."""
    if short.may_come:
        waiting = e.NodeWaiting("budget", because=because, input=input, digest=digest, limit=short.address)
        return on.command(waiting)
    spent = f"the budget of {short.limit} is spent"
    if short.asks:
        question = e.Question(f"{spent}: grant as much again?", (RAISE, STOP))
        return on.command(
            e.NodeWaiting("budget", question=question, because=because, input=input, digest=digest, limit=short.address)
        )
    return on.failed(e.Error("exhausted", spent, on.path))


def waits_for_leave(on: Deciding) -> bool:
    """Whether its call waits for a person's leave to be made."""
    return isinstance(on.live, Waiting) and on.live.reason in {"approval", "budget"}


def start_granted(on: Deciding) -> e.Command:
    """A person has said whether a call may be made, or whether more may be spent for it."""
    live = on.live
    assert isinstance(live, Waiting)
    if live.given in {APPROVE, RAISE}:
        return start_again(on)
    (by, answer), *_ = live.answers.items()
    why = f": {answer['why']}" if answer["why"] else ""
    decision = e.Decision(live.reason, live.given, (e.Option(by, live.given, answer["why"]),), answer["why"])
    if live.reason == "approval":
        return on.failed(e.Error("refused", f"{by} does not allow it{why}", on.path), decision)
    return on.failed(e.Error("exhausted", f"the budget is spent, and {by} granted no more{why}", on.path), decision)


def _called(work: p.Work) -> str:
    """The tool or agent that a node calls; of an `emit`, the name of the event."""
    match work:
        case p.ToolWork(tool=name) | p.AgentWork(agent=name) | p.EmitWork(event=name):
            return name
        case _:
            raise AssertionError("only calls are attempted")


def start_again(on: Deciding) -> e.Command:
    """Another attempt at what failed, was held, or has an unknown outcome and keeps its id."""
    live = on.live
    assert isinstance(live, BackingOff | Waiting)
    attempt = live.attempt
    if attempt is None or not isinstance(on.node.work, p.CallWork) or not attempt.digest:
        return start_node(on)
    return start_attempt(on, attempt.input, attempt.number, attempt.effect)


def never_start(on: Deciding) -> e.Command:
    """No edge can make it ready any more. A fuse that lost its candidates fails; anything else is skipped."""
    if isinstance(on.node.work, p.FuseWork) and on.matter.detail == "join":
        message = "too few of its sources succeeded with a value"
        return on.failed(e.Error("failed", message, on.path))
    return on.command(e.NodeSkipped((str(on.matter.detail) or "join",)))


def fail_by_edge(on: Deciding) -> e.Command:
    """The condition of an edge that leads here could not be answered."""
    return on.failed(on.scope.broken[on.node.index])


def decide_edge(on: Deciding) -> e.Command:
    """Whether a conditional edge is taken."""
    ordinal: int = on.matter.detail
    edge = on.node.edges[ordinal]
    assert edge.when is not None
    target = on.body.nodes[edge.target].name
    try:
        taken = on.holds(edge.when)
    except EvaluationError as problem:
        error = e.Error("invalid", str(problem), on.scope.key + target)
        return on.command(e.EdgeDecided(target, ordinal, taken=False, why=edge.when.source, error=error))
    return on.command(e.EdgeDecided(target, ordinal, taken=taken, why=edge.when.source))


def _choose(on: Deciding, work: p.ChooseWork) -> e.Command:
    """The first case that holds is the label; the cases tried are on record."""
    options: list[e.Option] = []
    for case in work.cases:
        holds = case.when is None or on.holds(case.when)
        condition = "otherwise" if case.when is None else case.when.source
        options.append(e.Option(case.label, holds, condition))
        if holds:
            decision = e.Decision("choice", case.label, tuple(options), condition)
            return on.command(e.NodeSucceeded({"choice": case.label}, (case.label,), decision))
    return on.invalid("no choice: none of the cases holds", e.Decision("choice", "", tuple(options), "none holds"))


def _pass_gate(on: Deciding, work: p.GateWork) -> e.Command:
    """Every check is evaluated and recorded; an error counts as not passed (rule 21)."""
    options = tuple(_checked(on, check) for check in work.checks)
    failed = [option.name for option in options if option.score is not True]
    if not failed:
        return _pass_policy(on, options)
    decision = e.Decision("gate", work.otherwise, options, f"not passed: {', '.join(failed)}")
    if work.otherwise == "hold":
        return on.command(e.NodeWaiting("hold", within=on.node.timeout, decision=decision))
    error = e.Error("refused", f"the gate did not pass: {', '.join(failed)}", on.path)
    return on.command(e.NodeFailed(error, decision, verdict=work.otherwise))


def _pass_policy(on: Deciding, options: tuple[e.Option, ...]) -> e.Command:
    """Every check passed. The policy may still want a person's verdict, or let nothing pass."""
    verdict = judge_gate(on)
    if verdict is None or verdict.verdict == "allow":
        rule, digest = ("", "") if verdict is None else (verdict.rule, verdict.policy)
        decision = e.Decision("gate", "promote", options, "every check passed", rule, digest)
        return on.command(e.NodeSucceeded({"verdict": "promote"}, (), decision))
    decision = e.Decision("gate", "hold", options, verdict.why, verdict.rule, verdict.policy)
    if verdict.verdict == "ask":
        return on.command(e.NodeWaiting("hold", within=on.node.timeout, decision=decision))
    error = e.Error("refused", f"the policy lets nothing pass here (rule {verdict.rule})", on.path)
    return on.command(e.NodeFailed(error, structs.replace(decision, chosen="block"), verdict="block"))


def _checked(on: Deciding, check: p.Check) -> e.Option:
    try:
        return e.Option(check.text, on.holds(check.expression))
    except EvaluationError as problem:
        return e.Option(check.text, None, str(problem))
