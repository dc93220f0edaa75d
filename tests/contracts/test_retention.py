"""What every event store promises of giving up: what is kept still verifies, and nothing mentioned is lost."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

import pytest

from interlock.core import events as e
from interlock.core.values import KeptList, Packer, Ref, encode
from interlock.store import ErasedError, EventStore, FeedEntry, MissingError, Seeker, verify_chain
from interlock.store.errors import RunKeptError
from interlock.store.retention import Freed, RunSize
from interlock.store.sealing import erased_in
from tests.store.event_loop import in_event_loop
from tests.store.logs import NOON, TENANT, WORKER, Fact, append, ended, offer, owner, started
from tests.store.places import Place

TEXT = "text " * 100


async def run_to_end(store: EventStore, run: str, *facts: Fact, blobs: Mapping[str, bytes] | None = None) -> None:
    """A run that starts, says what it says, and ends."""
    lease = await store.acquire_lease(TENANT, run, owner=WORKER)
    await store.append(append(lease, started(key=f"key of {run}", labels={"team": "a"}), *facts, blobs=blobs))
    await store.append(append(lease, ended("failed", error=TEXT), after=1 + len(facts)))
    await store.release_lease(lease)


async def put_aside(store: EventStore, *values: object) -> tuple[list[Ref], dict[str, bytes]]:
    """Values that are kept elsewhere, and the blobs that an append brings for them."""
    packer = Packer(await store.blob_key(TENANT))
    return [packer.put_aside(encode(value)) for value in values], packer.take_fresh()


def result(out: object) -> Fact:
    """What a node gave."""
    return ("a", e.NodeResult("effect-1", "done", out))


def child_of(parent: str) -> e.RunStarted:
    """The start of a run that goes on with another one."""
    return e.RunStarted("bundle-1", "release", "hash-1", 1, {}, kind="retry", parent=parent)


@in_event_loop
async def test_ended_runs_are_listed_by_their_end_the_newest_first(place: Place) -> None:
    """What is to be given up is looked for by age, and never among what still lives."""
    async with place.store() as store:
        for run in ("r1", "r2", "r3"):
            await run_to_end(store, run)
        await store.append(append(await store.acquire_lease(TENANT, "alive", owner=WORKER), started()))
        await store.retention.erase_payloads(TENANT, "r2")
        retention, end = store.retention, NOON + 2
        behind = await retention.ended_runs(TENANT, before=end + 1, older_than="r3", limit=1)

        assert await names(store) == ["r3", "r2", "r1"]
        assert await names(store, has_payloads=True) == ["r3", "r1"]
        assert [row.run for row in behind] == ["r2"]
        assert await retention.ended_runs(TENANT, before=end) == []
        assert await retention.ended_runs(TENANT, before=end + 1, graph="other") == []
        assert await retention.ended_runs(TENANT, before=end + 1, status="succeeded") == []


async def names(store: EventStore, *, has_payloads: bool = False) -> list[str]:
    """The runs that have ended by now."""
    rows = await store.retention.ended_runs(TENANT, before=NOON + 100, has_payloads=has_payloads)
    return [row.run for row in rows]


@in_event_loop
async def test_an_erased_run_says_nothing_any_more_and_its_chain_still_holds(place: Place) -> None:
    """That and when it happened can still be proved; what was said is gone, with all that was derived from it."""
    async with place.store() as store:
        tool = ("a", e.NodeStarted(1, "effect-1", "digest of the input", {"text": TEXT}, tool="count"))
        await run_to_end(store, "r1", tool, result(TEXT))

        await store.retention.erase_payloads(TENANT, "r1")

        row, sealed = await store.get_run(TENANT, "r1"), await store.read_sealed(TENANT, "r1")
        assert verify_chain(sealed, head=row.head) is None
        assert erased_in(sealed) == [1, 2, 3, 4]
        assert {one.salt for one in sealed} == {b""}
        assert (row.status, row.key, row.error, row.labels) == ("failed", "key of r1", "", {})
        assert [(line.name, line.digest, line.status) for line in await store.ledger(TENANT, "r1")] == [
            ("count", "", "done")
        ]
        with pytest.raises(ErasedError, match="event 1 of run r1 was erased"):
            await store.read(TENANT, "r1")


@in_event_loop
async def test_erasing_again_changes_nothing(place: Place) -> None:
    """Whoever was cut off does it once more."""
    async with place.store() as store:
        await run_to_end(store, "r1", result(TEXT))
        await store.retention.erase_payloads(TENANT, "r1")
        before = (await store.get_run(TENANT, "r1"), await store.read_sealed(TENANT, "r1"))

        await store.retention.erase_payloads(TENANT, "r1")

        assert (await store.get_run(TENANT, "r1"), await store.read_sealed(TENANT, "r1")) == before


@in_event_loop
async def test_an_event_that_was_erased_is_not_sent_out_any_more(place: Place) -> None:
    """Its data is gone; what else waits to be sent must not wait behind it."""
    async with place.store() as store:
        sent = ("a", e.NodeStarted(1, "effect-1", "digest", {"n": 1}, tool="ready", emits=True))
        await run_to_end(store, "r1", sent)
        assert [row.run for row in await store.outbox(TENANT)] == ["r1"]

        await store.retention.erase_payloads(TENANT, "r1")

        assert await store.outbox(TENANT) == []


@in_event_loop
async def test_a_dropped_run_leaves_nothing_but_a_gap_in_the_feed(place: Place) -> None:
    """Whoever reads the feed goes on from where they were, and its key may name another run."""
    async with place.store() as store:
        await run_to_end(store, "r1")
        await run_to_end(store, "r2")
        seen = (await store.feed(TENANT))[-1].position

        await store.retention.drop_run(TENANT, "r2")
        await run_to_end(store, "r3")

        fresh = await store.feed(TENANT, after=seen)
        assert [(entry.run, entry.first_seq, entry.last_seq) for entry in fresh] == [("r3", 1, 1), ("r3", 2, 2)]
        assert min(entry.position for entry in fresh) > seen
        assert await runs_in(await store.feed(TENANT)) == ["r1", "r1", "r3", "r3"]
        assert await store.find_run(TENANT, "r2") is None
        assert await store.find_by_key(TENANT, "key of r2") is None
        assert (await store.read(TENANT, "r2"), await store.ledger(TENANT, "r2")) == ([], [])
        assert [row.run for row in await store.list_runs(TENANT)] == ["r3", "r1"]


async def runs_in(feed: Sequence[FeedEntry]) -> list[str]:
    """Whose appends they are."""
    return [entry.run for entry in feed]


@in_event_loop
async def test_positions_go_on_although_everything_was_dropped(place: Place) -> None:
    """A position that was given out twice would make whoever has seen it miss what is new."""
    async with place.store() as store:
        await run_to_end(store, "r1")
        await run_to_end(store, "r2")
        seen = (await store.feed(TENANT))[-1].position
        await store.retention.drop_run(TENANT, "r2")
        await store.retention.drop_run(TENANT, "r1")

    async with place.store() as store:
        await run_to_end(store, "r1")

        assert await runs_in(await store.feed(TENANT, after=seen)) == ["r1", "r1"]


@in_event_loop
async def test_a_run_that_lives_is_neither_erased_nor_dropped(place: Place) -> None:
    """It needs its whole log to go on."""
    async with place.store() as store:
        await store.append(append(await store.acquire_lease(TENANT, "r1", owner=WORKER), started()))

        with pytest.raises(RunKeptError, match="it has not ended"):
            await store.retention.erase_payloads(TENANT, "r1")
        with pytest.raises(RunKeptError, match="it has not ended"):
            await store.retention.drop_run(TENANT, "r1")
        with pytest.raises(MissingError):
            await store.retention.drop_run(TENANT, "r2")


@in_event_loop
async def test_a_run_that_another_one_goes_on_with_is_dropped_after_it(place: Place) -> None:
    """Where a result came from can be looked up as long as the one who took it over is kept."""
    async with place.store() as store:
        await run_to_end(store, "r1")
        lease = await store.acquire_lease(TENANT, "r2", owner=WORKER)
        await store.append(append(lease, child_of("r1"), ended()))

        with pytest.raises(RunKeptError, match="run r2 took over results from it"):
            await store.retention.drop_run(TENANT, "r1")
        assert await store.retention.children(TENANT, "r1") == ["r2"]
        await store.retention.drop_run(TENANT, "r2")
        await store.retention.drop_run(TENANT, "r1")

        assert await store.list_runs(TENANT) == []


@in_event_loop
async def test_a_value_is_stored_once_for_all_runs_of_a_tenant(place: Place) -> None:
    """A document that goes through ten nodes of ten runs takes the room of one."""
    async with place.store() as store:
        (ref,), blobs = await put_aside(store, TEXT)
        await run_to_end(store, "r1", result(ref), result({"again": ref}), blobs=blobs)
        alone = await store.retention.size_of(TENANT, "r1")

        await run_to_end(store, "r2", result([ref]), blobs=blobs)

        first, second = await store.retention.size_of(TENANT, "r1"), await store.retention.size_of(TENANT, "r2")
        assert alone.own_blobs > 0
        assert (alone.shared_blobs, first.own_blobs, second.own_blobs) == (0, 0, 0)
        assert first.shared_blobs == second.shared_blobs == alone.own_blobs


@in_event_loop
async def test_the_size_of_a_run_is_what_is_stored_of_it(place: Place) -> None:
    """A figure to decide by."""
    async with place.store() as store:
        await run_to_end(store, "r1", result(TEXT))
        sealed = await store.read_sealed(TENANT, "r1")
        size = RunSize(
            events=3,
            headers=sum(len(one.header) for one in sealed),
            payloads=sum(len(one.salt) + len(one.payload or b"") for one in sealed),
            own_blobs=0,
            shared_blobs=0,
        )

        before = await store.retention.size_of(TENANT, "r1")
        await store.retention.erase_payloads(TENANT, "r1")
        after = await store.retention.size_of(TENANT, "r1")

        assert (before, before.own) == (size, size.headers + size.payloads)
        assert (after.headers, after.payloads) == (size.headers, 0)


@in_event_loop
async def test_blobs_go_with_the_last_run_that_mentions_them(place: Place) -> None:
    """What a kept run mentions is needed to replay it, also what only the blob of a long list mentions."""
    async with place.store() as store:
        (shared, inner, own), blobs = await put_aside(store, TEXT, [TEXT, 1], [TEXT, 2])
        (outer,), more = await put_aside(store, KeptList((inner,), (0,), [], 2))
        await run_to_end(store, "r1", result([shared, own]), blobs=blobs)
        await run_to_end(store, "r2", result(KeptList((outer,), (1,), [shared], 3)), blobs=more)

        nothing = await store.retention.drop_unmentioned_blobs(TENANT)
        await store.retention.erase_payloads(TENANT, "r1")
        freed = await store.retention.drop_unmentioned_blobs(TENANT)

        assert (nothing, freed.blobs) == (Freed(0, 0), 1)
        assert set(await store.blobs(TENANT, [ref.digest for ref in (shared, inner, outer)])) == {
            shared.digest,
            inner.digest,
            outer.digest,
        }
        with pytest.raises(MissingError):
            await store.blobs(TENANT, [own.digest])


@in_event_loop
async def test_a_blob_that_is_mentioned_while_blobs_are_given_up_survives(place: Place) -> None:
    """Somebody may bring the same value again at the very moment at which it is the last one to go."""
    async with place.store() as store, place.store() as other:
        values = [[TEXT, number] for number in range(40)]
        refs, blobs = await put_aside(store, *values)
        await run_to_end(store, "r1", result(refs), blobs=blobs)
        await store.retention.drop_run(TENANT, "r1")

        async def bring_again() -> None:
            for ref in refs[::2]:
                await run_to_end(other, f"again {ref.digest}", result(ref), blobs={ref.digest: blobs[ref.digest]})

        freed, _ = await asyncio.gather(store.retention.drop_unmentioned_blobs(TENANT), bring_again())

        assert len(await store.blobs(TENANT, [ref.digest for ref in refs[::2]])) == 20
        assert 20 <= freed.blobs <= 40


@in_event_loop
async def test_a_run_that_would_take_over_values_that_are_gone_is_refused(place: Place) -> None:
    """Its parent was given up between being read and being built on: better no run than one with holes."""
    async with place.store() as store:
        (ref,), blobs = await put_aside(store, TEXT)
        await run_to_end(store, "r1", result(ref), blobs=blobs)
        lease = await store.acquire_lease(TENANT, "r2", owner=WORKER)
        await store.retention.erase_payloads(TENANT, "r1")
        await store.retention.drop_unmentioned_blobs(TENANT)

        with pytest.raises(MissingError, match=f"there is no blob {ref.digest}"):
            await store.append(append(lease, child_of("r1"), ("a", e.ResultAdopted(2, ref))))

        assert await store.find_run(TENANT, "r2") is None


# --- what ended runs leave -------------------------------------------------------------------------------------------

KINDS = ("heartbeat", "snapshot")


async def leave_behind(store: EventStore, run: str, *, tenant: str = TENANT) -> None:
    """All that may be left of a run once it ends: what was said too late, what nobody took on, what a tool noted."""
    for kind in ("answer", "a kind of a newer release"):
        await store.send_signal(tenant, run, kind=kind, body=b"yes", sender="ann")
    await store.records.put(tenant, "snapshot", run, b"state")
    await store.records.put(tenant, "heartbeat", f"{run}:fetch[0].2", b"half")


async def living(store: EventStore, run: str, *, ends: bool = False, tenant: str = TENANT) -> None:
    """A run with an effect that was claimed and one that nobody has taken on, and all else that may be left of it."""
    lease = await store.acquire_lease(tenant, run, owner=WORKER)
    await store.append(append(lease, started(), offers=[offer("a"), offer("b?")]))
    await leave_behind(store, run, tenant=tenant)
    pools = frozenset({"default"})
    await store.queue.claim(
        Seeker(owner=owner(7), pools=pools, tools={"crop": "default"}, runs=frozenset({run})), limit=1
    )
    if ends:
        await store.append(append(lease, ended(), after=1, releases=True))


async def left_of(store: EventStore, run: str, *, tenant: str = TENANT) -> list[str]:
    """What there is of a run beside its log."""
    signals = await store.unread_signals(tenant, run=run)
    offers = await store.queue.offers(tenant, run)
    records = [record for kind in (*KINDS, "pruned") for record in await store.records.listed(tenant, kind)]
    keys = [record.key for record in records if record.key.partition(":")[0] == run]
    return [*(signal.kind for signal in signals), *(row.path for row in offers), *keys]


LEFT = ["answer", "a kind of a newer release", "a", "b?"]


@in_event_loop
async def test_what_an_ended_run_has_left_is_dropped(place: Place) -> None:
    """Nobody reads it, and it may hold what somebody said; it must not wait until the whole run is given up."""
    async with place.store() as store:
        await living(store, "r1", ends=True)
        before = await left_of(store, "r1")

        dropped = await store.retention.drop_leftovers(TENANT, kinds=KINDS)

        assert before == [*LEFT, "r1:fetch[0].2", "r1"]
        assert (dropped, await left_of(store, "r1")) == (6, [])
        assert await store.retention.drop_leftovers(TENANT, kinds=KINDS) == 0


@in_event_loop
async def test_of_a_run_that_lives_nothing_is_dropped(place: Place) -> None:
    """A request waits for whoever drives the run next, also if only a newer release can read it."""
    async with place.store() as store:
        await living(store, "r1")
        await living(store, "r10", ends=True)
        await leave_behind(store, "not begun yet")
        claimed = await store.queue.offers(TENANT, "r1")

        await store.retention.drop_leftovers(TENANT, kinds=KINDS)

        assert await left_of(store, "r1") == [*LEFT, "r1:fetch[0].2", "r1"]
        assert await store.queue.offers(TENANT, "r1") == claimed
        assert await left_of(store, "r10") == []
        assert await left_of(store, "not begun yet") == [*LEFT[:2], "not begun yet:fetch[0].2", "not begun yet"]


@in_event_loop
async def test_what_is_no_leftover_stays(place: Place) -> None:
    """Records of other kinds stand under a run's name too, and a run of the same name may be somebody else's."""
    async with place.store() as store:
        await living(store, "r1", ends=True)
        await living(store, "r1", tenant="other")
        await store.records.put(TENANT, "pruned", "r1", b"by whom and why")

        await store.retention.drop_leftovers(TENANT, kinds=KINDS)

        assert await left_of(store, "r1") == ["r1"]
        assert await left_of(store, "r1", tenant="other") == [*LEFT, "r1:fetch[0].2", "r1"]


@in_event_loop
async def test_a_claim_on_an_effect_of_an_ended_run_is_lost_once_leftovers_are_dropped(place: Place) -> None:
    """What still comes of it counts for nothing, and leaves nothing behind."""
    async with place.store() as store:
        await living(store, "r1", ends=True)
        seeker = Seeker(owner=owner(8), pools=frozenset({"default"}), tools={"crop": "default"})
        (claim,) = await store.queue.claim(seeker, limit=1)

        await store.retention.drop_leftovers(TENANT, kinds=KINDS)

        assert await store.queue.renew([claim]) == []
        assert not await store.queue.answer(claim, body=b"done", sender="worker-8")
        assert await store.unread_signals(TENANT) == []


@in_event_loop
async def test_what_is_unread_goes_with_what_a_run_has_said(place: Place) -> None:
    """An answer that came too late says as much as one that was recorded; so does what a tool was to be called with."""
    async with place.store() as store:
        await living(store, "erased", ends=True)
        await living(store, "dropped", ends=True)

        await store.retention.erase_payloads(TENANT, "erased")
        await store.retention.drop_run(TENANT, "dropped")

        assert await store.unread_signals(TENANT) == []
        assert await store.queue.offers(TENANT, "erased") == []
        assert await store.queue.offers(TENANT, "dropped") == []
