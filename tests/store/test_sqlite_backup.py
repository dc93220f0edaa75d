"""A copy of a store's file: whole however much is written meanwhile, never over another file, and able to go on."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest

from interlock.core import events as e
from interlock.core.values import Packer, encode
from interlock.store import DamagedError, EventStore, PlaceError
from interlock.store.sqlite.backup import Checked, back_up, check, restore
from tests.store.event_loop import in_event_loop
from tests.store.logs import NOON, TENANT, WORKER, append, owner, started, step
from tests.store.places import SqlitePlace


def silent(what: str, done: int, total: int) -> None:
    """Nobody looks how far it is."""


def names_in(folder: Path) -> list[str]:
    """The files there are."""
    return sorted(path.name for path in folder.iterdir())


async def long_run(store: EventStore, run: str, *, steps: int) -> None:
    """A run with so many steps, each of which is an append, and a large value."""
    packer = Packer(await store.blob_key(TENANT))
    ref = packer.put_aside(encode([run, "text " * 5_000]))
    lease = await store.acquire_lease(TENANT, run, owner=WORKER)
    await store.append(append(lease, started(), blobs=packer.take_fresh()))
    await store.append(append(lease, ("a", e.NodeResult("effect", "done", ref)), after=1))
    for k in range(steps):
        await store.append(append(lease, *step(k), after=2 + 2 * k))


@in_event_loop
async def test_a_copy_is_whole_although_others_write_all_the_time(tmp_path: Path) -> None:
    """A store that has to be stopped to be copied is not copied."""
    place = SqlitePlace(tmp_path / "runs.db")
    async with place.store() as store:
        await long_run(store, "r1", steps=200)
        written: list[int] = []

        async def write_on() -> None:
            for number in range(1_000):
                await long_run(store, f"r{number + 2}", steps=3)
                written.append(number)

        writing = asyncio.ensure_future(write_on())
        await asyncio.sleep(0.05)
        before = len(written)
        found = await asyncio.to_thread(back_up, place.path, tmp_path / "copy.db", progress=silent)
        during = len(written) - before
        writing.cancel()

    assert during > 0
    assert found.runs >= 1 + before
    assert check(tmp_path / "copy.db", progress=silent) == found
    assert names_in(tmp_path) == ["copy.db", "runs.db"]


@in_event_loop
async def test_a_restored_run_is_taken_up_under_a_higher_epoch_at_once(tmp_path: Path) -> None:
    """Whoever drove it at the old place is believed to have gone: it may be on a host that nobody can look at."""
    place, other = SqlitePlace(tmp_path / "runs.db"), SqlitePlace(tmp_path / "elsewhere.db")
    async with place.store() as store:
        lease = await store.acquire_lease(TENANT, "r1", owner=owner(7, host="far away"))
        await store.append(append(lease, started()))
        back_up(place.path, tmp_path / "copy.db", progress=silent)

    found = restore(tmp_path / "copy.db", other.path, progress=silent)

    other.setting.now = NOON
    async with other.store() as store:
        taken = await store.acquire_lease(TENANT, "r1", owner=WORKER)
        await store.append(append(taken, *step(1), after=1))
        assert (found.runs, found.events, taken.epoch) == (1, 1, lease.epoch + 1)


@in_event_loop
async def test_nothing_is_written_over(tmp_path: Path) -> None:
    """The one file that somebody overwrites by mistake is the one that was needed."""
    place = SqlitePlace(tmp_path / "runs.db")
    async with place.store() as store:
        await long_run(store, "r1", steps=1)
    copy = tmp_path / "copy.db"
    copy.write_text("mine")

    with pytest.raises(PlaceError, match="nothing is written over"):
        back_up(place.path, copy, progress=silent)
    with pytest.raises(PlaceError, match="nothing is written over"):
        restore(place.path, copy, progress=silent)

    assert copy.read_text() == "mine"
    assert names_in(tmp_path) == ["copy.db", "runs.db"]


@in_event_loop
async def test_a_copy_that_cannot_be_made_is_what_the_refusal_names(tmp_path: Path) -> None:
    """Whoever reads that the store cannot be opened looks for what is wrong with the store, and nothing is."""
    place = SqlitePlace(tmp_path / "runs.db")
    async with place.store() as store:
        await long_run(store, "r1", steps=1)
    nobody_may = Path("/proc/copy.db")  # not even an administrator

    with pytest.raises(PlaceError, match=r"^/proc/copy.db: it cannot be made \("):
        back_up(place.path, nobody_may, progress=silent)


@in_event_loop
async def test_a_folder_is_no_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a script whose variable is empty asks for is the folder that it stands in."""
    place = SqlitePlace(tmp_path / "runs.db")
    async with place.store() as store:
        await long_run(store, "r1", steps=1)
    monkeypatch.chdir(tmp_path)

    with pytest.raises(PlaceError, match=r"^\.: it is a folder: name a file in it"):
        back_up(place.path, Path(), progress=silent)

    assert names_in(tmp_path) == ["runs.db"]


@pytest.mark.parametrize("column", ["header", "payload"])
@in_event_loop
async def test_a_changed_byte_in_a_copy_is_named(tmp_path: Path, column: str) -> None:
    """A backup that nobody has looked at is a hope."""
    place = SqlitePlace(tmp_path / "runs.db")
    async with place.store() as store:
        await long_run(store, "r1", steps=3)
    copy = tmp_path / "copy.db"
    back_up(place.path, copy, progress=silent)
    with sqlite3.connect(copy) as file:
        file.execute(f"update event set {column} = cast({column} || x'00' as blob) where seq = 3")  # noqa: S608

    with pytest.raises(DamagedError, match=r"event [34] of run r1"):
        restore(copy, tmp_path / "elsewhere.db", progress=silent)

    assert not (tmp_path / "elsewhere.db").exists()


@in_event_loop
async def test_a_changed_value_in_a_copy_is_named(tmp_path: Path) -> None:
    """Large values are no part of the log, and are looked at all the same."""
    place = SqlitePlace(tmp_path / "runs.db")
    async with place.store() as store:
        await long_run(store, "r1", steps=3)
    with sqlite3.connect(place.path) as file:
        file.execute("update blob set data = cast(x'00' || 'other' as blob)")

    with pytest.raises(DamagedError, match="blob"):
        back_up(place.path, tmp_path / "copy.db", progress=silent)

    assert "copy.db" not in names_in(tmp_path)


def test_what_is_no_store_is_not_copied(tmp_path: Path) -> None:
    """Some other program's data under the wrong name would be found out on the day it is needed."""
    with sqlite3.connect(tmp_path / "other.db") as file:
        file.execute("create table mine(a)")

    with pytest.raises(PlaceError, match="another program"):
        back_up(tmp_path / "other.db", tmp_path / "copy.db", progress=silent)
    with pytest.raises(PlaceError, match="no such file"):
        restore(tmp_path / "missing.db", tmp_path / "copy.db", progress=silent)


def test_an_empty_count_is_an_answer_too(tmp_path: Path) -> None:
    """A store in which nothing was run yet can be copied."""
    place = SqlitePlace(tmp_path / "runs.db")
    asyncio.run(opened_once(place))

    found = back_up(place.path, tmp_path / "copy.db", progress=silent)

    assert found == Checked(runs=0, events=0, blobs=0, bytes=found.bytes)


async def opened_once(place: SqlitePlace) -> None:
    """A store that was made, and nothing more."""
    async with place.store():
        pass
