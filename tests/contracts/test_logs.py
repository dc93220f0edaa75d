"""What every event store promises of a run's log, of the feed of all logs, and of what their events mention."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Coroutine

import pytest

from interlock.core import events as e
from interlock.core.values import Ref
from interlock.store import (
    DamagedError,
    EventStore,
    FeedEntry,
    Head,
    MissingError,
    StaleRunError,
    StoreClosedError,
    verify_chain,
)
from tests.store.event_loop import in_event_loop
from tests.store.logs import TENANT, WORKER, append, log, started, step
from tests.store.places import Place

PATIENCE_SECONDS = 5

# --- the log ---------------------------------------------------------------------------------------------------------


@in_event_loop
async def test_events_are_read_back_in_order_as_they_were_appended(place: Place) -> None:
    """The log is the truth of a run: what comes out is what went in, opaque leaves and all."""
    facts = [started(), ("n0", e.NodeStarted(1, "effect-0", "digest", {"doc": Ref("ab" * 32, 9)})), *step(0)]
    async with place.store() as store:
        lease = await store.acquire_lease(TENANT, "r1", owner=WORKER)

        await store.append(append(lease, *facts[:2]))
        await store.append(append(lease, *facts[2:], after=2))

        assert await store.read(TENANT, "r1") == log(*facts)


@in_event_loop
async def test_reading_begins_behind_an_event_and_ends_where_it_is_told(place: Place) -> None:
    """Who follows a long run reads what is new, a page at a time."""
    async with place.store() as store:
        lease = await store.acquire_lease(TENANT, "r1", owner=WORKER)
        await store.append(append(lease, started(), *step(0), *step(1)))

        page = await store.read(TENANT, "r1", after=1, limit=2)

        assert page == log(started(), *step(0))[1:]
        assert await store.read(TENANT, "r1", after=5) == []
        assert await store.read(TENANT, "no-such-run") == []


@in_event_loop
async def test_a_long_log_is_read_whole(place: Place) -> None:
    """However many pieces it may be fetched in."""
    facts = [started(), *(fact for k in range(1_200) for fact in step(k))]
    async with place.store() as store:
        lease = await store.acquire_lease(TENANT, "r1", owner=WORKER)
        await store.append(append(lease, *facts))

        assert await store.read(TENANT, "r1") == log(*facts)
        assert len(await store.read_sealed(TENANT, "r1", after=1, limit=1_000)) == 1_000


@in_event_loop
async def test_an_append_that_expects_another_event_is_refused_and_leaves_nothing_behind(place: Place) -> None:
    """Who decided on an old state must decide again: nothing of what they decided may remain."""
    async with place.store() as store:
        lease = await store.acquire_lease(TENANT, "r1", owner=WORKER)
        await store.append(append(lease, started()))
        signal = await store.send_signal(TENANT, "r1", kind="pause", body=b"", sender="ada")
        digest = await _digest(store.blob_key(TENANT), b"late")

        with pytest.raises(StaleRunError) as refusal:
            await store.append(append(lease, *step(0), after=4, blobs={digest: b"late"}, consumed=[signal]))

        assert (refusal.value.run, refusal.value.expected, refusal.value.actual) == ("r1", 4, 1)
        assert await store.read(TENANT, "r1") == log(started())
        assert await store.ledger(TENANT, "r1") == []
        assert [unread.id for unread in await store.unread_signals(TENANT)] == [signal]
        assert len(await store.feed(TENANT)) == 1
        with pytest.raises(MissingError):
            await store.blobs(TENANT, [digest])


@in_event_loop
async def test_of_many_appends_at_once_only_the_wrong_ones_are_refused(place: Place) -> None:
    """Appends of different runs may share a commit; a stale one among them is nobody else's trouble."""
    async with place.store() as store:
        leases = [await store.acquire_lease(TENANT, f"r{n}", owner=WORKER) for n in range(6)]
        wrong = append(leases[3], *step(0), after=9)

        answers = await asyncio.gather(
            *[store.append(append(lease, started())) for lease in leases[:3]],
            store.append(wrong),
            *[store.append(append(lease, started())) for lease in leases[4:]],
            return_exceptions=True,
        )

        assert [type(answer) for answer in answers] == [type(None)] * 3 + [StaleRunError] + [type(None)] * 2
        assert {entry.run for entry in await store.feed(TENANT)} == {"r0", "r1", "r2", "r4", "r5"}


