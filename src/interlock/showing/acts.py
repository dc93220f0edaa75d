"""What is asked of many runs, and what became of it, as programs are shown it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Literal, cast

from msgspec import UNSET, UnsetType

from interlock.engine.asking import Asked
from interlock.wire import acts as wire


def act_plan(
    act: str,
    counted: Counter[tuple[str, str]],
    *,
    is_more: bool | UnsetType = UNSET,
    token: str | UnsetType = UNSET,
) -> wire.ActPlan:
    """How many runs of which graph and status are meant."""
    meant = [wire.MeantRuns(graph=graph, status=status, runs=runs) for (graph, status), runs in sorted(counted.items())]
    return wire.ActPlan(act=act, runs=counted.total(), meant=meant, is_more=is_more, token=token)


def act_report(
    act: str,
    became: Mapping[str, int],
    *,
    started: Mapping[str, str],
    wrong: Iterable[Asked],
    next: str | UnsetType | None = UNSET,
) -> wire.ActReport:
    """What became of it: of each run that could not do it, why."""
    return wire.ActReport(
        act=act,
        runs=sum(became.values()),
        became=dict(became),
        started=dict(started),
        refused=[_refused(each) for each in wrong],
        next=next,
    )


def _refused(asked: Asked) -> wire.RefusedRun:
    became = cast("Literal['refused', 'failed']", asked.became)  # nothing else is told with a reason
    return wire.RefusedRun(run=asked.run, became=became, why=asked.told)
