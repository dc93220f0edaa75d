"""Performing effects from the queue: claimed under leases of their own, and answered by a signal to their runs.

A claim is renewed as long as its effect is performed; one that was lost is stopped, and what comes of it counts for
nothing. What a worker has claimed and not begun is given back when it goes.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, Final, Protocol

from msgspec.structs import replace

from interlock.core.requests import Request, Result, UndoneResult
from interlock.engine.agents.crew import crew_of
from interlock.engine.agents.performing import perform_agent
from interlock.engine.effects import CallTool, FindOut
from interlock.engine.engine import Engine
from interlock.engine.errors import UnreadableOfferError
from interlock.engine.performing import Performer, result, settlement
from interlock.engine.serving.attention import Attention, to_the_end
from interlock.engine.sharing.offering import OfferedEffect, read_offered
from interlock.engine.sharing.placing import Hands
from interlock.engine.sharing.remote_journal import RemoteJournal
from interlock.engine.signals import encode_request
from interlock.store.effect_queue import Claim, EffectQueue, Seeker
from interlock.store.errors import StoreError
from interlock.tools.clock import Clock
from interlock.tools.in_flight import InFlight
from interlock.tools.outcome import ToolOutcome
from interlock.tools.reconciling import Reconciled

RENEW_SECONDS: Final = 1.0
"""How often claims are renewed, and at least three times in a lease. It is also how soon a call that is performed here
hears that it is to stop."""
ENDING_SECONDS: Final = 10.0
"""How long the end of a call that was asked to stop is waited for: longer than the door lets it clean up."""
LOOK_SECONDS: Final = 300.0
"""How often there is a look at what waits although nothing was heard of it."""
STORE_AWAY_SECONDS: Final = 1.0
"""How soon a store that did not answer is asked again."""
CLAIMED_AT_ONCE: Final = 100
"""How many effects are taken at a time by a worker that has room for any number."""

log = logging.getLogger(__name__)


class Door(Protocol):
    """What performing needs of a tenant: who moves its runs, and where their effects go."""

    @property
    def engine(self) -> Engine:
        """What reads its runs."""
        ...

    @property
    def performer(self) -> Performer:
        """Where effects go."""
        ...


class _InHand:
    """One claimed effect that is being performed."""

    def __init__(self, claim: Claim, in_flight: InFlight[Any], journal: RemoteJournal) -> None:
        self.claim = claim
        self.in_flight = in_flight
        self.journal = journal
        self.is_lost = False

    def stop(self) -> None:
        """Ask it to stop, once."""
        if not self.in_flight.stops:
            self.in_flight.stop()

    def lose(self) -> None:
        """The claim is somebody else's: what still comes of it counts for nothing."""
        self.is_lost = True
        self.journal.end()
        self.stop()


