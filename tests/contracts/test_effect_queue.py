"""What every event store promises of effects that are performed elsewhere than their run is driven."""

from __future__ import annotations

import asyncio

import pytest
from msgspec.structs import replace

from interlock.store import Claim, EffectsWaiting, EventStore, LeaseLostError, Offer, Seeker
from interlock.store.effect_queue import CLAIMS_MAX
from tests.store.event_loop import in_event_loop
from tests.store.logs import MINUTE, NOON, TENANT, WORKER, append, offer, owner, started
from tests.store.places import Place


def seeker(
    pid: int = 7,
    *,
    pools: frozenset[str] = frozenset({"default"}),
    tags: frozenset[str] = frozenset(),
    host: str = "here",
) -> Seeker:
    """A worker that has two tools, of which one says that it is for the pool gpu."""
    return Seeker(owner=owner(pid, host=host), pools=pools, tags=tags, tools={"crop": "default", "train": "gpu"})


async def offering(store: EventStore, *offers: Offer, run: str = "r1", tenant: str = TENANT) -> None:
    """A run whose first append offers these."""
    lease = await store.acquire_lease(tenant, run, owner=WORKER)
    await store.append(append(lease, started(), offers=offers))


def paths(claims: list[Claim]) -> list[str]:
    """Where the claimed effects are, by run."""
    return [f"{claim.run}:{claim.path}" for claim in claims]


@in_event_loop
async def test_an_effect_is_offered_by_the_append_that_intends_it(place: Place) -> None:
    """If the append is refused, nobody may perform what was never recorded."""
    async with place.store() as store:
        lease = await store.acquire_lease(TENANT, "r1", owner=WORKER)
        await store.release_lease(lease)
        with pytest.raises(LeaseLostError):
            await store.append(append(lease, started(), offers=[offer("a")]))
        nothing = await store.queue.claim(seeker(), limit=5)
        await offering(store, offer("a"), run="r2")

        (claim,) = await store.queue.claim(seeker(), limit=5)

        assert nothing == []
        assert (claim.tenant, claim.run, claim.path, claim.effect) == (TENANT, "r2", "a", "effect-a")
        assert (claim.call, claim.expires_at) == (b"call a", NOON + MINUTE)


@in_event_loop
async def test_an_effect_is_claimed_once(place: Place) -> None:
    """Two workers that perform the same effect do it twice."""
    async with place.store() as one, place.store() as other:
        await offering(one, *[offer(f"n{n}") for n in range(20)])

        first, second = await asyncio.gather(
            one.queue.claim(seeker(2), limit=15), other.queue.claim(seeker(3), limit=15)
        )
        rest = await one.queue.claim(seeker(4), limit=15)

        assert sorted(paths([*first, *second, *rest])) == sorted(f"r1:n{n}" for n in range(20))


@in_event_loop
async def test_an_answer_is_a_signal_to_the_run_and_ends_the_claim(place: Place) -> None:
    """The driver records it like anything else that was left for its run."""
    async with place.store() as store:
        await offering(store, offer("a"))
        (claim,) = await store.queue.claim(seeker(), limit=1)

        first = await store.queue.answer(claim, body=b"done", sender="worker-7")
        second = await store.queue.answer(claim, body=b"done again", sender="worker-7")

        signals = await store.unread_signals(TENANT, run="r1")
        assert (first, second) == (True, False)
        assert [(one.kind, one.body, one.sender) for one in signals] == [("result", b"done", "worker-7")]
        assert await store.queue.offers(TENANT, "r1") == []


@in_event_loop
async def test_an_effect_goes_to_a_worker_of_its_pool_that_has_its_tool(place: Place) -> None:
    """A tool says where it belongs, and a node may say otherwise."""
    async with place.store() as store:
        await offering(
            store,
            offer("cropped"),
            offer("trained", tool="train"),
            offer("cropped_there", pool="gpu"),
            offer("unknown", tool="fly"),
        )

        by_default = await store.queue.claim(seeker(), limit=5)
        by_gpu = await store.queue.claim(seeker(pools=frozenset({"gpu"})), limit=5)

        assert paths(by_default) == ["r1:cropped"]
        assert paths(by_gpu) == ["r1:trained", "r1:cropped_there"]
        assert [row.path for row in await store.queue.offers(TENANT, "r1") if not row.owner] == ["unknown"]


@in_event_loop
async def test_an_effect_that_asks_for_tags_goes_to_a_worker_that_has_all_of_them(place: Place) -> None:
    """Data that must not leave a region is not processed elsewhere because somebody is free there."""
    async with place.store() as store:
        await offering(store, offer("a", tags=("eu", "large")))

        too_small = await store.queue.claim(seeker(tags=frozenset({"eu"})), limit=1)
        fitting = await store.queue.claim(seeker(tags=frozenset({"eu", "large", "fast"})), limit=1)

        assert too_small == []
        assert paths(fitting) == ["r1:a"]


