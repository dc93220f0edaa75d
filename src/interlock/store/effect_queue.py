"""The effect queue: effects of runs that are performed elsewhere than where the run is driven.

An effect is offered by the very append that records its intent, claimed by a worker under a lease of its own, and
answered by a signal to its run, which the run's driver records. An offer whose worker has died is answered for it:
nobody knows what became of the effect. Nothing here knows what an effect is; what is to be done with one that is in
doubt is for the core to say.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Final, Protocol

from msgspec import Struct

from interlock.store.lease import LeaseOwner

CLAIMS_MAX: Final = 3
"""How many workers are put a question: one over which they all go is left to people."""


class Offer(Struct, frozen=True, kw_only=True):
    """An effect to be performed by somebody.

    With a `pool`, by a worker of that pool; without one, by a worker in whose pools its tool is.
    """

    path: str
    effect: str
    tool: str
    pool: str = ""
    tags: tuple[str, ...] = ()
    """What a worker must have all of."""
    priority: int = 0
    call: bytes
    """What is to be done, between driver and performer."""
    answers: str
    """The kind of the signal that says what became of it."""
    lost: bytes
    """The body of that signal if its worker goes; without one, nothing is said."""
    offered_at: int


class Seeker(Struct, frozen=True, kw_only=True):
    """A worker that looks for effects: its pools, what it is, and the tools it has."""

    owner: LeaseOwner
    pools: frozenset[str]
    tags: frozenset[str] = frozenset()
    tools: Mapping[str, str]
    """The tools it has, and the pool each of them says of itself."""
    limits: Mapping[str, int] = {}
    """How many effects of a pool are performed at once, by all of its workers; of others, as many as they can."""
    runs: frozenset[str] | None = None
    """The runs whose effects it performs; None: those of all."""

    def may_perform(self, tool: str, pool: str, tags: Collection[str]) -> bool:
        """Whether an offer is for this worker."""
        return tool in self.tools and self.tags.issuperset(tags) and self.pool_of(tool, pool) in self.pools

    def pool_of(self, tool: str, pool: str) -> str:
        """The pool of an offer: its own, or that of its tool."""
        return pool or self.tools[tool]


class Claim(Struct, frozen=True):
    """The right to perform an effect, until `expires_at` unless it is renewed.

    A claim that was taken over answers nothing: `offer` and `epoch` name it among all there ever were.
    """

    offer: int
    tenant: str
    run: str
    path: str
    effect: str
    epoch: int
    expires_at: int
    answers: str
    call: bytes


class Held(Struct, frozen=True):
    """A claim that is still held, and whether its effect was asked to stop."""

    claim: Claim
    is_stopping: bool


class OfferRow(Struct, frozen=True):
    """An offer as it stands."""

    path: str
    effect: str
    tool: str
    pool: str
    tags: tuple[str, ...]
    priority: int
    offered_at: int
    owner: str
    """The worker that has claimed it; nothing while it waits."""
    is_stopping: bool
    call: bytes


class EffectsWaiting(Struct, frozen=True):
    """How many effects of a pool wait, since when the oldest does, and how many are being performed."""

    pool: str
    tool: str
    waiting: int
    oldest_at: int | None
    performing: int


class EffectQueue(Protocol):
    """The effects on offer, of all tenants. They are offered by `EventStore.append`."""

    async def claim(self, seeker: Seeker, *, limit: int) -> list[Claim]:
        """Effects to perform, by tenants, runs and priorities in turn (see claims.py)."""
        ...

    async def next_claim(self, seeker: Seeker) -> int | None:
        """The instant from which something can be claimed or has to be answered for: long ago, if it is now."""
        ...

    async def renew(self, claims: Sequence[Claim]) -> list[Held]:
        """Those of the claims that are still held, now held for longer."""
        ...

    async def answer(self, claim: Claim, *, body: bytes, sender: str) -> bool:
        """Say what became of an effect, in a signal to its run; without a body, just end the claim.

        False: the claim was lost, and nothing was said.
        """
        ...

    async def give_back(self, claims: Sequence[Claim]) -> None:
        """Put effects that were not begun back into the queue."""
        ...

    async def withdraw(self, tenant: str, run: str, path: str, *, stops: bool = True) -> bool:
        """Take an effect back that nobody has claimed.

        False: its answer will come, or is there already. Whoever performs it is asked to stop, if it `stops`.
        """
        ...

    async def offers(self, tenant: str, run: str) -> list[OfferRow]:
        """What is on offer of a run, or being performed, the oldest first."""
        ...

    async def answer_for_the_dead(self, *, host: str) -> int:
        """Answer effects whose claims have run out, or whose process on this host is gone: how many.

        Of an offer of which nothing is to be said (`lost`) the next worker takes care, unless it was asked to stop or
        `CLAIMS_MAX` workers have gone over it.
        """
        ...

    async def depth(self, *, tenant: str | None = None) -> list[EffectsWaiting]:
        """What waits and what is being performed, by pool and tool: of all tenants, or of one."""
        ...