@in_event_loop
async def test_appends_of_one_run_keep_the_order_in_which_they_were_made(place: Place) -> None:
    """A driver need not wait for one append before it makes the next, however much the first has to carry."""
    async with place.store() as store:
        lease = await store.acquire_lease(TENANT, "r1", owner=WORKER)

        await asyncio.gather(
            store.append(append(lease, started(), blobs={"ab" * 32: bytes(5_000_000)})),
            store.append(append(lease, *step(0), after=1)),
            store.append(append(lease, *step(1), after=3)),
        )

        assert await store.read(TENANT, "r1") == log(started(), *step(0), *step(1))
        statuses = [(line.effect, line.status) for line in await store.ledger(TENANT, "r1")]
        assert statuses == [("effect-1", "done"), ("effect-2", "intended")]


@in_event_loop
async def test_a_log_verifies_and_goes_on_after_the_store_was_closed_and_opened(place: Place) -> None:
    """A chain of headers is one chain, whoever wrote its parts."""
    async with place.store() as store:
        lease = await store.acquire_lease(TENANT, "r1", owner=WORKER)
        await store.append(append(lease, started(), *step(0)))

    async with place.store() as store:
        await store.append(append(lease, *step(1), after=3))

        head = await store.head(TENANT, "r1")
        assert head.seq == 5
        assert verify_chain(await store.read_sealed(TENANT, "r1"), head=head.hash) is None


@in_event_loop
async def test_a_run_without_events_ends_at_zero(place: Place) -> None:
    """Its first header follows nothing."""
    async with place.store() as store:
        assert await store.head(TENANT, "r1") == Head(0, b"")
        assert await store.find_run(TENANT, "r1") is None
        with pytest.raises(MissingError, match="there is no run r1 of tenant local"):
            await store.get_run(TENANT, "r1")


@in_event_loop
async def test_tenants_do_not_see_each_other(place: Place) -> None:
    """Two tenants may even use the same name for a run."""
    async with place.store() as store:
        ours = await store.acquire_lease(TENANT, "r1", owner=WORKER)
        theirs = await store.acquire_lease("other", "r1", owner=WORKER)

        await store.append(append(ours, started(graph="ours", key="k")))
        await store.append(append(theirs, started(graph="theirs", key="k")))

        assert [run.graph for run in await store.list_runs(TENANT)] == ["ours"]
        assert [run.graph for run in await store.list_runs("other")] == ["theirs"]
        assert [entry.run for entry in await store.feed("other")] == ["r1"]
        assert await store.blob_key(TENANT) != await store.blob_key("other")


@in_event_loop
async def test_a_closed_store_says_so(place: Place) -> None:
    """Rather than wait for ever for somebody to write."""
    store = place.store()
    await store.open()
    lease = await store.acquire_lease(TENANT, "r1", owner=WORKER)
    await store.close()

    with pytest.raises(StoreClosedError):
        await store.append(append(lease, started()))
    with pytest.raises(StoreClosedError):
        await store.list_runs(TENANT)


# --- the feed --------------------------------------------------------------------------------------------------------


@in_event_loop
async def test_the_feed_tells_every_append_once_in_the_order_of_commits(place: Place) -> None:
    """Streams and outboxes follow it: one position is all they have to remember."""
    async with place.store() as store:
        first = await store.acquire_lease(TENANT, "r1", owner=WORKER)
        second = await store.acquire_lease(TENANT, "r2", owner=WORKER)
        await store.append(append(first, started()))
        await store.append(append(second, started()))
        await store.append(append(first, *step(0), after=1))

        entries = await store.feed(TENANT)

        assert [(entry.run, entry.first_seq, entry.last_seq) for entry in entries] == [
            ("r1", 1, 1), ("r2", 1, 1), ("r1", 2, 3),
        ]  # fmt: skip
        assert await store.feed(TENANT, after=entries[0].position, limit=1) == entries[1:2]
        assert await store.feed(TENANT, after=entries[-1].position) == []


@in_event_loop
async def test_behind_the_end_of_the_feed_lies_only_what_is_yet_to_come(place: Place) -> None:
    """Who listens from now on is to hear nothing of before, and all that comes."""
    async with place.store() as store:
        lease = await store.acquire_lease(TENANT, "r1", owner=WORKER)
        before = await store.feed_end(TENANT)
        await store.append(append(lease, started()))
        between = await store.feed_end(TENANT)

        await store.append(append(lease, *step(0), after=1))

        assert (before, [entry.first_seq for entry in await store.feed(TENANT, after=before)]) == (0, [1, 2])
        assert [entry.first_seq for entry in await store.feed(TENANT, after=between)] == [2]


