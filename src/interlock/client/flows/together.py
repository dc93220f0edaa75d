"""The same asked of many runs: planned, and then done as it was planned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, TypeAlias

from msgspec import UNSET, Struct

from interlock.client.errands import Flow, Tell, Telling, made
from interlock.client.requests import RunLike, ask, id_of
from interlock.wire.acts import ActPlan, ActReport
from interlock.wire.runs import RunStatus

Act: TypeAlias = Literal["pause", "resume", "cancel", "cancel_with_rollback", "retry", "rollback"]


class Selection(Struct, frozen=True, kw_only=True):
    """Runs that are meant: those that are named, or those that have all the rest in common."""

    runs: Sequence[RunLike] = ()
    graph: str | None = None
    status: Sequence[RunStatus] = ()
    """One of these."""
    labels: Mapping[str, str] = {}
    session: str | None = None
    started_from: int | None = None
    """Microseconds since 1970."""
    started_to: int | None = None


def plan_act(act: Act, selection: Selection) -> Flow[ActPlan]:
    """How many runs, of which graphs and statuses, an act would be asked of; nothing is done."""
    return made(ask("runs", "actions", "plan", shape=ActPlan, body=_meant(act, selection), may_repeat=True))


def make_act(act: Act, selection: Selection, plan: ActPlan, *, why: str = "") -> Telling[ActReport]:
    """Ask it of the runs that were planned: told is what became of some of them at a time."""
    token = None if plan.token is UNSET else plan.token
    body = {**_meant(act, selection), "why": why or None, "token": token}
    cursor: str | None = None
    while True:
        report = yield from made(ask("runs", "actions", shape=ActReport, body={**body, "cursor": cursor}))
        yield Tell(report)
        if report.next is UNSET or report.next is None:
            return
        cursor = report.next


def _meant(act: Act, selection: Selection) -> dict[str, object]:
    return {
        "act": act,
        "runs": [id_of(each) for each in selection.runs] or None,
        "graph": selection.graph,
        "status": list(selection.status) or None,
        "labels": dict(selection.labels) or None,
        "session": selection.session,
        "started_from": selection.started_from,
        "started_to": selection.started_to,
    }
