"""The effect queue in memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from interlock.store.claims import PerformedEffects, WaitingEffect, chosen_effects
from interlock.store.effect_queue import CLAIMS_MAX, Claim, EffectsWaiting, Held, Offer, OfferRow, Seeker
from interlock.store.event_store import Clock
from interlock.store.lease import LeaseOwner


@dataclass
class _OnOffer:
    no: int
    tenant: str
    run: str
    offer: Offer
    pool: str
    epoch: int = 0
    owner: LeaseOwner | None = None
    expires_at: int = 0
    is_stopping: bool = False


class MemoryEffectQueue:
    """The effect queue of a store in memory. `signal` leaves an answer for a run."""

    def __init__(
        self,
        clock: Clock,
        *,
        lease_micros: int,
        is_running: Callable[[LeaseOwner], bool],
        signal: Callable[[str, str, str, bytes, str], object],
    ) -> None:
        self._clock = clock
        self._lease_micros = lease_micros
        self._is_running = is_running
        self._signal = signal
        self._on_offer: dict[int, _OnOffer] = {}
        self._offered = 0

    def add(self, tenant: str, run: str, offers: Sequence[Offer]) -> None:
        """Put effects on offer, in the append that records their intents."""
        for offer in offers:
            for before in self._at(tenant, run, offer.path):
                del self._on_offer[before.no]
            self._offered += 1
            self._on_offer[self._offered] = _OnOffer(self._offered, tenant, run, offer, offer.pool)

    def drop_of_runs(self, tenant: str, is_meant: Callable[[str], bool]) -> int:
        """Take back everything of the runs that are meant, claimed or not: how many."""
        found = [one.no for one in self._on_offer.values() if one.tenant == tenant and is_meant(one.run)]
        for no in found:
            del self._on_offer[no]
        return len(found)

    async def claim(self, seeker: Seeker, *, limit: int) -> list[Claim]:
        """Effects to perform."""
        expires_at = self._clock() + self._lease_micros
        chosen = self._waiting_for(seeker)[:limit]
        for one in chosen:
            one.epoch, one.owner, one.expires_at = one.epoch + 1, seeker.owner, expires_at
            one.pool = seeker.pool_of(one.offer.tool, one.offer.pool)
        return [_claim(one) for one in chosen]

    async def next_claim(self, seeker: Seeker) -> int | None:
        """From when on there is something to do."""
        if self._waiting_for(seeker):
            return self._clock()
        return min((one.expires_at for one in self._on_offer.values() if one.owner is not None), default=None)

    async def renew(self, claims: Sequence[Claim]) -> list[Held]:
        """Those of the claims that are still held."""
        expires_at = self._clock() + self._lease_micros
        held = [(claim, one) for claim in claims if (one := self._held(claim)) is not None]
        for _, one in held:
            one.expires_at = expires_at
        return [Held(replace(claim, expires_at=expires_at), one.is_stopping) for claim, one in held]

    async def answer(self, claim: Claim, *, body: bytes, sender: str) -> bool:
        """Say what became of an effect."""
        one = self._held(claim)
        if one is None:
            return False
        del self._on_offer[one.no]
        if body:
            self._signal(one.tenant, one.run, one.offer.answers, body, sender)
        return True

    async def give_back(self, claims: Sequence[Claim]) -> None:
        """Put effects back."""
        for claim in claims:
            one = self._held(claim)
            if one is not None:
                one.owner = None

    async def withdraw(self, tenant: str, run: str, path: str, *, stops: bool = True) -> bool:
        """Take an effect back, or ask it to stop."""
        for one in self._at(tenant, run, path):
            if one.owner is None:
                del self._on_offer[one.no]
                return True
            one.is_stopping = one.is_stopping or stops
        return False

    async def offers(self, tenant: str, run: str) -> list[OfferRow]:
        """What is on offer of a run."""
        return [_offer_row(one) for one in self._on_offer.values() if (one.tenant, one.run) == (tenant, run)]

    async def answer_for_the_dead(self, *, host: str) -> int:
        """Answer effects whose workers went."""
        dead = [one for one in self._on_offer.values() if one.owner is not None and self._is_dead(one, one.owner, host)]
        for one in dead:
            assert one.owner is not None
            if not (one.offer.lost or one.is_stopping) and one.epoch < CLAIMS_MAX:
                one.owner = None
                continue
            del self._on_offer[one.no]
            if one.offer.lost:
                self._signal(one.tenant, one.run, one.offer.answers, one.offer.lost, one.owner.id)
        return len(dead)

    async def depth(self, *, tenant: str | None = None) -> list[EffectsWaiting]:
        """What waits and what is being performed."""
        meant = [one for one in self._on_offer.values() if tenant in (None, one.tenant)]
        kinds = sorted({(one.pool, one.offer.tool) for one in meant})
        return [self._depth_of(pool, tool, meant) for pool, tool in kinds]

    def _depth_of(self, pool: str, tool: str, meant: Sequence[_OnOffer]) -> EffectsWaiting:
        alike = [one for one in meant if (one.pool, one.offer.tool) == (pool, tool)]
        waiting = [one.offer.offered_at for one in alike if one.owner is None]
        return EffectsWaiting(pool, tool, len(waiting), min(waiting, default=None), len(alike) - len(waiting))

    def _waiting_for(self, seeker: Seeker) -> list[_OnOffer]:
        waiting = [_waiting(one) for one in self._on_offer.values() if one.owner is None]
        performed = [
            PerformedEffects(one.tenant, one.run, one.pool, 1)
            for one in self._on_offer.values()
            if one.owner is not None
        ]
        of_its_runs = [one for one in waiting if seeker.runs is None or one.run in seeker.runs]
        return [self._on_offer[one.no] for one in chosen_effects(of_its_runs, performed, seeker)]

    def _at(self, tenant: str, run: str, path: str) -> list[_OnOffer]:
        place = (tenant, run, path)
        return [one for one in self._on_offer.values() if (one.tenant, one.run, one.offer.path) == place]

    def _held(self, claim: Claim) -> _OnOffer | None:
        one = self._on_offer.get(claim.offer)
        return one if one is not None and one.owner is not None and one.epoch == claim.epoch else None

    def _is_dead(self, one: _OnOffer, owner: LeaseOwner, host: str) -> bool:
        return one.expires_at <= self._clock() or (owner.host == host and not self._is_running(owner))


def _waiting(one: _OnOffer) -> WaitingEffect:
    offer = one.offer
    return WaitingEffect(one.no, one.tenant, one.run, offer.tool, offer.pool, offer.tags, offer.priority)


def _claim(one: _OnOffer) -> Claim:
    return Claim(
        offer=one.no,
        tenant=one.tenant,
        run=one.run,
        path=one.offer.path,
        effect=one.offer.effect,
        epoch=one.epoch,
        expires_at=one.expires_at,
        answers=one.offer.answers,
        call=one.offer.call,
    )


def _offer_row(one: _OnOffer) -> OfferRow:
    return OfferRow(
        path=one.offer.path,
        effect=one.offer.effect,
        tool=one.offer.tool,
        pool=one.pool,
        tags=one.offer.tags,
        priority=one.offer.priority,
        offered_at=one.offer.offered_at,
        owner=one.owner.id if one.owner else "",
        is_stopping=one.is_stopping,
        call=one.offer.call,
    )
