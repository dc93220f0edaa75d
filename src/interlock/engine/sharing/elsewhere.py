"""The effects of one run that others perform: on offer, claimed by another worker, or answered and not yet recorded.

Knows which they are, takes back what is to be stopped or was taken on by nobody in time, and leaves nothing on offer
that the run no longer asks for. Performs nothing, and decides nothing about what follows.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Sequence
from functools import partial
from typing import Any, Final

from interlock.core.paths import node_at
from interlock.core.plan import Plan
from interlock.core.requests import Request, Result, UndoneResult
from interlock.core.state import Calling, RunState
from interlock.engine.effects import CallTool, Effect, FindOut, interrupted, is_asked
from interlock.engine.engine import Arrival
from interlock.engine.sharing.offering import Performed, never_begun, never_taken, place_of, read_offered
from interlock.store.effect_queue import EffectQueue, Offer, OfferRow
from interlock.store.errors import StoreError
from interlock.tools.clock import Clock, Timer

AGAIN_MICROS: Final = 10_000_000
"""After this time an effect that was claimed is asked for once more: its worker may have put it back unbegun."""
STORE_AWAY_MICROS: Final = 1_000_000
"""After this time a store that did not answer is asked once more."""


class EffectsElsewhere:
    """What this run has given to others. `tell` hears of an effect that came back before anybody had begun it."""

    def __init__(
        self, queue: EffectQueue, clock: Clock, *, tenant: str, run: str, tell: Callable[[Request], None]
    ) -> None:
        self._queue = queue
        self._clock = clock
        self._tenant = tenant
        self._run = run
        self._tell = tell
        self._effects: dict[str, Performed] = {}
        self._timers: dict[str, Timer] = {}
        """When an effect is asked for: at its deadline, or once more."""
        self._withdrawing: set[asyncio.Task[object]] = set()
        self._is_over = False

    def __bool__(self) -> bool:
        """Whether others perform anything of it."""
        return bool(self._effects)

    def __contains__(self, place: str) -> bool:
        """Whether the effect at a place is performed by others."""
        return place in self._effects

    @property
    def is_withdrawing(self) -> bool:
        """Whether something is being taken back from the queue just now."""
        return bool(self._withdrawing)

    # --- what becomes known ---

    def take_up(
        self, plan: Plan, state: RunState, rows: Iterable[OfferRow], *, is_for_here: Callable[[Performed], bool]
    ) -> None:
        """The run was driven by somebody else before: these are on offer of it.

        What was to be stopped is stopped once more: who drove it may have gone before that was heard.
        """
        in_flight = {(call.path, call.effect) for call in interrupted(plan, state)}
        for row in rows:
            effect = read_offered(row.call).effect
            if isinstance(effect, CallTool) and (effect.path, effect.effect) not in in_flight:
                self._clear(row.path)
                continue
            self._hold(effect)
            if isinstance(effect, CallTool) and _is_cancelling(plan, state, effect.path):
                self.stop(row.path)
            elif isinstance(effect, CallTool) and is_for_here(effect):
                self._begin(self._take_back(effect, stops=False, told=never_begun))

    def note(
        self,
        plan: Plan,
        state: RunState,
        *,
        arrivals: Iterable[Arrival],
        offers: Sequence[Offer],
        effects: Sequence[Effect],
    ) -> None:
        """The run was moved on by these arrivals, which led to these effects, of which some were put on offer."""
        left = [*self._note_answered(arrivals), *self._note_placed(offers, effects)]
        left += [place for place, asked in self._questions() if not is_asked(plan, state, asked)]
        for place in left:
            self._drop(place)
            self._clear(place)

    def _note_answered(self, arrivals: Iterable[Arrival]) -> list[str]:
        """Forget what was answered; those that are still on offer, since their answers came otherwise."""
        left: list[str] = []
        for arrival in arrivals:
            request = arrival.request
            if not isinstance(request, Result | UndoneResult):
                continue
            effect = self._effects.get(request.path)
            if effect is not None and effect.effect == request.result.effect:
                self._drop(request.path)
                if arrival.signal is None:
                    left.append(request.path)
        return left

    def _note_placed(self, offers: Sequence[Offer], effects: Sequence[Effect]) -> list[str]:
        """Hold what was put on offer; what is performed here from now on, though it is still on offer."""
        offered = {offer.path for offer in offers}
        left: list[str] = []
        for effect in effects:
            if not isinstance(effect, CallTool | FindOut):
                continue
            if place_of(effect) in offered:
                self._hold(effect)
            elif place_of(effect) in self._effects:
                left.append(place_of(effect))
        return left

    def _questions(self) -> list[tuple[str, FindOut]]:
        return [(place, effect) for place, effect in self._effects.items() if isinstance(effect, FindOut)]

    def _hold(self, effect: Performed) -> None:
        place = place_of(effect)
        self._drop(place)
        self._effects[place] = effect
        if isinstance(effect, CallTool) and effect.due is not None:
            self._ask_at(effect.due, place, self._expire)

    def _drop(self, place: str) -> None:
        self._effects.pop(place, None)
        timer = self._timers.pop(place, None)
        if timer is not None:
            timer.cancel()

    # --- taking back ---

    def stop(self, place: str) -> None:
        """Take an effect back, or let its worker hear that it is to stop."""
        effect = self._effects.get(place)
        if effect is not None:
            self._begin(self._take_back(effect, stops=True, told=never_begun, again=self.stop))

    async def settle(self) -> None:
        """Take nothing more back, and wait until what is being taken back has come."""
        self._is_over = True
        for place in list(self._timers):
            self._timers.pop(place).cancel()
        while self._withdrawing:
            await asyncio.wait(self._withdrawing)
        self._tell = _to_nobody  # else this and the driver would hold each other, and be left to the collector

    def _expire(self, place: str) -> None:
        """Its time is up. Who performs it knows that; if nobody does, nobody will."""
        effect = self._effects.get(place)
        if isinstance(effect, CallTool):
            told = partial(never_taken, effect)
            self._begin(self._take_back(effect, stops=False, told=lambda _: told(), again=self._expire))

    def _clear(self, place: str) -> None:
        """Leave nothing on offer of which the run wants to hear nothing."""
        self._begin(self._withdraw(place, stops=True))

    def _begin(self, work: Coroutine[Any, Any, object]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._withdrawing.add(task)
        task.add_done_callback(self._withdrawing.discard)

    async def _take_back(
        self,
        effect: Performed,
        *,
        stops: bool,
        told: Callable[[Performed], Request | None],
        again: Callable[[str], None] | None = None,
    ) -> None:
        place = place_of(effect)
        is_withdrawn = await self._withdraw(place, stops=stops)
        if self._effects.get(place) is not effect:
            return  # it was answered meanwhile
        if is_withdrawn:
            self._drop(place)
            request = told(effect)
            if request is not None:
                self._tell(request)
        elif again is not None:
            after = STORE_AWAY_MICROS if is_withdrawn is None else AGAIN_MICROS
            self._ask_at(self._clock.now() + after, place, again)

    async def _withdraw(self, place: str, *, stops: bool) -> bool | None:
        """Whether it was on offer and is so no more; None: the store did not say."""
        try:
            return await self._queue.withdraw(self._tenant, self._run, place, stops=stops)
        except StoreError:
            return None

    def _ask_at(self, due: int, place: str, act: Callable[[str], None]) -> None:
        if self._is_over:
            return
        before = self._timers.pop(place, None)
        if before is not None:
            before.cancel()
        self._timers[place] = self._clock.call_at(due, partial(act, place))


def _to_nobody(request: Request) -> None:
    """Who has settled has nothing to tell any more."""


def _is_cancelling(plan: Plan, state: RunState, path: str) -> bool:
    found = node_at(plan, state, path)
    live = found[0].live.get(found[1].index) if found else None
    return isinstance(live, Calling) and live.cancelling