@in_event_loop
async def test_runs_and_tenants_take_turns(place: Place) -> None:
    """A run with a thousand effects must not keep one with a single effect waiting."""
    async with place.store() as store:
        await offering(store, *[offer(f"n{n}") for n in range(5)], run="large")
        await offering(store, offer("only"), run="small")
        await offering(store, offer("theirs"), run="other", tenant="other")

        first = await store.queue.claim(seeker(), limit=4)
        then = await store.queue.claim(seeker(), limit=4)

        assert sorted(paths(first)) == ["large:n0", "large:n1", "other:theirs", "small:only"]
        assert paths(then) == ["large:n2", "large:n3", "large:n4"]


@in_event_loop
async def test_no_more_effects_of_a_pool_are_performed_at_once_than_its_limit_says(place: Place) -> None:
    """A pool of one is how steps take turns at something there is only one of, whoever performs them."""
    limited = replace(seeker(pools=frozenset({"default", "bench"})), limits={"bench": 1})
    async with place.store() as store:
        await offering(store, offer("a", pool="bench"), offer("b", pool="bench"), offer("c"))

        first = await store.queue.claim(limited, limit=5)
        then = await store.queue.claim(limited, limit=5)
        await store.queue.answer(first[0], body=b"", sender="")
        after = await store.queue.claim(limited, limit=5)

        assert [paths(claims) for claims in (first, then, after)] == [["r1:a", "r1:c"], [], ["r1:b"]]


@in_event_loop
async def test_a_worker_may_perform_the_effects_of_its_own_runs_alone(place: Place) -> None:
    """Who runs one graph in a terminal is not asked to do the work of others."""
    async with place.store() as store:
        await offering(store, offer("a"), run="r1")
        await offering(store, offer("b"), run="r2")

        claims = await store.queue.claim(replace(seeker(), runs=frozenset({"r2"})), limit=5)

        assert paths(claims) == ["r2:b"]


@in_event_loop
async def test_a_higher_priority_goes_first(place: Place) -> None:
    """The run's own, or whoever offers says more."""
    async with place.store() as store:
        await offering(store, offer("a"), offer("b", priority=3))

        assert paths(await store.queue.claim(seeker(), limit=1)) == ["r1:b"]


@in_event_loop
async def test_a_claim_is_renewed_while_nobody_took_it_over_and_hears_of_a_stop(place: Place) -> None:
    """A long call keeps its claim, and a cancel reaches it wherever it is performed."""
    async with place.store() as store:
        await offering(store, offer("a"), offer("b"))
        claims = await store.queue.claim(seeker(), limit=2)
        place.setting.now += 10
        is_withdrawn = await store.queue.withdraw(TENANT, "r1", "b")
        await store.queue.answer(claims[0], body=b"", sender="")

        held = await store.queue.renew(claims)

        assert not is_withdrawn
        assert [(one.claim.path, one.claim.expires_at, one.is_stopping) for one in held] == [
            ("b", NOON + 10 + MINUTE, True)
        ]


@in_event_loop
async def test_an_effect_that_nobody_has_claimed_is_withdrawn(place: Place) -> None:
    """Then it is known that it was never begun."""
    async with place.store() as store:
        await offering(store, offer("a"))

        is_withdrawn = await store.queue.withdraw(TENANT, "r1", "a")

        assert is_withdrawn
        assert await store.queue.claim(seeker(), limit=1) == []


@in_event_loop
async def test_an_effect_can_be_taken_back_without_a_stop_of_who_performs_it(place: Place) -> None:
    """Whoever performs a call knows its deadline: only one that nobody has begun is given up for them."""
    async with place.store() as store:
        await offering(store, offer("a"))
        claims = await store.queue.claim(seeker(), limit=1)

        is_withdrawn = await store.queue.withdraw(TENANT, "r1", "a", stops=False)

        assert not is_withdrawn
        assert [one.is_stopping for one in await store.queue.renew(claims)] == [False]


@in_event_loop
async def test_a_claim_that_ends_without_a_word_leaves_no_signal(place: Place) -> None:
    """A question that nobody could answer is nothing that its run has to record."""
    async with place.store() as store:
        await offering(store, offer("a"))
        (claim,) = await store.queue.claim(seeker(), limit=1)

        is_answered = await store.queue.answer(claim, body=b"", sender="worker-7")

        assert is_answered
        assert await store.unread_signals(TENANT, run="r1") == []
        assert await store.queue.offers(TENANT, "r1") == []


@in_event_loop
async def test_what_is_on_offer_can_be_read_by_whoever_takes_its_run_up(place: Place) -> None:
    """The next driver has to know what is asked for, and until when."""
    async with place.store() as store:
        await offering(store, offer("a"))

        (row,) = await store.queue.offers(TENANT, "r1")

        assert (row.path, row.effect, row.call, row.owner) == ("a", "effect-a", b"call a", "")


@in_event_loop
async def test_an_effect_that_was_not_begun_can_be_put_back(place: Place) -> None:
    """A worker that is told to go leaves the others what it has only taken."""
    async with place.store() as store:
        await offering(store, offer("a"))
        claims = await store.queue.claim(seeker(2), limit=1)

        await store.queue.give_back(claims)
        (again,) = await store.queue.claim(seeker(3), limit=1)

        assert again.epoch > claims[0].epoch
        assert not await store.queue.answer(claims[0], body=b"", sender="")


