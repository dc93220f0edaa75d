"""Driving one run: arrivals go in, the engine advances, what was recorded is performed, and so on to its end.

One task owns the run's state. Whatever happens meanwhile waits in the inbox and is recorded together, in one append.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, TypeAlias

from msgspec.structs import replace

from interlock.core.events import Event, NodeResult
from interlock.core.evolving.resting import may_rest, waits_for_outside
from interlock.core.evolving.under_way import attempt_at
from interlock.core.requests import MigrateRun, Refused, Request, Result, TimePassed, UndoneResult
from interlock.core.state import StatusWord, Step, status_of
from interlock.core.values import Value
from interlock.engine.agents.crew import Crew, crew_of
from interlock.engine.agents.performing import perform_agent
from interlock.engine.alarm import Alarm
from interlock.engine.awaited_steps import AwaitedSteps
from interlock.engine.calls_in_hand import CallsInHand
from interlock.engine.effects import CallTool, Effect, FindOut, SendOut, StopCall, still_unknown
from interlock.engine.engine import REST_MICROS, Advance, Arrival, Engine, RunInHand
from interlock.engine.inbox import Inbox, Letter
from interlock.engine.journaling import RunJournal
from interlock.engine.live_words import Live, Progress, Words
from interlock.engine.performing import Performer, result, settlement
from interlock.engine.releasing.migrating import looked_at
from interlock.engine.sharing.elsewhere import EffectsElsewhere
from interlock.engine.sharing.offering import place_of
from interlock.engine.sharing.placing import Placing
from interlock.engine.taking_up import left_behind
from interlock.engine.wake import Wake
from interlock.store.effect_queue import Offer, OfferRow
from interlock.store.errors import StoreError
from interlock.tools.clock import Clock
from interlock.tools.in_flight import InFlight
from interlock.tools.outcome import ToolOutcome
from interlock.tools.reconciling import Reconciled

Listener: TypeAlias = Callable[[tuple[Event, ...]], None]


class RunDriver:
    """Drives one run until it ends, or until it is told to let go."""

    def __init__(
        self,
        engine: Engine,
        run: RunInHand,
        performer: Performer,
        clock: Clock,
        *,
        placing: Placing,
        on_end: Callable[[RunDriver], None],
        on_offer: Sequence[OfferRow] = (),
    ) -> None:
        """`on_offer`: what stands on the effect queue of a run that is taken up."""
        self.engine = engine
        self.run = run
        self.performer = performer
        self.clock = clock
        self.placing = placing
        self.listeners: list[Listener] = []
        self.watchers: list[Callable[[Live], None]] = []
        self.failure: Exception | None = None
        """What ended the driving before the run had ended, if anything did."""
        self.is_over = False
        self._on_end = on_end
        self._inbox = Inbox()
        self._wake = Wake()
        self._in_hand = CallsInHand()
        self._kept_back: dict[str, Arrival] = {}
        """What came of agents that were put down while they only waited: they are taken up as if nothing had."""
        self._elsewhere = EffectsElsewhere(
            engine.store.queue,
            clock,
            tenant=engine.tenant,
            run=run.state.run,
            tell=lambda request: self.deliver(Arrival(request)),
        )
        self._on_offer = on_offer
        self._hands = 0
        """How many hands are taken by what is performed here."""
        self._answers = AwaitedSteps()
        self._heartbeats: dict[str, Value] = {}
        self._alarm = Alarm(clock, lambda: self.deliver(Arrival(TimePassed())))
        self._goes_on = False
        """Whether more follows from what is on record than one append could hold."""
        self._may_move = False
        """Whether somebody has asked the run to go on on another bundle: most never are."""
        self._is_kept = False
        self._let_go = False
        self._winds_up = False
        self._drains = False
        self._fault: BaseException | None = None
        self._resting: list[asyncio.Future[None]] = []
        self._is_moving = True
        """Whether the state is being advanced, or is still to be for the first time."""
        self._status: StatusWord = status_of(run.state)
        self.has_begun = run.state.seq > 0
        """Whether anything of the run is on record, and with it the lease under which it is driven."""

    @property
    def run_id(self) -> str:
        """The run's name."""
        return self.run.state.run

    @property
    def status(self) -> StatusWord:
        """Where the run stands, by what is on record."""
        return self._status

    # --- what others put in ---

    def deliver(self, arrival: Arrival) -> None:
        """An arrival to be recorded; nobody waits for it."""
        self._put(Letter(arrival))

    def submit(self, request: Request, *, by: str = "") -> asyncio.Future[Refused | None]:
        """A request to be recorded: done when it is durable, with the reason if it was refused."""
        reply: asyncio.Future[Refused | None] = asyncio.get_running_loop().create_future()
        if self.is_over:
            reply.set_result(self._not_here())
        else:
            self._put(Letter(Arrival(request, by), reply))
        return reply

    def _put(self, letter: Letter) -> None:
        self._inbox.put(letter)
        self._may_move = self._may_move or isinstance(letter.arrival.request, MigrateRun)
        self._wake.set()

    def let_go(self) -> None:
        """Stop driving after what is in hand; what is in flight is left to whoever drives the run next."""
        self._let_go = True
        self._wake.set()

    def keep(self) -> None:
        """Do not give the run back while it rests."""
        self._is_kept = True

    def drain(self) -> None:
        """Go on as long as something is performed here, then let go: nothing that was begun is broken off."""
        self._drains = True
        self._wake.set()

    async def rest(self) -> None:
        """Wait until nothing but people or other systems can move the run on, or it is not driven here any more."""
        rests: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._resting.append(rests)
        self._tell_rest()
        await rests

    # --- the loop ---

    async def drive(self, *, is_new: bool) -> None:
        """Drive to the end: a new run by the start that was submitted, any other from where its log ends."""
        try:
            if not is_new:
                self._take_up_offers()
                await self._advance(self._take_up_letters(), also=still_unknown(self.run.plan, self.run.state))
            while not (self.run.has_ended or self._let_go or self._is_drained()):
                await self._wake.wait()
                self._wake.clear()
                if self._fault is not None:
                    raise self._fault
                if self._inbox or self._goes_on:
                    await self._advance(self._inbox.take())
                else:
                    self._let_go = self._let_go or self._may_be_left()
        finally:
            await self._wind_up()

    def _is_drained(self) -> bool:
        if not self._drains or self._inbox or self._elsewhere.is_withdrawing:
            return False
        return self._in_hand.only_wait(self.run.plan, self.run.state)

    @property
    def has_offers(self) -> bool:
        """Whether effects of the run are left to others just now."""
        return bool(self._elsewhere)

    def _take_up_offers(self) -> None:
        rows, self._on_offer = self._on_offer, ()
        is_for_here = partial(self.placing.keeps_for_itself, self.run)
        self._elsewhere.take_up(self.run.plan, self.run.state, rows, is_for_here=is_for_here)

    def _take_up_letters(self) -> list[Letter]:
        """A run that is taken up again: of what was in flight nobody knows what became, and time has passed.

        What was left for the driver before counts as having come before: a request that was taken is not overtaken.
        """
        inbox = self._inbox.take()
        left = [letter for letter in inbox if letter.arrival.signal is not None]
        fresh = [letter for letter in inbox if letter.arrival.signal is None]
        answered = {
            (letter.arrival.request.path, letter.arrival.request.result.effect)
            for letter in left
            if isinstance(letter.arrival.request, Result | UndoneResult)
        }
        lost = left_behind(
            self.run.plan,
            self.run.state,
            # What others perform goes on: it does not matter to them who drives the run.
            is_known=lambda call: call.path in self._elsewhere or (call.path, call.effect) in answered,
        )
        return [*map(Letter, lost), *left, Letter(Arrival(TimePassed())), *fresh]

    async def _advance(self, letters: list[Letter], *, also: Sequence[FindOut] = ()) -> None:
        self._is_moving = True
        try:
            if self._may_move:
                letters = await self._migrations_first(letters)
            advance = await self.engine.advance(
                self.run,
                [letter.arrival for letter in letters],
                place=self._place,
                also=also,
                gives_back=self._may_give_back(),
                may_move=self._may_move,
            )
        except BaseException as error:
            self._inbox.fail(letters, error)
            raise
        finally:
            self._is_moving = False
        self._status = status_of(self.run.state)
        self.has_begun = True
        self._goes_on = advance.goes_on
        if self._elsewhere or advance.offered:
            self._elsewhere.note(
                self.run.plan,
                self.run.state,
                arrivals=[letter.arrival for letter in letters],
                offers=advance.offered,
                effects=advance.effects,
            )
        self._inbox.answer(letters, advance.refused, has_moved=bool(advance.events))
        if self._inbox:
            self._wake.set()
        self._tell(advance)
        self._let_go = self._let_go or advance.rests
        self._perform(advance.effects)
        self._alarm.set(advance.wake_at)
        self._tell_rest()
        self._let_go = self._let_go or self._may_be_left()
        if self._goes_on:
            self._wake.set()
            await asyncio.sleep(0)  # others have their turn, and whoever wants to cancel it is heard
        if advance.is_moved:
            await self._go_on_migrated()

    async def _migrations_first(self, letters: list[Letter]) -> list[Letter]:
        """Whether the log allows a migration is found out for the log as it is: no arrival may come before it."""
        looked: list[Letter] = []
        for letter in letters:
            request = letter.arrival.request
            if isinstance(request, MigrateRun):
                request = await looked_at(
                    self.engine, self.run_id, self.run.state.seq, request, missing=self.performer.missing
                )
                looked.append(replace(letter, arrival=replace(letter.arrival, request=request)))
        return [*looked, *(letter for letter in letters if not isinstance(letter.arrival.request, MigrateRun))]

    async def _go_on_migrated(self) -> None:
        """The log is folded anew by the plan of the other bundle. Calls in flight go on: they are the same by both."""
        run = await self.engine.load(self.run_id, self.run.lease)
        run.lease = self.run.lease  # it may have been renewed meanwhile
        self.run = run
        await self._advance([])

    def _tell(self, advance: Advance) -> None:
        for listener in self.listeners:
            listener(advance.events)
        if self._answers:
            self._answers.give(self.run.plan, self.run.state)

    # --- effects ---

    def _place(self, effects: Sequence[Effect]) -> Sequence[Offer]:
        """What others are to perform; for the rest hands are taken here."""
        if self.placing.is_all_here:
            return ()
        now = self.engine.now()
        offers = self.placing.offers(self.run, effects, heartbeats=self._heartbeats, at=now)
        self._hands += sum(isinstance(effect, CallTool | FindOut) for effect in effects) - len(offers)
        return offers

    def _release_hand(self) -> None:
        if self._hands:
            self._hands -= 1
            self.placing.hands.release()

    def _may_give_back(self) -> bool:
        """Whether the run may be left to whoever hears of what moves it on: nobody waits for it here."""
        if not self.placing.is_shared or self._is_kept:
            return False
        is_looked_at = self.listeners or self.watchers or self._resting
        is_at_work = self._elsewhere or self._elsewhere.is_withdrawing
        return not (is_looked_at or is_at_work) and self._in_hand.only_wait(self.run.plan, self.run.state)

    def _may_be_left(self) -> bool:
        """Whether the run rests, and nobody here has to hold it."""
        if self._inbox or self._goes_on or not self._may_give_back():
            return False
        return may_rest(self.run.state, until=self.engine.now() + REST_MICROS)

    def _perform(self, effects: Sequence[Effect]) -> None:
        for effect in effects:
            match effect:
                case CallTool() | FindOut() if self._elsewhere and place_of(effect) in self._elsewhere:
                    pass
                case SendOut():
                    sent = NodeResult(effect.effect, "done")
                    self.deliver(Arrival(Result(path=effect.path, result=sent)))
                case StopCall():
                    if not self._in_hand.stop(effect.path) and effect.path in self._elsewhere:
                        self._elsewhere.stop(effect.path)
                case CallTool():
                    calling = InFlight(partial(self._call_is_over, effect), self._still_holds)
                    self._in_hand.begin(effect.path, calling, self._call(effect, calling), is_agent=effect.is_agent)
                case FindOut():
                    asking = InFlight(partial(self._was_found_out, effect), self._still_holds)
                    self._in_hand.begin(place_of(effect), asking, self._find_out(effect, asking), is_agent=False)

    def _still_holds(self) -> Awaitable[bool]:
        return self.engine.still_holds(self.run)

    async def _call(self, effect: CallTool, calling: InFlight[ToolOutcome]) -> None:
        journal = RunJournal(self, effect.path)
        try:
            if effect.has_steps:
                await journal.open()
            if effect.is_agent:
                await perform_agent(self._crew(), effect, journal, calling)
            else:
                await self.performer.call(self.run_id, effect, journal, self.whole, calling)
        except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001 - the boundary of a task: see `_fail`
            self._fail(effect.path, calling, error)

    def _crew(self) -> Crew:
        return crew_of(self.engine, self.performer, self.clock, self.run.plan, self.run_id)

    def _call_is_over(self, effect: CallTool, outcome: ToolOutcome) -> None:
        is_put_down = self._winds_up and self._in_hand.may_be_put_down(self.run.plan, self.run.state, effect.path)
        self._in_hand.is_last_begun(effect.path)
        self._release_hand()
        arrival = Arrival(result(effect, outcome))
        if is_put_down:
            self._kept_back[effect.path] = arrival
            self._wake.set()
        else:
            self.deliver(arrival)

    async def _find_out(self, effect: FindOut, asking: InFlight[Reconciled]) -> None:
        try:
            await self.performer.find_out(effect, self.whole, asking)
        except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001 - the boundary of a task: see `_fail`
            self._fail(place_of(effect), asking, error)

    def _was_found_out(self, effect: FindOut, found: Reconciled) -> None:
        # An answer that was overtaken by another call and another question may have been true before that call.
        self._release_hand()
        settled = settlement(effect, found) if self._in_hand.is_last_begun(place_of(effect)) else None
        if settled is None:
            self._wake.set()
            self._tell_rest()
        else:
            self.deliver(Arrival(settled, by="reconcile"))

    def _fail(self, key: str, in_flight: InFlight[Any], error: BaseException) -> None:
        """Nobody knows what became of the effect, so the run cannot go on here: whoever drives it next finds out."""
        if in_flight.is_over:
            return  # it was reported as given up, and the run has gone on since
        self._in_hand.drop(key, in_flight)
        self._release_hand()
        self._fault = error
        self._wake.set()

    # --- what a journal needs ---

    def recorded_steps(self, path: str) -> dict[int, Step]:
        """The steps on record of the attempt that is under way there."""
        attempt = attempt_at(self.run.plan, self.run.state, path)
        return {} if attempt is None else attempt.steps

    async def whole(self, value: Value) -> Value:
        """A value with everything in it that is kept elsewhere."""
        return await self.engine.whole(value)

    def until_over(self, path: str, ordinal: int) -> Awaitable[Step]:
        """A step, as soon as somebody has answered it, or the graph that it has called has ended."""
        over = self._answers.until_over(path, ordinal)
        self._answers.give(self.run.plan, self.run.state)
        return over

    @property
    def is_leaving(self) -> bool:
        """Whether the run is just being left to whoever drives it next."""
        return self._winds_up

    def show_progress(self, path: str, fraction: float | None, text: str) -> None:
        """Tell whoever watches how far a node's own code is."""
        for watcher in self.watchers:
            watcher(Progress(path, fraction, text))

    def refuse_waiting(self, path: str) -> None:
        """Refuse the steps of an attempt that wait until they may be made: who asked for them is to stop."""
        self._inbox.refuse_put_off(path, Refused(f"{path} was asked to stop"))

    @property
    def is_watched(self) -> bool:
        """Whether anybody watches, just now."""
        return bool(self.watchers)

    def show_words(self, path: str, text: str) -> None:
        """Tell whoever watches what a model is just saying."""
        for watcher in self.watchers:
            watcher(Words(path, text))

    def keep_heartbeat(self, path: str, details: Value) -> None:
        """Keep what a tool said last of itself, for its next try here."""
        self._heartbeats[path] = details

    def heartbeat_of(self, path: str) -> Value:
        """What a tool said last of itself, in an earlier try here."""
        return self._heartbeats.get(path)

    # --- rest and the end ---

    def _tell_rest(self) -> None:
        if not self._resting or self._is_moving:
            return
        if self.is_over or self.run.has_ended or not (self._is_busy() or self._inbox or self._goes_on):
            self._end_rest()

    def _is_busy(self) -> bool:
        """Whether something of the run goes on by itself, or is performed here and would be broken off."""
        is_idle = self._in_hand.only_wait(self.run.plan, self.run.state)
        return not (is_idle and waits_for_outside(self.run.state, at=self.clock.now()))

    def _end_rest(self) -> None:
        resting, self._resting = self._resting, []
        for rests in resting:
            if not rests.done():
                rests.set_result(None)

    async def _wind_up(self) -> None:
        """Nothing is left running behind the run: calls are asked to stop, and what comes of them is put on record."""
        self._winds_up = True
        self._alarm.end()
        self._in_hand.stop_all()
        try:
            while self._in_hand:
                await self._wake.wait()
                self._wake.clear()
                await self._record_last()
            await self._elsewhere.settle()
            await self._record_last()
            for path, arrival in self._kept_back.items():
                attempt = attempt_at(self.run.plan, self.run.state, path)
                if attempt is not None and not attempt.waits:
                    self.deliver(arrival)  # somebody has answered meanwhile
            await self._record_last()
        finally:
            while self._hands:
                self._release_hand()
            self.is_over = True
            self._on_end(self)
            self._end_rest()

    async def _record_last(self) -> None:
        """What arrives in the end is recorded and nothing is decided: nobody here would act on what follows."""
        letters = self._inbox.take_all()
        refused: Sequence[Refused | None] = [self._not_here()] * len(letters)
        try:
            if letters and not (self.run.has_ended or self.run.is_broken):
                # A lease that was lost is no trouble here: whoever has it now finds out what became of the effects.
                with suppress(StoreError):
                    refused = await self.engine.record(self.run, [letter.arrival for letter in letters])
        finally:
            for letter, answer in zip(letters, refused, strict=True):
                letter.answer(self._not_here() if answer is not None and answer.later else answer)

    def _not_here(self) -> Refused:
        if self.run.has_ended:
            return Refused(f"run {self.run_id} has ended ({self.status})")
        return Refused(f"run {self.run_id} is not driven here any more: ask again")
