"""The effect queue of a simulation, held to what every process believes of it: one answer for each offer."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from typing import Any

from interlock.store.effect_queue import Claim, EffectQueue, Seeker
from tests.simulation.broken_rule import BrokenRule


class WatchedQueue:
    """Another queue, watched while all processes use it."""

    def __init__(self, inner: EffectQueue, *, tenant: str, run: str) -> None:
        self._inner = inner
        self._tenant = tenant
        self._run = run
        self.broken: BrokenRule | None = None
        """The first rule that was seen to break. Whoever asks goes on: a process swallows what its tasks raise."""
        self._held: dict[int, Claim] = {}
        """The claim of each offer that was given last, until it was answered or put back."""

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the other queue has by that name
        return getattr(self._inner, name)

    def offered(self, paths: AbstractSet[str]) -> None:
        """These were put on offer, perhaps anew: who held a claim of one has lost it."""
        self._held = {number: claim for number, claim in self._held.items() if claim.path not in paths}

    async def claim(self, seeker: Seeker, *, limit: int) -> list[Claim]:
        """Effects to perform: nobody else performs them."""
        claims = await self._inner.claim(seeker, limit=limit)
        for claim in claims:
            if claim.offer in self._held:
                self._break(f"the effect of {claim.path} was given to two at once")
            self._held[claim.offer] = claim
        return claims

    async def give_back(self, claims: Sequence[Claim]) -> None:
        """Put effects back."""
        await self._inner.give_back(claims)
        for claim in claims:
            if self._held.get(claim.offer) == claim:
                del self._held[claim.offer]

    async def answer(self, claim: Claim, *, body: bytes, sender: str) -> bool:
        """Say what became of an effect: who holds its claim does."""
        is_answered = await self._inner.answer(claim, body=body, sender=sender)
        held = self._held.get(claim.offer)
        if is_answered and (held is None or held.epoch != claim.epoch):
            self._break(f"{sender} has answered for {claim.path}, and had lost its claim")
        if is_answered:
            self._held.pop(claim.offer, None)
        return is_answered

    async def answer_for_the_dead(self, *, host: str) -> int:
        """Answer effects whose workers went, each once."""
        answered = await self._inner.answer_for_the_dead(host=host)
        rows = await self._inner.offers(self._tenant, self._run)
        claimed = {row.path for row in rows if row.owner}
        self._held = {number: claim for number, claim in self._held.items() if claim.path in claimed}
        if await self._inner.answer_for_the_dead(host=host):
            self._break("some of the dead were answered for twice")
        return answered

    def _break(self, what: str) -> None:
        self.broken = self.broken or BrokenRule(5, what)