@in_event_loop
async def test_an_effect_whose_worker_went_is_answered_for_it(place: Place) -> None:
    """Nobody knows what became of it: the run is told so, and what the worker says later counts for nothing."""
    async with place.store() as store:
        await offering(store, offer("a"), offer("b"), offer("c"))
        (a,) = await store.queue.claim(seeker(2), limit=1)
        await store.queue.claim(seeker(3, host="there"), limit=1)
        place.setting.gone.update({2, 3})

        here = await store.queue.answer_for_the_dead(host="here")
        place.setting.now += MINUTE
        expired = await store.queue.answer_for_the_dead(host="here")

        signals = await store.unread_signals(TENANT, run="r1")
        assert (here, expired) == (1, 1)
        assert [(one.kind, one.body, one.sender) for one in signals] == [
            ("result", b"lost a", "worker-2"),
            ("result", b"lost b", "worker-3"),
        ]
        assert not await store.queue.answer(a, body=b"late", sender="worker-2")
        assert [row.path for row in await store.queue.offers(TENANT, "r1")] == ["c"]


async def claimed_by_the_dying(store: EventStore, place: Place, *, workers: int) -> list[str]:
    """What one worker after the other claims, each of which goes before it has answered."""
    claimed: list[str] = []
    for number in range(workers):
        claimed += [one.path for one in await store.queue.claim(seeker(number), limit=1)]
        place.setting.now += MINUTE
        await store.queue.answer_for_the_dead(host="here")
    return claimed


@in_event_loop
async def test_a_question_whose_worker_went_is_put_to_the_next_one(place: Place) -> None:
    """Nothing can be said for whoever should have found out about an effect: somebody else has to."""
    async with place.store() as store:
        await offering(store, replace(offer("a?"), lost=b""))

        claimed = await claimed_by_the_dying(store, place, workers=CLAIMS_MAX)

        assert claimed == ["a?"] * CLAIMS_MAX
        assert await store.queue.offers(TENANT, "r1") == []
        assert await store.unread_signals(TENANT, run="r1") == []


@in_event_loop
async def test_a_question_that_is_to_stop_ends_with_its_worker(place: Place) -> None:
    """The run has gone on without the answer."""
    async with place.store() as store:
        await offering(store, replace(offer("a?"), lost=b""))
        await store.queue.claim(seeker(), limit=1)
        await store.queue.withdraw(TENANT, "r1", "a?")
        place.setting.now += MINUTE
        await store.queue.answer_for_the_dead(host="here")

        assert await store.queue.offers(TENANT, "r1") == []
        assert await store.unread_signals(TENANT, run="r1") == []


@in_event_loop
async def test_an_effect_that_is_offered_again_is_a_new_offer(place: Place) -> None:
    """The worker of the former one must not be taken for that of the new one, though the effect has kept its id."""
    async with place.store() as store:
        lease = await store.acquire_lease(TENANT, "r1", owner=WORKER)
        await store.append(append(lease, started(), offers=[offer("a")]))
        (former,) = await store.queue.claim(seeker(2), limit=1)
        await store.append(append(lease, ("a", started()), after=1, offers=[offer("a")]))

        (current,) = await store.queue.claim(seeker(3), limit=1)

        assert [one.claim.epoch for one in await store.queue.renew([former, current])] == [current.epoch]
        assert not await store.queue.answer(former, body=b"former", sender="")
        assert await store.queue.answer(current, body=b"current", sender="")


@in_event_loop
async def test_the_next_instant_at_which_there_is_something_to_do_can_be_asked(place: Place) -> None:
    """A worker sleeps until then. What is not for it does not wake it."""
    async with place.store() as store:
        nothing = await store.queue.next_claim(seeker())
        await offering(store, offer("a"))
        now = await store.queue.next_claim(seeker())
        not_for_it = await store.queue.next_claim(seeker(pools=frozenset({"gpu"})))
        await store.queue.claim(seeker(), limit=1)
        when_it_runs_out = await store.queue.next_claim(seeker())

        assert (nothing, now, not_for_it, when_it_runs_out) == (None, NOON, None, NOON + MINUTE)


@in_event_loop
async def test_how_much_waits_and_since_when_can_be_asked(place: Place) -> None:
    """By pool and tool: it is what tells of which workers there are too few."""
    async with place.store() as store:
        await offering(store, offer("a"), offer("b"), offer("c", tool="train", pool="gpu"))
        await store.queue.claim(seeker(pools=frozenset({"gpu"})), limit=1)

        depth = await store.queue.depth()

        assert [(one.pool, one.tool, one.waiting, one.performing) for one in depth] == [
            ("", "crop", 2, 0),
            ("gpu", "train", 0, 1),
        ]
        assert depth[0].oldest_at is not None
        assert depth[1] == EffectsWaiting("gpu", "train", 0, None, 1)
        assert await store.queue.depth(tenant=TENANT) == depth
        assert await store.queue.depth(tenant="nobody") == []
