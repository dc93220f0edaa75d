"""The effects of one run that others perform: on offer, claimed by another worker, or answered and not yet recorded."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence

from interlock.core.evolving.journal import attempt_at
from interlock.core.plan import Plan
from interlock.core.requests import Request, Result, UndoneResult
from interlock.core.state import RunState
from interlock.engine.effects import CallTool, Effect, FindOut, interrupted
from interlock.engine.offering import Performed, never_begun, place_of
from interlock.store.effect_queue import EffectQueue, Offer
from interlock.store.errors import StoreError


class EffectsElsewhere:
    """What this run has given to others. `tell` hears of an effect that came back before anybody had begun it."""

    def __init__(
        self,
        queue: EffectQueue,
        *,
        tenant: str,
        run: str,
        effects: Iterable[Performed],
        tell: Callable[[Request], None],
        fail: Callable[[BaseException], None],
    ) -> None:
        self._queue = queue
        self._tenant = tenant
        self._run = run
        self._tell = tell
        self._fail = fail
        self._effects: dict[str, Performed] = {place_of(effect): effect for effect in effects}
        self._withdrawing: set[asyncio.Task[None]] = set()

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

    def note_offered(self, offers: Sequence[Offer], effects: Sequence[Effect]) -> None:
        """These of the effects were put on offer; what is begun here is no longer elsewhere."""
        offered = {offer.path for offer in offers}
        for effect in effects:
            if isinstance(effect, CallTool | FindOut):
                if place_of(effect) in offered:
                    self._effects[place_of(effect)] = effect
                else:
                    self._effects.pop(place_of(effect), None)

    def note_answered(self, requests: Iterable[Request]) -> None:
        """What was recorded may have been an answer."""
        for request in requests:
            if isinstance(request, Result | UndoneResult):
                self._effects.pop(request.path, None)

    def stop(self, place: str) -> None:
        """Take an effect back, or let its worker hear that it is to stop."""
        task = asyncio.get_running_loop().create_task(self._withdraw(self._effects[place]))
        self._withdrawing.add(task)
        task.add_done_callback(self._withdrawing.discard)

    async def settle(self) -> None:
        """Wait until nothing is being taken back any more."""
        if self._withdrawing:
            await asyncio.wait(self._withdrawing)

    async def _withdraw(self, effect: Performed) -> None:
        place = place_of(effect)
        try:
            is_withdrawn = await self._queue.withdraw(self._tenant, self._run, place)
        except StoreError as error:
            self._fail(error)
            return
        told = never_begun(effect) if is_withdrawn else None
        if is_withdrawn:
            self._effects.pop(place, None)
        if told is not None:
            self._tell(told)


async def performed_elsewhere(
    queue: EffectQueue, plan: Plan, state: RunState, *, answered: Iterable[Request]
) -> list[Performed]:
    """What of a run that is taken up others perform already: it is on offer, or its answer waits to be recorded."""
    offers = {offer.path: offer.effect for offer in await queue.offers(state.tenant, state.run)}
    answers = {request.path for request in answered if isinstance(request, Result | UndoneResult)}
    calls = _calls_in_flight(plan, state)
    return [call for path, call in calls.items() if path in answers or offers.get(path) == call.effect]


def _calls_in_flight(plan: Plan, state: RunState) -> Mapping[str, CallTool]:
    found: dict[str, CallTool] = {}
    for call in interrupted(plan, state):
        attempt = attempt_at(plan, state, call.path)
        first = 1 if attempt is None else attempt.first
        found[call.path] = CallTool(
            call.path, call.tool, call.effect, attempt=first, input=None, due=None, is_undo=call.is_undo
        )
    return found
