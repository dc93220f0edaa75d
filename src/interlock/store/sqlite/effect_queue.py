"""The effect queue in a SQLite file."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Sequence
from typing import Any, Final

from msgspec.structs import replace

from interlock.store import columns
from interlock.store.claims import PerformedEffects, WaitingEffect, chosen_effects
from interlock.store.effect_queue import CLAIMS_MAX, Claim, EffectsWaiting, Held, Offer, OfferRow, Seeker
from interlock.store.event_store import Clock
from interlock.store.lease import LeaseOwner
from interlock.store.sqlite.access import Do, Look

OFFER: Final = """
    insert or replace into offer(tenant, run, path, effect, tool, pool, tags, priority, call, answers, lost, offered_at)
    values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""
SIGNAL: Final = "insert into signal(tenant, run, kind, body, sender, sent_at) values (?, ?, ?, ?, ?, ?)"

# What a worker cannot perform is left out before turns are counted: it must hide nothing. No more than `limit` of what
# is alike can be chosen, however much of it is on offer.
_WAITING: Final = """
    select no, tenant, run, tool, pool, tags, priority from (
        select *, row_number() over (partition by tenant, run, tags, pool, tool order by priority desc, no) as turn
        from offer where owner is null
            and (:runs is null or run in (select value from json_each(:runs))) and (
            (pool = '' and tool in (select value from json_each(:own)))
            or (pool in (select value from json_each(:pools)) and tool in (select value from json_each(:has)))))
    where turn <= :limit order by priority desc, no"""
_PERFORMING: Final = """
    select tenant, run, pool, count(*) from offer where owner is not null group by tenant, run, pool"""
_CLAIM: Final = """
    update offer set epoch = epoch + 1, pool = ?, owner = ?, host = ?, pid = ?, pid_started = ?, expires_at = ?
    where no = ?
    returning no, tenant, run, path, effect, epoch, expires_at, answers, call"""
_RENEW: Final = """
    update offer set expires_at = ? where no = ? and epoch = ? and owner is not null returning is_stopping"""
_ANSWERED: Final = """
    delete from offer where no = ? and epoch = ? and owner is not null returning tenant, run, answers"""
_GIVE_BACK: Final = "update offer set owner = null, expires_at = null where no = ? and epoch = ?"
_WITHDRAW: Final = "delete from offer where tenant = ? and run = ? and path = ? and owner is null"
_STOP: Final = "update offer set is_stopping = 1 where tenant = ? and run = ? and path = ?"
_OFFERS: Final = """
    select path, effect, tool, pool, tags, priority, offered_at, coalesce(owner, ''), is_stopping, call from offer
    where tenant = ? and run = ? order by no"""
_HOLDERS: Final = "select distinct owner, host, pid, pid_started from offer where owner is not null and host = ?"
_IS_DEAD: Final = """
    owner is not null and (expires_at <= :at or owner in (select value from json_each(:gone)))"""
_PUT_BACK: Final = f"""
    update offer set owner = null, expires_at = null
    where {_IS_DEAD} and lost = x'' and not is_stopping and epoch < {CLAIMS_MAX} returning no"""  # noqa: S608 - made of constants
_DEAD: Final = f"delete from offer where {_IS_DEAD} returning tenant, run, answers, lost, owner"  # noqa: S608 - made of constants
_DEPTH: Final = """
    select pool, tool, sum(owner is null), min(case when owner is null then offered_at end), sum(owner is not null)
    from offer where ?1 is null or tenant = ?1 group by pool, tool order by pool, tool"""