class ClaimedEffects:
    """The effects that this worker takes from the queue and performs."""

    def __init__(
        self,
        queue: EffectQueue,
        attention: Attention,
        clock: Clock,
        *,
        seeker: Callable[[], Seeker],
        door_of: Callable[[str], Door],
        hands: Hands,
        lease_micros: int,
        prepare: Callable[[str], Awaitable[object]] | None = None,
    ) -> None:
        """`prepare` is awaited before anything of a tenant is asked of `door_of`."""
        self._prepare = prepare
        self._queue = queue
        self._attention = attention
        self._clock = clock
        self._seeker = seeker
        self._door_of = door_of
        self._hands = hands
        hands.on_room(attention.call)
        self._renew_seconds = min(RENEW_SECONDS, lease_micros / 3 / 1_000_000)
        self._in_hand: dict[tuple[int, int], _InHand] = {}
        self._answers: set[asyncio.Task[None]] = set()
        self._takes_more = True
        self._idle = asyncio.Event()
        self._idle.set()

    @property
    def count(self) -> int:
        """How many are being performed."""
        return len(self._in_hand)

    async def work(self) -> None:
        """Take and perform, until it is cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._take_on())
            group.create_task(self._renew())

    def take_no_more(self) -> None:
        """From now on nothing new is begun."""
        self._takes_more = False

    async def finish(self, *, seconds: float) -> None:
        """Wait for what is being performed, for so long at most; then ask it to stop and wait for its end.

        What cannot be answered even then is left to its lease: whoever drives the run hears that its worker went.
        """
        self.take_no_more()
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._idle.wait()
        for one in list(self._in_hand.values()):
            one.journal.leave()
            one.stop()
        # Where only the saying of it is left, the store is away, and was waited for already.
        if not all(one.in_flight.is_over for one in self._in_hand.values()):
            with suppress(TimeoutError):
                async with asyncio.timeout(ENDING_SECONDS):
                    await self._idle.wait()
        for one in list(self._in_hand.values()):
            one.lose()
        if self._answers:
            await asyncio.wait(self._answers)

    # --- taking ---

    async def _take_on(self) -> None:
        while True:
            look_again: int | None = None
            seconds = LOOK_SECONDS
            try:
                await self._attention.note()
                look_again = await to_the_end(self._look())
            except StoreError as error:
                log.warning("store_away why=%s", error)
                seconds = STORE_AWAY_SECONDS
            await self._attention.wait(until=look_again, seconds_max=seconds)

    async def _look(self) -> int | None:
        """Take what there is room for; when to look again."""
        seeker = self._seeker()
        if any(one.claim.expires_at <= self._clock.now() for one in self._in_hand.values()):
            await self._renew_all()  # it was held up, and would take itself for dead
        await self._queue.answer_for_the_dead(host=seeker.owner.host)
        free = self._hands.free
        if not self._takes_more or free == 0:
            return None
        room = CLAIMED_AT_ONCE if free is None else free
        await self._take(await self._queue.claim(seeker, limit=room))
        return await self._queue.next_claim(seeker) if self._hands.free != 0 else None

    async def _take(self, claims: Sequence[Claim]) -> None:
        """Begin what was claimed. Hands may have been taken since there were some; what is not begun is put back."""
        left = list(claims)
        try:
            for claim in claims:
                if self._prepare is not None:
                    await self._prepare(claim.tenant)
                if not (self._takes_more and self._hands.take()):
                    break
                left.remove(claim)
                self._begin_if_readable(claim)
        finally:
            if left:
                await self._queue.give_back(left)

    # --- performing ---

    def _begin_if_readable(self, claim: Claim) -> None:
        """Begin an effect for which a hand was taken. One of another release is left to its lease."""
        try:
            offered = read_offered(claim.call)
        except UnreadableOfferError as error:
            log.warning("effect_unreadable run_id=%s path=%s why=%s", claim.run, claim.path, error)
            self._hands.release()
        else:
            self._begin(claim, offered)

    def _begin(self, claim: Claim, offered: OfferedEffect) -> None:
        engine = self._door_of(claim.tenant).engine
        journal = RemoteJournal(
            engine, self._clock, run=claim.run, path=claim.path, offered=offered, sender=self._seeker().owner.id
        )
        in_flight: InFlight[Any] = InFlight(
            partial(self._is_over, claim, offered), may_begin=partial(self._still_holds, _key(claim))
        )
        self._idle.clear()
        self._in_hand[_key(claim)] = _InHand(claim, in_flight, journal)
        in_flight.carry(self._perform(claim, offered, journal, in_flight))

    async def _perform(
        self, claim: Claim, offered: OfferedEffect, journal: RemoteJournal, in_flight: InFlight[Any]
    ) -> None:
        door = self._door_of(claim.tenant)
        try:
            match offered.effect:
                case CallTool() as call:
                    await journal.open()
                    if call.is_agent:
                        await self._run_agent(door, claim.run, call, journal, in_flight)
                    else:
                        await door.performer.call(claim.run, call, journal, door.engine.whole, in_flight)
                case FindOut() as question:
                    await door.performer.find_out(question, door.engine.whole, in_flight)
        except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001 - the boundary of a task
            # Nobody knows what became of it. Once its claim has run out, its run hears that.
            log.warning("effect_broken_off run_id=%s path=%s why=%r", claim.run, claim.path, error)
            if not in_flight.is_over:
                self._let_go(claim)

    async def _run_agent(
        self, door: Door, run: str, call: CallTool, journal: RemoteJournal, in_flight: InFlight[ToolOutcome]
    ) -> None:
        plan = await door.engine.plan_of((await door.engine.row(run)).bundle)
        crew = crew_of(door.engine, door.performer, self._clock, plan, run)
        await perform_agent(crew, call, journal, in_flight)

    def _is_over(self, claim: Claim, offered: OfferedEffect, outcome: ToolOutcome | Reconciled) -> None:
        one = self._in_hand[_key(claim)]
        answering = asyncio.get_running_loop().create_task(self._answer(one, _told(offered, outcome)))
        self._answers.add(answering)
        answering.add_done_callback(self._answers.discard)

    async def _answer(self, one: _InHand, told: Request | None) -> None:
        """Say it until it is said or the claim is lost: a store that is away for a while is waited for."""
        body = b"" if told is None else encode_request(told)
        try:
            while not one.is_lost:
                try:
                    await self._say(one, told, body)
                    break
                except StoreError:
                    await asyncio.sleep(self._renew_seconds)
        finally:
            self._let_go(one.claim)

    async def _say(self, one: _InHand, told: Request | None, body: bytes) -> None:
        if not await self._queue.answer(one.claim, body=body, sender=self._seeker().owner.id):
            log.warning("answer_refused run_id=%s path=%s", one.claim.run, one.claim.path)
        elif isinstance(told, Result | UndoneResult) and told.result.status == "done":
            with suppress(StoreError):  # it is said; a heartbeat that stays is in nobody's way
                await one.journal.forget_heartbeat()

    def _let_go(self, claim: Claim) -> None:
        one = self._in_hand.pop(_key(claim), None)
        if one is not None:
            one.journal.end()
            self._hands.release()
            self._attention.call()
        if not self._in_hand:
            self._idle.set()

    # --- keeping ---

    async def _still_holds(self, key: tuple[int, int]) -> bool:
        """Whether a claim is still held: who was held up for longer than it lasts asks before touching the world."""
        one = self._in_hand.get(key)
        if one is None or self._clock.now() < one.claim.expires_at:
            return one is not None
        with suppress(StoreError):
            for held in await self._queue.renew([one.claim]):
                one.claim = held.claim
                return True
        return False

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(self._renew_seconds)
            if self._in_hand:
                with suppress(StoreError):  # a claim outlives a few missed beats
                    await self._renew_all()

    async def _renew_all(self) -> None:
        in_hand = list(self._in_hand.values())
        held = {_key(one.claim): one for one in await self._queue.renew([one.claim for one in in_hand])}
        for one in in_hand:
            kept = held.get(_key(one.claim))
            if kept is None and self._in_hand.get(_key(one.claim)) is one and not one.in_flight.is_over:
                log.warning("claim_lost run_id=%s path=%s", one.claim.run, one.claim.path)
                one.lose()
            elif kept is not None and kept.is_stopping:
                one.stop()
            if kept is not None:
                one.claim = kept.claim
        for one in in_hand:
            if not one.is_lost:
                await one.journal.keep_heartbeat()


def _key(claim: Claim) -> tuple[int, int]:
    """What tells a claim from every other one, also of the same offer."""
    return claim.offer, claim.epoch


def _told(offered: OfferedEffect, outcome: Any) -> Request | None:  # noqa: ANN401 - of a call or of a question
    """What the run is told: of a question that nobody could answer, nothing."""
    if isinstance(offered.effect, FindOut):
        settled = settlement(offered.effect, outcome)
        return None if settled is None else replace(settled, asked_at=offered.seq)
    return result(offered.effect, outcome)
