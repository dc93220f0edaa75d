"""What every event store promises of runs of other installations: kept as they came, and driven by nobody."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final

import pytest
from msgspec.structs import replace

from interlock.core import events as e
from interlock.core.values import Packer, Ref, encode
from interlock.store import EventStore, ImportedPage, LeaseLostError, Sealed, StaleRunError, verify_chain
from interlock.store.errors import BlobNameTakenError, ImportedRunError, RunOfThisPlaceError
from interlock.store.lease import first_lease
from interlock.store.retention import Freed
from interlock.store.rows import LedgerRow, RunRow
from interlock.store.sealing import CHAIN_START, SALT_BYTES, header_hash, seal_all
from tests.store.event_loop import in_event_loop
from tests.store.logs import MINUTE, NOON, TENANT, Fact, append, ended, log, owner, started
from tests.store.places import Place

ACME: Final = "acme"
THEIR_KEY: Final = b"the key of another installation!"
TEXT: Final = "text " * 100
SENT: Final[Fact] = ("a", e.NodeStarted(1, "effect-1", "digest", {"n": 1}, tool="ready", emits=True))
ASKED: Final[Fact] = ("b", e.NodeWaiting("person", question=e.Question("Release?", ("yes", "no"))))


def imported(
    *facts: Fact,
    after: int = 0,
    previous: bytes = CHAIN_START,
    status: str = "waiting",
    blobs: Mapping[str, bytes] | None = None,
    run: str = "r1",
) -> ImportedPage:
    """A page of a run of another installation."""
    events = log(*facts, after=after)
    salts = b"s" * SALT_BYTES * len(events)
    sealed, _ = seal_all(events, tenant=ACME, run=run, previous=previous, salts=salts)
    return ImportedPage(
        tenant=TENANT,
        run=run,
        imported_from=ACME,
        after=after,
        previous=previous,
        sealed=sealed,
        events=events,
        status=status,
        blobs=blobs or {},
    )


def elsewhere(value: object) -> tuple[Ref, dict[str, bytes]]:
    """A value that is kept outside events, under the name that another installation has given it."""
    packer = Packer(THEIR_KEY)
    return packer.put_aside(encode(value)), packer.take_fresh()


@in_event_loop
async def test_an_imported_run_is_kept_as_it_came(place: Place) -> None:
    """Its hashes are over the bytes of where it ran, and another tenant's name stands in its headers."""
    page = imported(started(key="order-7", labels={"team": "a"}), SENT, ended())

    async with place.store() as store:
        await store.imports.keep(page)
        row, sealed = await store.get_run(TENANT, "r1"), await store.read_sealed(TENANT, "r1")

    assert sealed == list(page.sealed)
    assert verify_chain(sealed, head=row.head) is None
    assert row == RunRow(
        tenant=TENANT,
        run="r1",
        status="succeeded",
        graph="release",
        graph_hash="hash-1",
        bundle="bundle-1",
        kind="start",
        parent="",
        key="",
        labels={"team": "a"},
        started_at=NOON + 1,
        ended_at=NOON + 3,
        seq=3,
        head=page.head,
        due=None,
        waiting=0,
        error="",
        imported_from=ACME,
    )


@in_event_loop
async def test_it_is_kept_page_by_page_and_each_has_to_follow_the_one_before(place: Place) -> None:
    """A run may be longer than memory, and two may bring it at once."""
    first = imported(started(), ASKED)
    second = imported(ended("failed", error=TEXT), after=2, previous=first.head)

    async with place.store() as store:
        await store.imports.keep(first)
        with pytest.raises(StaleRunError):
            await store.imports.keep(first)
        with pytest.raises(StaleRunError):
            await store.imports.keep(replace(second, previous=header_hash(b"another")))
        between = await store.get_run(TENANT, "r1")
        await store.imports.keep(second)
        row = await store.get_run(TENANT, "r1")

    assert (between.status, between.seq, between.ended_at) == ("waiting", 2, None)
    assert (row.status, row.seq, row.ended_at, row.error) == ("failed", 3, NOON + 3, TEXT)


@in_event_loop
async def test_two_who_bring_the_same_page_at_once_bring_it_once(place: Place) -> None:
    """The second one is told, and looks at what is there by then."""
    page = imported(started(), ended())

    async with place.store() as store:
        outcomes = await asyncio.gather(store.imports.keep(page), store.imports.keep(page), return_exceptions=True)

        assert sorted(type(outcome).__name__ for outcome in outcomes) == ["NoneType", "StaleRunError"]
        assert len(await store.read_sealed(TENANT, "r1")) == 2


@in_event_loop
async def test_nobody_drives_an_imported_run(place: Place) -> None:
    """Its effects belong to where it ran: taken up here they would happen twice."""
    async with place.store() as store:
        await store.imports.keep(imported(started(), SENT, status="running"))
        place.setting.now += 10 * MINUTE

        assert await store.claim_runs(owner=owner(1), limit=10) == []
        assert (await store.next_claim(), await store.runs_waiting()) == (None, [])
        with pytest.raises(ImportedRunError, match=r"run r1 was imported: .* of tenant acme"):
            await store.acquire_lease(TENANT, "r1", owner=owner(1))
        with pytest.raises(ImportedRunError):
            await store.send_signal(TENANT, "r1", kind="cancel", body=b"", sender="ann")
        assert await store.unread_signals(TENANT) == []