@in_event_loop
async def test_who_has_seen_a_position_never_meets_a_smaller_one(place: Place) -> None:
    """Also when two write at once: a follower that skipped an append would never know."""
    seen: list[FeedEntry] = []
    async with place.store() as mine, place.store() as yours:
        leases = [await mine.acquire_lease(TENANT, f"r{n}", owner=WORKER) for n in range(20)]
        stores = [mine, yours]
        writing = [
            asyncio.ensure_future(stores[n % 2].append(append(lease, started()))) for n, lease in enumerate(leases)
        ]

        while len(seen) < len(leases):
            await asyncio.sleep(0)
            seen += await mine.feed(TENANT, after=seen[-1].position if seen else 0, limit=3)

        await asyncio.gather(*writing)
        assert sorted(entry.run for entry in seen) == sorted(lease.run for lease in leases)
        assert [entry.position for entry in seen] == sorted(entry.position for entry in seen)


@in_event_loop
async def test_the_change_mark_differs_once_something_was_committed_and_only_then(place: Place) -> None:
    """An idle driver looks at the mark alone; what anybody commits must show there."""
    async with place.store() as mine, place.store() as yours:
        lease = await mine.acquire_lease(TENANT, "r1", owner=WORKER)
        before = await mine.change_mark()
        await mine.read(TENANT, "r1")
        quiet = await mine.change_mark()

        await yours.send_signal(TENANT, "r1", kind="pause", body=b"", sender="ada")
        signalled = await mark_after(mine, quiet)
        await mine.append(append(lease, started()))
        appended = await mine.change_mark()
        await yours.records.put(TENANT, "release", "ship", b"one")
        recorded = await mark_after(mine, appended)

        assert quiet == before
        assert len({before, signalled, appended, recorded}) == 4


# --- what events mention ---------------------------------------------------------------------------------------------


@in_event_loop
async def test_a_blob_comes_back_as_it_was_and_is_kept_once(place: Place) -> None:
    """A value that is passed on unchanged is named again and stored no second time."""
    data = b"a long text, " * 20_000
    async with place.store() as store:
        digest = await _digest(store.blob_key(TENANT), data)
        lease = await store.acquire_lease(TENANT, "r1", owner=WORKER)

        await store.append(append(lease, started(), blobs={digest: data}))
        await store.append(append(lease, *step(0), after=1, blobs={digest: data}))

        assert await store.blobs(TENANT, [digest]) == {digest: data}
        assert await store.blobs(TENANT, []) == {}


@in_event_loop
async def test_a_blob_that_is_not_there_is_named(place: Place) -> None:
    """Another tenant's does not count."""
    async with place.store() as store:
        lease = await store.acquire_lease("other", "r1", owner=WORKER)
        digest = await _digest(store.blob_key("other"), b"theirs")
        await store.append(append(lease, started(), blobs={digest: b"theirs"}))

        with pytest.raises(MissingError, match=f"there is no blob {digest} of tenant local"):
            await store.blobs(TENANT, [digest])


@in_event_loop
async def test_a_blob_that_is_not_what_its_name_says_is_refused(place: Place) -> None:
    """The header chain vouches for the name alone: the bytes must match it."""
    async with place.store() as store:
        lease = await store.acquire_lease(TENANT, "r1", owner=WORKER)
        digest = await _digest(store.blob_key(TENANT), b"true")
        await store.append(append(lease, started(), blobs={digest: b"false"}))

        with pytest.raises(DamagedError, match=f"blob {digest} is not what was stored"):
            await store.blobs(TENANT, [digest])


@in_event_loop
async def test_the_key_of_blobs_is_made_once(place: Place) -> None:
    """Under another key every name would be another, and nothing would be found again."""
    async with place.store() as store:
        keys = await asyncio.gather(store.blob_key(TENANT), store.blob_key(TENANT))

    async with place.store() as store:
        assert {*keys, await store.blob_key(TENANT)} == {keys[0]}
        assert len(keys[0]) == 32


@in_event_loop
async def test_a_bundle_is_kept_under_its_hash(place: Place) -> None:
    """Runs are pinned to it: it must be there, and the same, for ever."""
    async with place.store() as store:
        await store.put_bundle(TENANT, "hash-1", b"a graph")
        await store.put_bundle(TENANT, "hash-1", b"a graph")

        assert await store.get_bundle(TENANT, "hash-1") == b"a graph"
        with pytest.raises(MissingError, match="there is no bundle hash-2 of tenant local"):
            await store.get_bundle(TENANT, "hash-2")


async def mark_after(store: EventStore, seen: int) -> int:
    """The next mark: what others commit may take a moment to be heard of."""
    mark = seen
    async with asyncio.timeout(PATIENCE_SECONDS):
        while mark == seen:
            await asyncio.sleep(0)
            mark = await store.change_mark()
    return mark


async def _digest(key: Coroutine[None, None, bytes], data: bytes) -> str:
    return hmac.digest(await key, data, "sha256").hex()
