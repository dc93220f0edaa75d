"""Runs that go on from others, and what records prove: retry, rollback, fork with its plan, replay, diff."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from interlock.client.errands import Flow, handed, made
from interlock.client.requests import RunLike, ask, id_of, look
from interlock.wire.acts import ForkPlan, Replayed
from interlock.wire.differences import Redecided, RunDifference
from interlock.wire.runs import RunRow


def retry(run: RunLike, *, why: str = "") -> Flow[RunRow]:
    """A new run that goes on where this one failed: what does not depend on the failure is taken over."""
    return made(ask("runs", id_of(run), "retry", shape=RunRow, body={"why": why or None}))


def rollback(run: RunLike, *, why: str = "") -> Flow[RunRow]:
    """A new run that takes back what this one did."""
    return made(ask("runs", id_of(run), "rollback", shape=RunRow, body={"why": why or None}))


def plan_fork(
    run: RunLike, start: str, *, set: Mapping[str, object] | None = None, graph: str | None = None
) -> Flow[ForkPlan]:
    """What another course of a run from node `start` on would do again, take over and ask anew; nothing is done.

    `set` says which inputs or results are other ones (`inputs.amount`, `plan.steps`); `graph`, on which graph.
    """
    body = {"start": start, "set": set, "graph": graph}
    return made(ask("runs", id_of(run), "fork", "plan", shape=ForkPlan, body=body, may_repeat=True))


def make_fork(
    run: RunLike, plan: ForkPlan, *, set: Mapping[str, object] | None = None, graph: str | None = None
) -> Flow[RunRow]:
    """Make a fork as it was planned, with the same `set` and `graph`. Raises `PlanOutdated` if it would be another."""
    body = {"start": plan.start, "set": set, "graph": graph, "token": plan.token}
    return made(ask("runs", id_of(run), "fork", shape=RunRow, body=body))


def fork(
    run: RunLike,
    start: str,
    *,
    set: Mapping[str, object] | None = None,
    graph: str | None = None,
    confirm: Callable[[ForkPlan], bool | Awaitable[bool]],
) -> Flow[RunRow | None]:
    """Plan a fork, show the plan to `confirm`, and make it if that says so. If not, nothing is done: None."""
    plan = yield from plan_fork(run, start, set=set, graph=graph)
    if not (yield from handed(confirm, plan)):
        return None
    return (yield from make_fork(run, plan, set=set, graph=graph))


def replay(run: RunLike) -> Flow[Replayed]:
    """Decide a run anew from its record alone, and say whether that holds; nothing is called and nobody is asked."""
    return made(ask("runs", id_of(run), "replay", shape=Replayed, body={}, may_repeat=True))


def redecide(run: RunLike, graph: str) -> Flow[Redecided]:
    """How a run would have gone on on another graph, as far as its record answers; nothing is called."""
    return made(ask("runs", id_of(run), "redecide", shape=Redecided, body={"graph": graph}, may_repeat=True))


def diff(left: RunLike, right: RunLike) -> Flow[RunDifference]:
    """In what two runs differ, node by node."""
    return made(look("runs", id_of(left), "diff", id_of(right), shape=RunDifference))
