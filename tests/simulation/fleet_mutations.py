"""Bugs put on purpose into what several processes share, one at a time: offers, claims, hands, runs given back.

Each is a method or a function with something wrong in its place.
"""

# ruff: noqa: ANN401, SLF001 - what is put in place of a function takes whatever that takes, and knows what it knew

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any, Final

from msgspec import Struct

from interlock.engine import driving, engine
from interlock.engine.engine import Engine
from interlock.engine.sharing.claimed_effects import ClaimedEffects
from interlock.engine.sharing.elsewhere import EffectsElsewhere
from interlock.engine.sharing.placing import Hands
from interlock.store.event_store import Append
from interlock.store.memory.effect_queue import MemoryEffectQueue
from interlock.store.memory.retention import MemoryRetention

# What is put in place of a function takes whatever that takes.
Wrong = Callable[..., Any]


class FleetMutation(Struct, frozen=True):
    """One bug: what it is, which function of what has it, and which rules may be seen to break first."""

    name: str
    places: tuple[Any, ...]
    """The class that has the method, or the modules that have the function."""
    function: str
    wrong: Callable[[Wrong], Wrong]
    """Makes the wrong function of the right one."""
    breaks: tuple[int, ...]
    first: int = 1
    """From which seed on it is soon seen."""


@contextmanager
def injected_in_fleet(mutation: FleetMutation) -> Generator[None]:
    """The engine with one bug; mended on the way out."""
    right = [getattr(place, mutation.function) for place in mutation.places]
    for place, function in zip(mutation.places, right, strict=True):
        setattr(place, mutation.function, mutation.wrong(function))
    try:
        yield
    finally:
        for place, function in zip(mutation.places, right, strict=True):
            setattr(place, mutation.function, function)


def _does_nothing(_right: Wrong) -> Wrong:
    return lambda *_, **__: None


def _takes_the_word_of_the_lost(right: Wrong) -> Wrong:
    async def answer(queue: Any, claim: Any, *, body: bytes, sender: str) -> bool:
        if not await right(queue, claim, body=body, sender=sender) and body:
            queue._signal(claim.tenant, claim.run, claim.answers, body, sender)
        return True

    return answer


def _appends_no_offers(right: Wrong) -> Wrong:
    def append(engine_: Any, *given: Any, **known: Any) -> Append | None:
        return right(engine_, *given, **known | {"offers": ()})

    return append


def _answers_for_the_dead_again(right: Wrong) -> Wrong:
    async def answer(queue: Any, *, host: str) -> int:
        before = dict(queue._on_offer)
        answered = await right(queue, host=host)
        for number in before.keys() - queue._on_offer.keys():
            if not before[number].is_stopping:
                before[number].is_stopping = True
                queue._on_offer[number] = before[number]
        return answered

    return answer


def _releases_two(right: Wrong) -> Wrong:
    def release(hands: Any) -> None:
        right(hands)
        right(hands)

    return release


def _forgets_the_hand(right: Wrong) -> Wrong:
    def let_go(effects: Any, claim: Any) -> None:
        one = effects._in_hand.get((claim.offer, claim.epoch))
        if one is not None and one.is_lost:
            effects._hands.busy += 1
        right(effects, claim)

    return let_go


def _rests_with_calls_in_flight(_right: Wrong) -> Wrong:
    def may_rest(state: Any, **_: Any) -> bool:
        return len(state.matters) == 0 and len(state.stops) == 0

    return may_rest


def _withdraws_in_words_only(right: Wrong) -> Wrong:
    async def withdraw(queue: Any, tenant: str, run: str, path: str, **known: Any) -> bool:
        found = queue._at(tenant, run, path)
        is_withdrawn = await right(queue, tenant, run, path, **known)
        if is_withdrawn:
            queue._on_offer[found[0].no] = found[0]
        return is_withdrawn

    return withdraw


def _is_given_to_two(right: Wrong) -> Wrong:
    async def claim(queue: Any, seeker: Any, *, limit: int) -> Any:
        claims = await right(queue, seeker, limit=limit)
        for one in claims:
            if one.epoch == 1:
                queue._on_offer[one.offer].owner = None
        return claims

    return claim


def _drops_nothing(_right: Wrong) -> Wrong:
    async def drop_leftovers(*_: Any, **__: Any) -> int:
        return 0

    return drop_leftovers


FLEET_MUTATIONS: Final = (
    FleetMutation("a lost claim answers", (MemoryEffectQueue,), "answer", _takes_the_word_of_the_lost, (5,), first=50),
    FleetMutation("offers are not in the append", (Engine,), "_what_is_appended", _appends_no_offers, (10,)),
    FleetMutation("what is elsewhere counts as interrupted", (EffectsElsewhere,), "_hold", _does_nothing, (5, 10)),
    FleetMutation(
        "the dead are answered for twice",
        (MemoryEffectQueue,),
        "answer_for_the_dead",
        _answers_for_the_dead_again,
        (5,),
    ),
    FleetMutation("a hand is released twice", (Hands,), "release", _releases_two, (10,)),
    FleetMutation(
        "the hand of a lost claim stays taken", (ClaimedEffects,), "_let_go", _forgets_the_hand, (10,), first=30
    ),
    FleetMutation(
        "a run rests with a call in flight",
        (driving, engine),
        "may_rest",
        _rests_with_calls_in_flight,
        (10,),
    ),
    FleetMutation(
        "what was withdrawn is still on offer", (MemoryEffectQueue,), "withdraw", _withdraws_in_words_only, (5, 10)
    ),
    FleetMutation("an effect is claimed by two", (MemoryEffectQueue,), "claim", _is_given_to_two, (5, 10)),
    FleetMutation("what an ended run has left stays", (MemoryRetention,), "drop_leftovers", _drops_nothing, (2,)),
)
"""Each is seen by the checkers of several processes."""
