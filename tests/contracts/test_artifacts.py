"""Artifacts in every store: kept once, read in pieces, and given up only when nobody needs them."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterable, AsyncIterator, Callable

import pytest

from interlock.artifacts import (
    Artifact,
    ArtifactInUseError,
    ArtifactNotFoundError,
    ArtifactShelf,
    ArtifactTooLongError,
    artifact_value,
    artifacts_named,
)
from interlock.artifacts.parts import PART, PART_BYTES
from interlock.artifacts.shelf import START_MICROS_MAX, UPLOAD, UPLOAD_MICROS_MAX
from interlock.store import DamagedError, EventStore
from tests.store.event_loop import in_event_loop
from tests.store.logs import NOON, TENANT, WORKER, append, ended, started
from tests.store.places import Place

LONG = bytes(range(256)) * (PART_BYTES // 256) * 2 + b"the end"
LIMIT = 10 * PART_BYTES


def shelf_of(place: Place, store: EventStore, tenant: str = TENANT) -> ArtifactShelf:
    """The artifacts of a tenant."""
    return ArtifactShelf(store, tenant, now=place.setting.clock)


async def pieces_of(data: bytes, *, size: int = 100_000) -> AsyncIterator[bytes]:
    """Bytes as a client sends them."""
    for begin in range(0, len(data), size):
        yield data[begin : begin + size]


async def broken_off(data: bytes) -> AsyncIterator[bytes]:
    """Bytes of a client that goes in the middle."""
    yield data
    raise ConnectionResetError


async def whole(pieces: AsyncIterable[bytes]) -> bytes:
    """Pieces, put together."""
    return b"".join([piece async for piece in pieces])


async def kept(shelf: ArtifactShelf, data: bytes = LONG) -> str:
    """The digest of bytes that were kept."""
    artifact, _ = await shelf.keep(pieces_of(data), type="image/png", by="ada", bytes_max=LIMIT)
    return artifact.digest


@in_event_loop
async def test_what_was_kept_is_read_back_in_every_process(place: Place) -> None:
    """A server takes a file, and a worker on another machine needs it."""
    async with place.store() as one, place.store() as other:
        artifact, is_new = await shelf_of(place, one).keep(pieces_of(LONG), type="image/png", by="ada", bytes_max=LIMIT)

        elsewhere = shelf_of(place, other)
        digest = hashlib.sha256(LONG).hexdigest()
        assert is_new
        assert artifact == Artifact(digest=digest, bytes=len(LONG), type="image/png", at=NOON, by="ada")
        assert await elsewhere.get(digest) == artifact
        assert await whole(elsewhere.read(digest)) == LONG


@in_event_loop
@pytest.mark.parametrize(
    ("first", "after"), [(0, 1), (PART_BYTES - 1, PART_BYTES + 1), (PART_BYTES, 2 * PART_BYTES), (len(LONG) - 3, None)]
)
async def test_a_part_of_it_can_be_read_alone(place: Place, first: int, after: int | None) -> None:
    """A broken download goes on where it broke off, wherever that was."""
    async with place.store() as store:
        shelf = shelf_of(place, store)
        digest = await kept(shelf)

        assert await whole(shelf.read(digest, first=first, after=after)) == LONG[first:after]


@in_event_loop
async def test_the_same_bytes_are_the_same_artifact(place: Place) -> None:
    """Whoever uploads again after a broken answer leaves nothing behind."""
    async with place.store() as store:
        shelf = shelf_of(place, store)
        first, _ = await shelf.keep(pieces_of(LONG), by="ada", bytes_max=LIMIT)

        again, is_new = await shelf.keep(pieces_of(LONG, size=7_777), type="image/png", by="bob", bytes_max=LIMIT)

        assert (is_new, again.at, again.by, again.type) == (False, first.at, "ada", "image/png")
        assert await shelf.listed(limit=10) == [again]
        assert len(await store.records.listed(TENANT, PART)) == 3
        assert await whole(shelf.read(again.digest)) == LONG


@in_event_loop
async def test_nothing_at_all_is_an_artifact_too(place: Place) -> None:
    """An empty file is a file."""
    async with place.store() as store:
        shelf = shelf_of(place, store)
        digest = await kept(shelf, b"")

        assert await whole(shelf.read(digest)) == b""


@in_event_loop
async def test_other_tenants_do_not_have_it(place: Place) -> None:
    """Whoever knows the digest of a file knows nothing of who has it."""
    async with place.store() as store:
        digest = await kept(shelf_of(place, store))

        stranger = shelf_of(place, store, "other")
        with pytest.raises(ArtifactNotFoundError):
            await stranger.get(digest)
        assert await stranger.listed(limit=10) == []


@in_event_loop
@pytest.mark.parametrize("sent", [pieces_of, broken_off])
async def test_what_is_too_long_or_broken_off_leaves_nothing(
    place: Place, sent: Callable[[bytes], AsyncIterable[bytes]]
) -> None:
    """Or a store would fill with what nobody can ever reach."""
    async with place.store() as store:
        shelf = shelf_of(place, store)

        with pytest.raises((ArtifactTooLongError, ConnectionResetError)):
            await shelf.keep(sent(LONG), bytes_max=2 * PART_BYTES + 6)

        assert await store.records.listed(TENANT, PART) == []
        assert await store.records.listed(TENANT, UPLOAD) == []


@in_event_loop
async def test_what_a_dead_process_has_begun_is_cleared_away(place: Place) -> None:
    """Killed in the middle, it could not do that itself; one that may still live is left alone."""
    async with place.store() as store:
        await store.records.put(TENANT, UPLOAD, "dead", b"")
        await store.records.put(TENANT, PART, "dead:00000000", b"x")
        place.setting.now += UPLOAD_MICROS_MAX
        await store.records.put(TENANT, UPLOAD, "slow", b"")
        await store.records.put(TENANT, PART, "slow:00000000", b"x")
        place.setting.now += 1

        await kept(shelf_of(place, store), b"")

        assert [record.key for record in await store.records.listed(TENANT, PART)] == ["slow:00000000"]


@in_event_loop
async def test_one_that_died_at_its_very_end_keeps_what_it_made(place: Place) -> None:
    """Clearing away after it must not take the bytes of what is on record."""
    async with place.store() as store:
        shelf = shelf_of(place, store)
        digest = await kept(shelf)
        upload = (await store.records.listed(TENANT, PART))[0].key.partition(":")[0]
        await store.records.put(TENANT, UPLOAD, upload, f"{digest}:{len(LONG)}".encode())
        place.setting.now += UPLOAD_MICROS_MAX + 1

        await kept(shelf, b"")

        assert await whole(shelf.read(digest)) == LONG
        assert await store.records.listed(TENANT, UPLOAD) == []


@in_event_loop
async def test_what_a_run_on_record_was_started_with_cannot_be_given_up(place: Place) -> None:
    """The run could not be tried again, and its record would name nothing."""
    async with place.store() as store:
        shelf = shelf_of(place, store)
        digest = await kept(shelf)
        await shelf.note_use([digest], "run-1")
        lease = await store.acquire_lease(TENANT, "run-1", owner=WORKER)
        await store.append(append(lease, started(), ended()))
        await store.release_lease(lease)
        place.setting.now += START_MICROS_MAX

        with pytest.raises(ArtifactInUseError, match="run-1"):
            await shelf.drop(digest)
        await store.retention.drop_run(TENANT, "run-1")
        await shelf.drop(digest)

        assert await shelf.find(digest) is None
        assert await store.records.listed(TENANT, PART) == []
        assert await store.records.listed(TENANT, UPLOAD) == []


@in_event_loop
async def test_what_a_run_is_just_started_with_cannot_be_given_up_either(place: Place) -> None:
    """Between the note and the record of the run lies a moment."""
    async with place.store() as store:
        shelf = shelf_of(place, store)
        digest = await kept(shelf)
        await shelf.note_use([digest], "run-1")

        with pytest.raises(ArtifactInUseError):
            await shelf.drop(digest)
        place.setting.now += START_MICROS_MAX
        await shelf.drop(digest)

        assert await shelf.find(digest) is None


@in_event_loop
async def test_a_run_cannot_be_started_with_what_is_not_there(place: Place) -> None:
    """It would fail later, far from who wrote the digest."""
    async with place.store() as store:
        with pytest.raises(ArtifactNotFoundError, match=r"a{64}"):
            await shelf_of(place, store).note_use(["a" * 64], "run-1")


@in_event_loop
async def test_a_wrong_byte_is_found(place: Place) -> None:
    """A file that is not what was uploaded must not pass for it."""
    async with place.store() as store:
        shelf = shelf_of(place, store)
        digest = await kept(shelf)
        part = (await store.records.listed(TENANT, PART))[1]
        await store.records.put(TENANT, PART, part.key, part.data[:-1] + b"!")

        with pytest.raises(DamagedError, match="part 1"):
            await whole(shelf.read(digest))


def test_values_name_artifacts_wherever_they_stand() -> None:
    """Inputs are maps and lists; what only looks like the word is none."""
    one, two = ("a" * 64), ("b" * 64)
    named = artifact_value(Artifact(digest=one, bytes=1, type="text/plain", at=NOON, by=""))

    found = artifacts_named({"file": named, "more": [{"artifact": two}, {"artifact": "vase"}, named], "artifact": 7})

    assert named == {"artifact": one, "bytes": 1, "type": "text/plain"}
    assert found == [one, two]
