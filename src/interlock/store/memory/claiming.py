"""Which runs of a store in memory may be taken."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from msgspec import Struct

from interlock.store.claims import DrivenRuns, Room, RunLimit, RunsWaiting, WaitingRun, in_turn
from interlock.store.memory.run import MemoryRun

_MOVING: Final = ("pending", "running", "compensating")
"""The statuses of a run whose driver has left it with something under way."""


class Standing(Struct, frozen=True):
    """An unfinished run, until when somebody holds it, and whether a signal of it is unread."""

    tenant: str
    run: MemoryRun
    no: int
    held_until: int
    is_called: bool

    def is_free(self, at: int) -> bool:
        """Whether nobody drives it and something can move it on."""
        due = self.run.due
        can_move = self.run.status in _MOVING or self.is_called or (due is not None and due <= at)
        return can_move and self.held_until <= at


def chosen(standings: Sequence[Standing], *, at: int, limit: int, limits: Sequence[RunLimit]) -> list[WaitingRun]:
    """The runs to take, tenants in turn."""
    driven = [_driven(one) for one in standings if one.held_until > at]
    waiting: list[WaitingRun] = []
    for tenant in sorted({one.tenant for one in standings}):
        room = Room(limits, (runs for runs in driven if runs.tenant == tenant))
        of_tenant = (_waiting(one) for one in standings if one.tenant == tenant and one.is_free(at))
        in_order = sorted(of_tenant, key=lambda run: (-run.priority, run.no))
        waiting += [run for run in in_order if room.take(run)]
    in_hand = Counter(runs.tenant for runs in driven)
    return in_turn(waiting, tenant_of=lambda run: run.tenant, in_hand=in_hand)[:limit]


def next_claim(standings: Iterable[Standing], *, at: int) -> int | None:
    """From when on something can be taken: `at`, if it is now."""
    instants: list[int] = []
    for one in standings:
        if one.is_free(at):
            return at
        if one.held_until > at:
            # Whatever could move it on, nobody else may before that.
            instants.append(one.held_until)
        elif one.run.due is not None:
            instants.append(one.run.due)
    return min(instants, default=None)


def depth(standings: Iterable[Standing], *, at: int) -> list[RunsWaiting]:
    """What waits, by graphs."""
    since: dict[tuple[str, str], list[int]] = {}
    for one in standings:
        if one.is_free(at):
            oldest = max(one.run.origin.started_at, one.run.due or 0)
            since.setdefault((one.tenant, one.run.origin.graph), []).append(oldest)
    return [RunsWaiting(*key, len(found), min(found)) for key, found in sorted(since.items())]


def _driven(one: Standing) -> DrivenRuns:
    return DrivenRuns(one.tenant, one.run.origin.graph, one.run.origin.labels, 1)


def _waiting(one: Standing) -> WaitingRun:
    origin = one.run.origin
    return WaitingRun(one.tenant, one.run.name, origin.graph, origin.labels, origin.priority, one.no)
