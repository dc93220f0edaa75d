"""Where effects are performed: here, if the worker is of their pool, has their tool and has room, or by somebody else.

A worker that serves nobody but its own runs performs everything itself, except what belongs to a pool of which only so
much is performed at a time: who may go next is known by the queue alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from interlock.core.paths import node_at
from interlock.core.plan import Micros, Node, Plan
from interlock.core.state import RunState
from interlock.core.values import Value
from interlock.engine.effects import CallTool, Effect, FindOut
from interlock.engine.sharing.offering import Performed, offer_of, offered
from interlock.store.effect_queue import Offer, Seeker
from interlock.store.lease import LeaseOwner


class RunInMotion(Protocol):
    """What placing has to know of a run."""

    plan: Plan
    state: RunState
    priority: int


class Hands:
    """How many effects a worker performs at once, and how many it does."""

    def __init__(self, limit: int | None = None) -> None:
        self.limit = limit
        self.busy = 0
        self._hear: Callable[[], object] | None = None

    @property
    def free(self) -> int | None:
        """How many more it could begin; None: as many as there are."""
        return None if self.limit is None else max(0, self.limit - self.busy)

    def take(self) -> bool:
        """Whether there is room for another one; if so, it is taken."""
        if self.free == 0:
            return False
        self.busy += 1
        return True

    def release(self) -> None:
        """One has ended."""
        was_full = self.free == 0
        self.busy -= 1
        if was_full and self._hear is not None:
            self._hear()

    def on_room(self, hear: Callable[[], object]) -> None:
        """Call this whenever there is room again after there was none, whoever has made it."""
        self._hear = hear


class Placing:
    """What one worker performs itself. Without `pools` it is of every pool."""

    def __init__(
        self,
        tools: Mapping[str, str],
        *,
        pools: frozenset[str] | None = None,
        tags: frozenset[str] = frozenset(),
        limits: Mapping[str, int] | None = None,
        hands: Hands | None = None,
        is_shared: bool = False,
    ) -> None:
        self.tools = tools
        """The tools that are here, and the pool of each."""
        self.pools = pools
        self.tags = tags
        self.limits = limits or {}
        self.hands = hands or Hands()
        self.is_shared = is_shared
        """Whether others may take the effects, and the runs that rest."""

    @property
    def is_all_here(self) -> bool:
        """Whether this worker performs every effect of its runs, so that none has to be looked at."""
        return not (self.is_shared or self.limits)

    def offers(
        self, run: RunInMotion, effects: Sequence[Effect], *, heartbeats: Mapping[str, Value], at: Micros
    ) -> list[Offer]:
        """The effects that somebody else is to perform. For each of the others a hand is taken here."""
        performed = (effect for effect in effects if isinstance(effect, CallTool | FindOut))
        return [offer for effect in performed if (offer := self._offer(run, effect, heartbeats, at)) is not None]

    def seeker(self, owner: LeaseOwner, *, runs: frozenset[str] | None = None) -> Seeker:
        """What this worker looks for on the effect queue."""
        pools = frozenset({*self.tools.values(), *self.limits}) if self.pools is None else self.pools
        return Seeker(owner=owner, pools=pools, tags=self.tags, tools=self.tools, limits=self.limits, runs=runs)

    def _offer(self, run: RunInMotion, effect: Performed, heartbeats: Mapping[str, Value], at: Micros) -> Offer | None:
        pool, tags = self._demands(run, effect)
        if self._is_for_here(effect, pool, tags) and self.hands.take():
            return None
        what = offered(effect, run.plan, run.state, heartbeat=heartbeats.get(effect.path))
        return offer_of(what, pool=pool, tags=tags, priority=run.priority, at=at)

    def keeps_for_itself(self, run: RunInMotion, effect: Performed) -> bool:
        """Whether an effect is performed here although it is on offer, unless somebody performs it already."""
        pool, tags = self._demands(run, effect)
        return not self.is_shared and self._is_for_here(effect, pool, tags)

    def _demands(self, run: RunInMotion, effect: Performed) -> tuple[str, tuple[str, ...]]:
        """The pool of an effect, and the tags that its worker must have."""
        node = _node_of(run, effect.path)
        pool = node.pool if node is not None and node.pool else self.tools.get(effect.tool, "")
        return pool, () if node is None else node.tags

    def _is_for_here(self, effect: Performed, pool: str, tags: Sequence[str]) -> bool:
        if pool in self.limits and isinstance(effect, CallTool):
            return False
        if not self.is_shared:
            return True
        if isinstance(effect, FindOut):
            return effect.tool in self.tools
        is_of_pool = self.pools is None or pool in self.pools
        return effect.tool in self.tools and is_of_pool and self.tags.issuperset(tags)


def _node_of(run: RunInMotion, path: str) -> Node | None:
    """The node whose effect it is. What takes back what a node did stands under a path of its own, in no pool."""
    found = node_at(run.plan, run.state, path)
    return None if found is None else found[1]