class SqliteEffectQueue:
    """The effect queue of a SQLite store."""

    def __init__(
        self,
        do: Do,
        look: Look,
        clock: Clock,
        *,
        lease_micros: int,
        is_running: Callable[[LeaseOwner], bool],
    ) -> None:
        self._do = do
        self._look = look
        self._clock = clock
        self._lease_micros = lease_micros
        self._is_running = is_running

    async def claim(self, seeker: Seeker, *, limit: int) -> list[Claim]:
        """Effects to perform."""
        if not self._look(lambda file: _chosen(file, seeker, 1)):
            return []
        expires_at = self._clock() + self._lease_micros
        return await self._do(lambda file: _claimed(file, seeker, limit, expires_at))

    async def next_claim(self, seeker: Seeker) -> int | None:
        """From when on there is something to do."""
        if self._look(lambda file: _chosen(file, seeker, 1)):
            return self._clock()
        return self._look(
            lambda file: file.execute("select min(expires_at) from offer where owner is not null").fetchone()[0]
        )

    async def renew(self, claims: Sequence[Claim]) -> list[Held]:
        """Those of the claims that are still held."""
        expires_at = self._clock() + self._lease_micros
        return await self._do(lambda file: _renewed(file, claims, expires_at))

    async def answer(self, claim: Claim, *, body: bytes, sender: str) -> bool:
        """Say what became of an effect."""
        at = self._clock()
        return await self._do(lambda file: _answered(file, claim, body, sender, at))

    async def give_back(self, claims: Sequence[Claim]) -> None:
        """Put effects back."""
        rows = [(claim.offer, claim.epoch) for claim in claims]
        await self._do(lambda file: file.executemany(_GIVE_BACK, rows))

    async def withdraw(self, tenant: str, run: str, path: str, *, stops: bool = True) -> bool:
        """Take an effect back, or ask it to stop."""
        place = (tenant, run, path)

        def deed(file: sqlite3.Connection) -> bool:
            if file.execute(_WITHDRAW, place).rowcount:
                return True
            if stops:
                file.execute(_STOP, place)
            return False

        return await self._do(deed)

    async def offers(self, tenant: str, run: str) -> list[OfferRow]:
        """What is on offer of a run."""
        return self._look(lambda file: [columns.offer_row(row) for row in file.execute(_OFFERS, (tenant, run))])

    async def answer_for_the_dead(self, *, host: str) -> int:
        """Answer effects whose workers went."""
        at = self._clock()
        gone = self._look(lambda file: _gone(file, host, self._is_running))
        if not gone and not self._look(lambda file: _has_expired(file, at)):
            return 0
        return await self._do(lambda file: _answered_for_dead(file, at, gone))

    async def depth(self, *, tenant: str | None = None) -> list[EffectsWaiting]:
        """What waits and what is being performed."""
        return self._look(lambda file: [EffectsWaiting(*row) for row in file.execute(_DEPTH, (tenant,))])


def offer_row(tenant: str, run: str, offer: Offer) -> tuple[Any, ...]:
    """What `OFFER` writes."""
    what = (offer.path, offer.effect, offer.tool, offer.pool, json.dumps(offer.tags), offer.priority)
    return (tenant, run, *what, offer.call, offer.answers, offer.lost, offer.offered_at)


def _chosen(file: sqlite3.Connection, seeker: Seeker, limit: int) -> list[WaitingEffect]:
    own = [tool for tool, pool in seeker.tools.items() if pool in seeker.pools]
    asked = {"pools": list(seeker.pools), "has": list(seeker.tools), "own": own}
    runs = None if seeker.runs is None else json.dumps(list(seeker.runs))
    named = {name: json.dumps(what) for name, what in asked.items()}
    rows = file.execute(_WAITING, named | {"limit": limit, "runs": runs})
    waiting = [columns.waiting_effect(row) for row in rows]
    if not waiting:
        return []
    performed = [PerformedEffects(*row) for row in file.execute(_PERFORMING)]
    return chosen_effects(waiting, performed, seeker)[:limit]


def _claimed(file: sqlite3.Connection, seeker: Seeker, limit: int, expires_at: int) -> list[Claim]:
    owner = seeker.owner
    claims: list[Claim] = []
    for one in _chosen(file, seeker, limit):
        pool = seeker.pool_of(one.tool, one.pool)
        row = file.execute(
            _CLAIM, (pool, owner.id, owner.host, owner.pid, owner.pid_started, expires_at, one.no)
        ).fetchone()
        claims.append(Claim(*row))
    return claims


def _renewed(file: sqlite3.Connection, claims: Sequence[Claim], expires_at: int) -> list[Held]:
    held: list[Held] = []
    for claim in claims:
        found = file.execute(_RENEW, (expires_at, claim.offer, claim.epoch)).fetchone()
        if found is not None:
            held.append(Held(replace(claim, expires_at=expires_at), bool(found[0])))
    return held


def _answered(file: sqlite3.Connection, claim: Claim, body: bytes, sender: str, at: int) -> bool:
    found = file.execute(_ANSWERED, (claim.offer, claim.epoch)).fetchone()
    if found is None:
        return False
    tenant, run, kind = found
    if body:
        file.execute(SIGNAL, (tenant, run, kind, body, sender, at))
    return True


def _gone(file: sqlite3.Connection, host: str, is_running: Callable[[LeaseOwner], bool]) -> list[str]:
    holders = [LeaseOwner(*row) for row in file.execute(_HOLDERS, (host,))]
    return [holder.id for holder in holders if not is_running(holder)]


def _has_expired(file: sqlite3.Connection, at: int) -> bool:
    found = file.execute("select 1 from offer where owner is not null and expires_at <= ? limit 1", (at,)).fetchone()
    return found is not None


def _answered_for_dead(file: sqlite3.Connection, at: int, gone: Sequence[str]) -> int:
    named = {"at": at, "gone": json.dumps(gone)}
    put_back = file.execute(_PUT_BACK, named).fetchall()
    dead = file.execute(_DEAD, named).fetchall()
    file.executemany(SIGNAL, [(tenant, run, kind, lost, owner, at) for tenant, run, kind, lost, owner in dead if lost])
    return len(put_back) + len(dead)
