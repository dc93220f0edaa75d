"""The effect queue in PostgreSQL. What a worker claims is locked for no other one to wait for."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from typing import Any, Final

from msgspec.structs import replace

from interlock.store import columns
from interlock.store.claims import PerformedEffects, WaitingEffect, chosen_effects
from interlock.store.effect_queue import CLAIMS_MAX, Claim, EffectsWaiting, Held, Offer, OfferRow, Seeker
from interlock.store.event_store import Append, Clock
from interlock.store.lease import LeaseOwner
from interlock.store.postgres.access import Ask, Do
from interlock.store.postgres.changes import Told
from interlock.store.postgres.session import Session

# What a worker cannot perform is left out before turns are counted: it must hide nothing. No more than `limit` of what
# is alike can be chosen, however much of it is on offer.
_WAITING: Final = """
    select no, tenant, run, tool, pool, tags, priority from (
        select *, row_number() over (partition by tenant, run, tags, pool, tool order by priority desc, no) as turn
        from offer where owner is null and ($5::text[] is null or run = any($5)) and (
            (pool = '' and tool = any($3::text[])) or (pool = any($1::text[]) and tool = any($2::text[])))) as o
    where turn <= $4 order by priority desc, no"""
_PERFORMING: Final = """
    select tenant, run, pool, count(*) from offer where owner is not null group by tenant, run, pool"""
_CLAIM: Final = """
    with chosen as materialized (
        select o.spot, a.pool from unnest($1::int8[], $7::text[]) as a(no, pool)
        cross join lateral (
            select ctid as spot from offer where no = a.no and owner is null for no key update skip locked) as o)
    update offer set epoch = epoch + 1, pool = chosen.pool, owner = $2, host = $3, pid = $4, pid_started = $5,
        expires_at = $6
    from chosen where offer.ctid = chosen.spot
    returning no, tenant, run, path, effect, epoch, expires_at, answers, call"""
_ONE_AT_A_TIME: Final = "select pg_advisory_xact_lock(hashtextextended('interlock.offers.' || current_schema(), 0))"
_FIRST_EXPIRY: Final = "select min(expires_at) from offer where owner is not null"
_RENEW: Final = """
    update offer set expires_at = $3 from unnest($1::int8[], $2::int8[]) as a(no, epoch)
    where offer.no = a.no and offer.epoch = a.epoch and offer.owner is not null
    returning offer.no, offer.epoch, offer.is_stopping"""
_ANSWER: Final = """
    with answered as (
        delete from offer where no = $1 and epoch = $2 and owner is not null returning tenant, run, answers),
    told as (
        insert into signal(tenant, run, kind, body, sender, sent_at)
        select tenant, run, answers, $3, $4, $5 from answered where $3 <> ''::bytea)
    select count(*) from answered"""
_GIVE_BACK: Final = """
    update offer set owner = null, expires_at = null from unnest($1::int8[], $2::int8[]) as a(no, epoch)
    where offer.no = a.no and offer.epoch = a.epoch"""
_WITHDRAW: Final = "delete from offer where tenant = $1 and run = $2 and path = $3 and owner is null returning no"
_STOP: Final = "update offer set is_stopping = true where tenant = $1 and run = $2 and path = $3"
_OFFERS: Final = """
    select path, effect, tool, pool, tags, priority, offered_at, coalesce(owner, ''), is_stopping, call from offer
    where tenant = $1 and run = $2 order by no"""
_HOLDERS: Final = """
    select owner, host, pid, pid_started, min(expires_at) from offer where owner is not null
    group by owner, host, pid, pid_started"""
# What another process answers for at this very moment is left to it.
_ANSWER_FOR_DEAD: Final = f"""
    with dead as materialized (
        select ctid as spot, lost = '' and not is_stopping and epoch < {CLAIMS_MAX} as goes_on from offer
        where owner is not null and (expires_at <= $1 or owner = any($2::text[])) for update skip locked),
    put_back as (
        update offer set owner = null, expires_at = null
        where ctid = any(array(select spot from dead where goes_on)) returning no),
    ended as (
        delete from offer where ctid = any(array(select spot from dead where not goes_on))
        returning tenant, run, answers, lost, owner),
    told as (
        insert into signal(tenant, run, kind, body, sender, sent_at)
        select tenant, run, answers, lost, owner, $1 from ended where lost <> '' returning id)
    select count(*) from dead"""
_DEPTH: Final = """
    select pool, tool, count(*) filter (where owner is null), min(offered_at) filter (where owner is null),
        count(*) filter (where owner is not null)
    from offer where $1::text is null or tenant = $1 group by pool, tool order by pool, tool"""

_TRIES_MAX: Final = 3


class PostgresEffectQueue:
    """The effect queue of a store in PostgreSQL."""

    def __init__(
        self,
        ask: Ask,
        do: Do,
        clock: Clock,
        *,
        lease_micros: int,
        is_running: Callable[[LeaseOwner], bool],
        on_commit: Callable[[Told], None],
    ) -> None:
        self._ask = ask
        self._do = do
        self._clock = clock
        self._lease_micros = lease_micros
        self._is_running = is_running
        self._on_commit = on_commit

    async def claim(self, seeker: Seeker, *, limit: int) -> list[Claim]:
        """Effects to perform."""
        expires_at = self._clock() + self._lease_micros

        async def deed(session: Session) -> list[Claim]:
            async with AsyncExitStack() as stack:
                if seeker.limits:
                    # One worker after the other counts what a pool has in hand, and takes what there is room for.
                    await stack.enter_async_context(session.transaction())
                    await session.execute(_ONE_AT_A_TIME)
                for _ in range(_TRIES_MAX):
                    chosen = await _chosen(session, seeker, limit)
                    claims = await _claimed(session, chosen, seeker, expires_at)
                    if claims or not chosen:
                        return claims
                return []

        return await self._do(deed)

    async def next_claim(self, seeker: Seeker) -> int | None:
        """From when on there is something to do."""
        if await self._ask(lambda session: _chosen(session, seeker, 1)):
            return self._clock()
        return await self._ask(lambda session: session.fetchval(_FIRST_EXPIRY))

    async def renew(self, claims: Sequence[Claim]) -> list[Held]:
        """Those of the claims that are still held."""
        expires_at = self._clock() + self._lease_micros
        rows = await self._do(lambda session: session.fetch(_RENEW, *_named(claims), expires_at))
        # An offer that is made again keeps its number: of two claims of it, one is held.
        is_stopping: dict[tuple[int, int], bool] = {(no, epoch): stopping for no, epoch, stopping in rows}
        return [
            Held(replace(claim, expires_at=expires_at), is_stopping[claim.offer, claim.epoch])
            for claim in claims
            if (claim.offer, claim.epoch) in is_stopping
        ]

    async def answer(self, claim: Claim, *, body: bytes, sender: str) -> bool:
        """Say what became of an effect."""
        at = self._clock()
        values = (claim.offer, claim.epoch, body, sender, at)
        is_answered = bool(await self._do(lambda session: session.fetchval(_ANSWER, *values)))
        if is_answered and body:
            self._on_commit("signal")
        return is_answered

    async def give_back(self, claims: Sequence[Claim]) -> None:
        """Put effects back."""
        await self._do(lambda session: session.execute(_GIVE_BACK, *_named(claims)))
        self._on_commit("work")

    async def withdraw(self, tenant: str, run: str, path: str, *, stops: bool = True) -> bool:
        """Take an effect back, or ask it to stop."""

        async def deed(session: Session) -> bool:
            if await session.fetchval(_WITHDRAW, tenant, run, path) is not None:
                return True
            if stops:
                await session.execute(_STOP, tenant, run, path)
            return False

        return await self._do(deed)

    async def offers(self, tenant: str, run: str) -> list[OfferRow]:
        """What is on offer of a run."""
        return [columns.offer_row(row) for row in await self._ask(lambda session: session.fetch(_OFFERS, tenant, run))]

    async def answer_for_the_dead(self, *, host: str) -> int:
        """Answer effects whose workers went."""
        at = self._clock()

        async def deed(session: Session) -> int:
            holders = await session.fetch(_HOLDERS)
            here = [LeaseOwner(*who) for *who, _ in holders if who[1] == host]
            gone = [holder.id for holder in here if not self._is_running(holder)]
            has_run_out = any(expires_at <= at for *_, expires_at in holders)
            return await session.fetchval(_ANSWER_FOR_DEAD, at, gone) if gone or has_run_out else 0

        answered = await self._do(deed)
        if answered:
            self._on_commit("signal")
        return answered

    async def depth(self, *, tenant: str | None = None) -> list[EffectsWaiting]:
        """What waits and what is being performed."""
        return [EffectsWaiting(*row) for row in await self._ask(lambda session: session.fetch(_DEPTH, tenant))]


def offer_values(append: Append, offer: Offer) -> tuple[Any, ...]:
    """What an append says of an effect that it offers."""
    tags = json.dumps(offer.tags)
    what = (offer.path, offer.effect, offer.tool, offer.pool, tags, offer.priority, offer.call)
    return (append.tenant, append.run, *what, offer.answers, offer.lost, offer.offered_at)


async def _chosen(session: Session, seeker: Seeker, limit: int) -> list[WaitingEffect]:
    own = [tool for tool, pool in seeker.tools.items() if pool in seeker.pools]
    runs = None if seeker.runs is None else list(seeker.runs)
    rows = await session.fetch(_WAITING, list(seeker.pools), list(seeker.tools), own, limit, runs)
    waiting = [columns.waiting_effect(row) for row in rows]
    if not waiting:
        return []
    performed = [PerformedEffects(*row) for row in await session.fetch(_PERFORMING)]
    return chosen_effects(waiting, performed, seeker)[:limit]


async def _claimed(session: Session, chosen: Sequence[WaitingEffect], seeker: Seeker, expires_at: int) -> list[Claim]:
    if not chosen:
        return []
    owner = seeker.owner
    who = (owner.id, owner.host, owner.pid, owner.pid_started)
    pools = [seeker.pool_of(one.tool, one.pool) for one in chosen]
    rows = await session.fetch(_CLAIM, [one.no for one in chosen], *who, expires_at, pools)
    claims = {row[0]: Claim(*row) for row in rows}
    return [claims[one.no] for one in chosen if one.no in claims]


def _named(claims: Sequence[Claim]) -> tuple[list[int], list[int]]:
    """The claims by offer and epoch, in one order everywhere, so that two who lock the same never wait in a circle."""
    ordered = sorted(claims, key=lambda claim: claim.offer)
    return [claim.offer for claim in ordered], [claim.epoch for claim in ordered]