@in_event_loop
async def test_nothing_of_it_is_asked_or_sent_or_told_here(place: Place) -> None:
    """People are asked there, events are sent from there, and what happened there is no news here."""
    async with place.store() as store:
        await store.imports.keep(imported(started(key="order-7"), SENT, ASKED))

        assert await store.questions(TENANT) == []
        assert await store.outbox(TENANT) == []
        assert await store.feed(TENANT) == []
        assert await store.find_by_key(TENANT, "order-7") is None
        assert [(line.effect, line.status) for line in await store.ledger(TENANT, "r1")] == [("effect-1", "intended")]


@in_event_loop
async def test_what_is_derived_from_it_comes_back_the_same(place: Place) -> None:
    """Rows can be lost; the log says what they were, and that it was imported."""
    async with place.store() as store:
        await store.imports.keep(imported(started(key="order-7"), SENT, ASKED))
        before = await derived(store)

        await store.rebuild(TENANT, "r1", status="waiting", due=None)

        assert await derived(store) == before


async def derived(store: EventStore) -> tuple[RunRow, list[LedgerRow], int, int]:
    """The rows of the run."""
    asked, to_send = len(await store.questions(TENANT)), len(await store.outbox(TENANT))
    return await store.get_run(TENANT, "r1"), await store.ledger(TENANT, "r1"), asked, to_send


@in_event_loop
async def test_a_run_that_was_started_here_is_never_added_to(place: Place) -> None:
    """What is on record of it comes from whoever drove it, and from nobody else."""
    async with place.store() as store:
        lease = await store.acquire_lease(TENANT, "r1", owner=owner(1))
        await store.append(append(lease, started()))
        head = (await store.get_run(TENANT, "r1")).head

        with pytest.raises(RunOfThisPlaceError, match="run r1 was started in this store"):
            await store.imports.keep(imported(ended(), after=1, previous=head))

        assert (await store.get_run(TENANT, "r1")).seq == 1


@in_event_loop
async def test_a_run_is_not_started_under_the_id_of_an_imported_one(place: Place) -> None:
    """Ids are drawn by chance, and a test may name them: then nothing is mixed up."""
    async with place.store() as store:
        await store.imports.keep(imported(started()))
        lease = first_lease(TENANT, "r1", owner(1), at=NOON)

        with pytest.raises((StaleRunError, LeaseLostError)):
            await store.append(replace(append(lease, started()), claim=lease))

        assert (await store.get_run(TENANT, "r1")).seq == 1


@in_event_loop
async def test_its_values_are_found_under_the_names_that_its_events_have_for_them(place: Place) -> None:
    """They are named under a key that never comes here; this tenant's own vouches for them from now on."""
    ref, blobs = elsewhere(TEXT)

    async with place.store() as store:
        await store.imports.keep(imported(started(), ("a", e.NodeResult("effect-1", "done", ref)), blobs=blobs))

        assert await store.blobs(TENANT, [ref.digest]) == blobs
        assert await store.retention.drop_unmentioned_blobs(TENANT) == Freed(0, 0)
        assert (await store.retention.size_of(TENANT, "r1")).own_blobs > 0


@in_event_loop
async def test_a_value_of_this_place_stands_before_one_that_was_brought_under_its_name(place: Place) -> None:
    """Else whoever knows a name could have a run here read what they like."""
    async with place.store() as store:
        packer = Packer(await store.blob_key(TENANT))
        ref = packer.put_aside(encode("what it is"))
        page = imported(started(), ("a", e.NodeResult("e", "done", ref)), blobs={ref.digest: encode("something else")})
        await store.imports.keep(page)

        lease = await store.acquire_lease(TENANT, "r2", owner=owner(1))
        taken = packer.take_fresh()
        await store.append(append(lease, started(), ("a", e.NodeResult("e", "done", ref)), blobs=taken))

        assert await store.blobs(TENANT, [ref.digest]) == taken
        with pytest.raises(BlobNameTakenError, match="run r3 brings other bytes"):
            await store.imports.keep(replace(imported(started(), run="r3"), blobs=page.blobs))
        assert await store.find_run(TENANT, "r3") is None


@in_event_loop
async def test_an_imported_run_is_given_up_although_it_has_not_ended(place: Place) -> None:
    """Its end will never come here, and nothing waits for it."""
    ref, blobs = elsewhere(TEXT)
    page = imported(started(), ("a", e.NodeResult("effect-1", "done", ref)), ASKED, blobs=blobs)

    async with place.store() as store:
        await store.imports.keep(page)
        await store.retention.drop_run(TENANT, "r1")
        freed = await store.retention.drop_unmentioned_blobs(TENANT)

        assert (await store.list_runs(TENANT), await store.read_sealed(TENANT, "r1")) == ([], list[Sealed]())
        assert freed.blobs == 1
        await store.imports.keep(page)
        assert (await store.get_run(TENANT, "r1")).seq == 3
