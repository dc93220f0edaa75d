"""What every event store promises of records."""

from __future__ import annotations

import asyncio

import pytest

from interlock.store import Record, RecordChangedError
from tests.store.event_loop import in_event_loop
from tests.store.logs import NOON, TENANT
from tests.store.places import Place


@in_event_loop
async def test_a_record_is_kept_under_its_kind_and_key(place: Place) -> None:
    """The same key means another thing in another kind, and nothing at all to another tenant."""
    async with place.store() as store:
        await store.records.put(TENANT, "release", "ship", b"one")
        await store.records.put(TENANT, "schedule", "ship", b"nightly")
        await store.records.put("other", "release", "ship", b"theirs")

    async with place.store() as store:
        assert await store.records.find(TENANT, "release", "ship") == Record("release", "ship", 1, b"one", NOON)
        assert await store.records.find(TENANT, "release", "shop") is None
        assert [record.data for record in await store.records.listed("other", "release")] == [b"theirs"]


@in_event_loop
async def test_a_record_that_is_put_again_replaces_itself_and_counts(place: Place) -> None:
    """The version says whether somebody else was here in between."""
    async with place.store() as store:
        first = await store.records.put(TENANT, "release", "ship", b"one")
        place.setting.now += 5
        second = await store.records.put(TENANT, "release", "ship", b"two")

        assert (first, second) == (1, 2)
        assert await store.records.find(TENANT, "release", "ship") == Record("release", "ship", 2, b"two", NOON + 5)


@in_event_loop
async def test_of_two_who_change_a_record_at_once_the_second_notices(place: Place) -> None:
    """Two releases at the same moment must not both believe that they stand."""
    async with place.store() as one, place.store() as other:
        await one.records.put(TENANT, "release", "ship", b"one", expected=0)
        outcomes = await asyncio.gather(
            one.records.put(TENANT, "release", "ship", b"two", expected=1),
            other.records.put(TENANT, "release", "ship", b"three", expected=1),
            return_exceptions=True,
        )

        kept = await one.records.find(TENANT, "release", "ship")
        refused = next(outcome for outcome in outcomes if isinstance(outcome, RecordChangedError))
        assert sorted(map(str, outcomes)) == sorted(["2", str(refused)])
        assert (refused.expected, refused.actual) == (1, 2)
        assert kept is not None
        assert (kept.version, kept.data) == (2, b"two" if outcomes[0] == 2 else b"three")


@in_event_loop
async def test_a_new_record_is_not_put_over_one_that_is_there(place: Place) -> None:
    """Expecting none is how something is taken once."""
    async with place.store() as store:
        await store.records.put(TENANT, "release", "ship", b"one", expected=0)

        with pytest.raises(RecordChangedError, match="the release ship is at version 1, not 0"):
            await store.records.put(TENANT, "release", "ship", b"again", expected=0)


@in_event_loop
async def test_records_are_listed_by_their_keys_a_page_at_a_time(place: Place) -> None:
    """A list that is shown must not depend on who came first."""
    async with place.store() as store:
        for key in ("c", "a", "b"):
            await store.records.put(TENANT, "worker", key, b"")

        page = await store.records.listed(TENANT, "worker", limit=2)
        rest = await store.records.listed(TENANT, "worker", after=page[-1].key)

        assert [record.key for record in page] == ["a", "b"]
        assert [record.key for record in rest] == ["c"]


@in_event_loop
async def test_a_dropped_record_is_gone_and_may_be_dropped_again(place: Place) -> None:
    """Whoever cleans up may be interrupted and begin anew; but who expects a version is told that it is gone."""
    async with place.store() as store:
        await store.records.put(TENANT, "worker", "a", b"")
        await store.records.put(TENANT, "worker", "b", b"")
        with pytest.raises(RecordChangedError):
            await store.records.drop(TENANT, "worker", "b", expected=7)

        await store.records.drop(TENANT, "worker", "a")
        await store.records.drop(TENANT, "worker", "a")

        assert [record.key for record in await store.records.listed(TENANT, "worker")] == ["b"]
        with pytest.raises(RecordChangedError):
            await store.records.drop(TENANT, "worker", "a", expected=1)
