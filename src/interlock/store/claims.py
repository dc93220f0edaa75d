"""Which of the work that waits is taken next, and in what order. Pure.

Tenants take turns, and so do the runs of one: whoever has least in hand comes first, so that ten thousand runs of one
tenant do not starve the one of another. Within a tenant a higher priority goes first, then whatever came first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import Final, TypeVar

from msgspec import Struct

from interlock.store.effect_queue import Seeker

T = TypeVar("T")

PRIORITY_MAX: Final = 1_000
"""Priorities go from minus this to plus this; 0 is what nobody has asked anything of."""


class RunLimit(Struct, frozen=True, kw_only=True):
    """How many runs of a graph are driven at once, of one tenant.

    `runs`: of the graph. `each`: of those that have the same value of the label `by`.
    """

    graph: str
    runs: int | None = None
    by: str = ""
    each: int | None = None


class WaitingRun(Struct, frozen=True):
    """A run that may be taken; `no` says in which order runs were started."""

    tenant: str
    run: str
    graph: str
    labels: Mapping[str, str]
    priority: int
    no: int


class DrivenRuns(Struct, frozen=True):
    """Runs that are being driven and are alike in what limits may ask of."""

    tenant: str
    graph: str
    labels: Mapping[str, str]
    count: int


class RunsWaiting(Struct, frozen=True):
    """How many runs of a graph wait for somebody to drive them, and since when the oldest of them does."""

    tenant: str
    graph: str
    count: int
    oldest_at: int


class WaitingEffect(Struct, frozen=True):
    """An effect on offer that nobody has claimed; `no` says in which order effects were offered."""

    no: int
    tenant: str
    run: str
    tool: str
    pool: str
    tags: tuple[str, ...]
    priority: int


class PerformedEffects(Struct, frozen=True):
    """Effects of one run and pool that are being performed."""

    tenant: str
    run: str
    pool: str
    count: int


class Room:
    """How much room the limits of one tenant leave."""

    def __init__(self, limits: Iterable[RunLimit], driven: Iterable[DrivenRuns]) -> None:
        self._limits = {limit.graph: limit for limit in limits}
        self._runs: Counter[str] = Counter()
        self._each: Counter[tuple[str, str]] = Counter()
        for runs in driven:
            self._count(runs.graph, runs.labels, runs.count)

    def take(self, run: WaitingRun) -> bool:
        """Whether there is room for a run; if so, there is that much less of it."""
        limit = self._limits.get(run.graph)
        if limit is not None and not self._has_room(limit, run):
            return False
        self._count(run.graph, run.labels, 1)
        return True

    def _has_room(self, limit: RunLimit, run: WaitingRun) -> bool:
        if limit.runs is not None and self._runs[run.graph] >= limit.runs:
            return False
        value = run.labels.get(limit.by)
        return limit.each is None or value is None or self._each[run.graph, value] < limit.each

    def _count(self, graph: str, labels: Mapping[str, str], count: int) -> None:
        self._runs[graph] += count
        limit = self._limits.get(graph)
        if limit is not None and limit.by in labels:
            self._each[graph, labels[limit.by]] += count


def chosen_effects(
    waiting: Sequence[WaitingEffect], performed: Iterable[PerformedEffects], seeker: Seeker
) -> list[WaitingEffect]:
    """The effects that a worker may claim, in its order of claiming. What waits stands in the order of offers."""
    of_run, of_tenant, of_pool = Counter[str](), Counter[str](), Counter[str]()
    for effects in performed:
        of_run[effects.run] += effects.count
        of_tenant[effects.tenant] += effects.count
        of_pool[effects.pool] += effects.count
    fitting = [one for one in waiting if seeker.may_perform(one.tool, one.pool, one.tags)]
    in_order = within_tenant(fitting, run_of=lambda one: one.run, in_hand=of_run, priority_of=lambda one: one.priority)
    in_turns = in_turn(in_order, tenant_of=lambda one: one.tenant, in_hand=of_tenant)
    return within_limits(
        in_turns, pool_of=lambda one: seeker.pool_of(one.tool, one.pool), limits=seeker.limits, in_hand=of_pool
    )


def in_turn(waiting: Sequence[T], *, tenant_of: Callable[[T], str], in_hand: Mapping[str, int]) -> list[T]:
    """What waits, so that tenants take turns; what is of one tenant keeps its order.

    `in_hand` says how much of each tenant is being done already.
    """
    return _taking_turns(waiting, tenant_of, in_hand)


def within_tenant(
    waiting: Sequence[T],
    *,
    run_of: Callable[[T], str],
    in_hand: Mapping[str, int],
    priority_of: Callable[[T], int],
) -> list[T]:
    """What waits of one tenant: a higher priority first, and under the same one its runs take turns."""
    taking_turns = _taking_turns(waiting, run_of, in_hand)
    return sorted(taking_turns, key=lambda one: -priority_of(one))


def within_limits(
    waiting: Sequence[T], *, pool_of: Callable[[T], str], limits: Mapping[str, int], in_hand: Mapping[str, int]
) -> list[T]:
    """What waits, without what is more than its pool may have in hand at once."""
    taken = Counter(in_hand)
    found: list[T] = []
    for one in waiting:
        pool = pool_of(one)
        if taken[pool] < limits.get(pool, taken[pool] + 1):
            taken[pool] += 1
            found.append(one)
    return found


def _taking_turns(waiting: Sequence[T], share_of: Callable[[T], Hashable], in_hand: Mapping[str, int]) -> list[T]:
    """Each is as late as its share would have in hand once everything before it in that share were taken."""
    taken = Counter[Hashable]()
    taken.update(in_hand)
    turns: list[int] = []
    for one in waiting:
        share = share_of(one)
        turns.append(taken[share])
        taken[share] += 1
    order = sorted(range(len(waiting)), key=turns.__getitem__)
    return [waiting[index] for index in order]
