"""A run that is carried elsewhere is the same run there: shown, replayed, carried on, and never driven."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import threading
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, closing
from hashlib import sha256
from pathlib import Path

import pytest

from interlock import Interlock, LeaseHeldError, RunHandle
from interlock.audit.errors import NotImportedError, RunFileError, RunFileTooLongError, UntrustedSignerError
from interlock.audit.exporting import untold
from interlock.audit.manifest import SIGNATURES, written_signatures
from interlock.audit.signing_key import public_pem
from interlock.audit.tar_parts import Part
from interlock.store.errors import DamagedError, ImportedRunError
from interlock.store.sqlite.backup import back_up
from tests.audit.run_files import (
    FORGER,
    ORDER,
    Carried,
    exported,
    flipped,
    packed,
    part_of,
    sent_order,
    signed_by_forger,
    unpacked,
    verified,
    waiting_order,
    with_part,
    write,
)
from tests.store.event_loop import in_event_loop


@asynccontextmanager
async def two_places() -> AsyncGenerator[tuple[Interlock, Interlock]]:
    """Two installations that know nothing of each other."""
    async with Interlock(tools=[write]) as here, Interlock() as there:
        yield here, there


def unsigned(data: bytes) -> list[tuple[str, bytes]]:
    """All of a file that follows from the run alone."""
    return [(part.name, part.data) for part in unpacked(data) if part.name != SIGNATURES]


async def taken(place: Interlock, data: bytes) -> RunHandle:
    """The run of a file, imported."""
    return await place.open((await place.run_files.import_run(Carried(data))).run)


@in_event_loop
async def test_the_same_run_gives_the_same_file() -> None:
    """Two who were given a run can compare what they have."""
    async with Interlock(tools=[write]) as interlock:
        handle = await sent_order(interlock)

        assert await exported(handle) == await exported(handle)


@in_event_loop
async def test_a_run_that_was_carried_on_is_the_same_file_but_for_who_signs() -> None:
    """Nothing is lost or made anew on the way, however often it is passed on."""
    async with two_places() as (here, there):
        first = await exported(await sent_order(here))
        second = await exported(await taken(there, first))

    assert unsigned(second) == unsigned(first)
    assert set(verified(second).signers) > set(verified(first).signers)


@in_event_loop
async def test_an_imported_run_replays_to_the_very_same_state() -> None:
    """Its large values are named under a key that is not here, and every decision has to be the same all the same."""
    async with two_places() as (here, there):
        handle = await sent_order(here)
        copy = await taken(there, await exported(handle))
        replayed, result = await copy.replay(), await copy.result()

        assert replayed == await handle.replay()
        assert (replayed.verdict, result.status) == ("same", "succeeded")
        assert result.outputs == (await handle.result()).outputs
        assert (await copy.row()).imported_from == "local"


@in_event_loop
async def test_a_run_that_goes_on_is_a_record_that_nobody_drives() -> None:
    """Both sides would do the same effects."""
    async with two_places() as (here, there):
        handle = await waiting_order(here, key="order-7")
        copy = await taken(there, await exported(handle))

        assert (await copy.row()).status == "waiting"
        assert (await there.questions(), await there.find_by_key("order-7")) == ([], None)
        assert (
            await refusals(
                lambda: copy.answer("approve", choice="send", by="ann"),
                lambda: copy.answer("approve", choice="send", by="ann", detach=True),
                lambda: copy.cancel(by="ann"),
                lambda: copy.retry(by="ann"),
                lambda: copy.rollback(by="ann"),
                lambda: there.take_up(copy.id),
                copy.wait,
            )
            == [ImportedRunError] * 7
        )
        assert (await copy.wait_while_moving()).status == "waiting"
        assert (await copy.row()).seq == (await handle.row()).seq


async def refusals(*acts: Callable[[], object]) -> list[type[BaseException]]:
    """What each of these is refused with."""
    return [await _refusal(act) for act in acts]


async def _refusal(act: Callable[[], object]) -> type[BaseException]:
    with pytest.raises((ImportedRunError, LeaseHeldError)) as refused:
        await act()  # pyright: ignore[reportGeneralTypeIssues] - each of them is awaitable
    return refused.type


@in_event_loop
async def test_a_longer_file_of_the_same_run_is_kept_on_and_a_shorter_one_changes_nothing() -> None:
    """A run is sent each week, and the week before may arrive late."""
    async with two_places() as (here, there):
        handle = await waiting_order(here)
        monday = await exported(handle)
        await handle.answer("approve", choice="send", by="ann")
        await handle.wait()
        tuesday = await exported(handle)

        first = await there.run_files.import_run(Carried(monday))
        second = await there.run_files.import_run(Carried(tuesday))
        again = await there.run_files.import_run(Carried(monday))
        copy, record = await there.open(handle.id), await there.run_files.find_import(handle.id)

        ended = (await handle.row()).seq
        assert (first.events_added, second.events_added, again.events_added) == (
            verified(monday).manifest.events,
            ended - verified(monday).manifest.events,
            0,
        )
        assert record is not None
        assert record.events == ended
        assert ((await copy.row()).status, (await copy.replay()).verdict) == ("succeeded", "same")
        assert unsigned(await exported(copy)) == unsigned(tuesday)


@in_event_loop
async def test_another_run_under_the_same_id_is_refused() -> None:
    """An id names one run; which of the two is true cannot be seen here."""
    async with (
        Interlock(tools=[write], new_id=lambda: "order-1") as here,
        Interlock(tools=[write], new_id=lambda: "order-1") as elsewhere,
        Interlock() as there,
    ):
        one, other = await exported(await sent_order(here)), await exported(await waiting_order(elsewhere))
        await there.run_files.import_run(Carried(one))

        with pytest.raises(NotImportedError, match="another run of this id is here"):
            await there.run_files.import_run(Carried(other))
        with pytest.raises(NotImportedError, match="another run of this id is here"):
            await here.run_files.import_run(Carried(other))

        assert (await (await there.open("order-1")).replay()).verdict == "same"


@in_event_loop
async def test_a_run_comes_home_and_nothing_is_changed() -> None:
    """Whoever tries the file where it was made learns that all of it is there."""
    async with Interlock(tools=[write]) as here:
        handle = await waiting_order(here)
        data = await exported(handle)

        assert (await here.run_files.import_run(Carried(data))).events_added == 0
        await handle.answer("approve", choice="send", by="ann")
        assert (await handle.wait()).status == "succeeded"
        assert await here.run_files.find_import(handle.id) is None


@in_event_loop
async def test_a_restored_store_takes_no_events_of_its_own_run_from_a_file(tmp_path: Path) -> None:
    """It may have gone on with the run itself, so another course of it stays outside."""
    original, restored = tmp_path / "original.db", tmp_path / "restored.db"
    async with Interlock(original, tools=[write]) as here:
        handle = await waiting_order(here)
    back_up(original, restored, progress=untold)
    async with Interlock(original, tools=[write]) as here:
        handle = await here.open(handle.id)
        await handle.answer("approve", choice="send", by="ann")
        await handle.wait()
        late = await exported(handle)

    async with Interlock(restored, tools=[write]) as there:
        with pytest.raises(NotImportedError, match="it was started here, and goes on here"):
            await there.run_files.import_run(Carried(late))

        assert (await (await there.open(handle.id)).row()).status == "waiting"


@in_event_loop
async def test_a_fork_of_an_imported_run_is_a_run_of_ones_own() -> None:
    """What went wrong elsewhere is tried again here, from any node on."""
    async with Interlock(tools=[write]) as here, Interlock(tools=[write]) as there:
        copy = await taken(there, await exported(await sent_order(here)))

        fork = await copy.fork(await copy.prepare_fork("long_enough"), by="ann")
        await fork.wait_while_moving()
        await fork.answer("approve", choice="drop", by="ann")

        assert (await fork.wait()).status == "succeeded"
        assert ((await fork.row()).parent, (await fork.row()).imported_from) == (copy.id, "")
        assert (await fork.replay()).verdict == "same"


@pytest.mark.parametrize(
    ("damage", "found"),
    [
        ("update event set payload = cast(payload || x'00' as blob) where seq = 3", "event 3 of run"),
        ("delete from blob", r"which run .* mentions and which is not there"),
    ],
    ids=["another event", "a value that is gone"],
)
@in_event_loop
async def test_a_run_that_is_damaged_is_not_signed(tmp_path: Path, damage: str, found: str) -> None:
    """Who signs says that it is what was stored, and all of it."""
    store = tmp_path / "runs.db"
    async with Interlock(store, tools=[write]) as here:
        handle = await sent_order(here)
    with closing(sqlite3.connect(store)) as file, file:
        file.execute(damage)

    async with Interlock(store) as here:
        with pytest.raises(DamagedError, match=found):
            await exported(await here.open(handle.id))


@in_event_loop
async def test_a_run_that_moved_to_another_bundle_brings_both() -> None:
    """What came before the move was decided by the one, what came after by the other."""
    after_it = {"log": {"value": {"sent": "${approve.choice}"}}}
    async with Interlock(tools=[write]) as here, Interlock() as there:
        await here.release(ORDER, by="ann")
        handle = await waiting_order(here)
        await here.release(ORDER | {"nodes": ORDER["nodes"] | after_it}, by="ann")
        await here.migrate(handle.id, "2", by="ann")
        await handle.answer("approve", choice="send", by="ann")
        await handle.wait()
        data = await exported(handle)
        copy = await taken(there, data)

        bundles = [part.name for part in unpacked(data) if part.name.startswith("bundles/")]
        assert (len(bundles), bundles[1]) == (2, f"bundles/{(await handle.row()).bundle}.msgpack")
        assert await copy.replay() == await handle.replay()
        assert (await copy.row()).bundle == (await handle.row()).bundle
        assert unsigned(await exported(copy)) == unsigned(data)


# --- whom to trust ---------------------------------------------------------------------------------------------------


@in_event_loop
async def test_a_file_that_nobody_trusted_has_signed_is_refused(order: bytes, tmp_path: Path) -> None:
    """Anybody can make a key, and sign what they like with it."""
    signer = verified(order).signers[0]
    pem = tmp_path / "theirs.pem"
    pem.write_text(public_pem(FORGER.public))

    async with Interlock() as there:
        files = there.run_files
        with pytest.raises(UntrustedSignerError, match=signer):
            await files.import_run(Carried(order), trust=[str(pem)])
        assert await there.runs() == []
        imported = await files.import_run(Carried(order), trust=[str(pem), signer.upper()], by="ann")
        record = await files.find_import(imported.run)

    assert imported.trusted == (signer,)
    assert record is not None
    assert (record.tenant, record.trusted, record.by) == ("local", (signer,), "ann")


@in_event_loop
async def test_without_anybody_to_trust_a_file_is_verified_all_the_same(order: bytes) -> None:
    """That it is whole is worth something, and that its signer may be anybody is said."""
    async with Interlock() as there:
        imported = await there.run_files.import_run(Carried(signed_by_forger(order)))

    assert (imported.verified.signers, imported.trusted) == ((FORGER.fingerprint,), ())


@in_event_loop
async def test_a_signature_that_was_taken_off_is_only_missed_by_who_asks_for_it(order: bytes) -> None:
    """Of two signatures each stands for itself."""
    async with Interlock() as there:
        both = await exported(await taken(there, order))
    first = verified(order).signatures
    without = with_part(both, SIGNATURES, lambda _: written_signatures(first))

    assert len(verified(both).signatures) == 2
    assert without == order


# --- what is refused -------------------------------------------------------------------------------------------------


@in_event_loop
async def test_nothing_is_kept_of_a_file_with_a_fault(order: bytes) -> None:
    """Half a run would look like a run."""
    async with Interlock() as there:
        with pytest.raises(RunFileError):
            await there.run_files.import_run(Carried(flipped(order, len(order) - 2000)))

        assert await there.runs() == []
        assert await there.run_files.find_import(verified(order).manifest.run) is None


@in_event_loop
async def test_a_file_that_is_longer_than_is_taken_is_refused_before_it_is_read(order: bytes) -> None:
    """An upload must not fill a disk."""
    async with Interlock() as there:
        with pytest.raises(RunFileTooLongError, match="longer than the 5,000 bytes"):
            await there.run_files.import_run(Carried(order), bytes_max=5_000)


@in_event_loop
async def test_a_bundle_that_is_none_is_refused_before_anything_is_kept(order: bytes) -> None:
    """What is kept can be shown, so its graph has to be one of this release."""
    async with Interlock(tools=[write]) as here, Interlock() as there:
        handle = await sent_order(here)
        sealed = await exported(handle)
        bundle = next(part.name for part in unpacked(sealed) if part.name.startswith("bundles/"))
        broken = signed_by_forger(with_part(sealed, bundle, lambda data: data[:-1]))

        with pytest.raises(RunFileError, match="is not the bundle of this hash"):
            await there.run_files.import_run(Carried(broken))


@in_event_loop
async def test_what_was_erased_is_exported_as_what_is_left_and_verified_and_not_kept() -> None:
    """That and when it happened can be proven for ever; there is nothing to show of it."""
    async with two_places() as (here, there):
        handle = await sent_order(here)
        events = (await handle.row()).seq
        plan = await here.retention.plan("payloads", older_than="1us")
        await here.retention.prune(plan, by="ann", why="asked by the customer")
        data = await exported(handle)

        found = await there.run_files.verify(Carried(data))
        with pytest.raises(NotImportedError, match="its payloads were erased"):
            await there.run_files.import_run(Carried(data))

    assert (found.manifest.events, found.manifest.erased, found.manifest.summary.status) == (
        events,
        events,
        "succeeded",
    )
    assert b"letters" not in part_of(data, "events/0000000001.msgpack")


@in_event_loop
async def test_the_signature_that_a_run_came_with_is_passed_on_for_what_was_signed_alone(order: bytes) -> None:
    """Erased since, it is another file, which its first signer has never seen."""
    async with Interlock() as there:
        copy = await taken(there, order)
        await there.retention.prune(await there.retention.plan("payloads", older_than="1us"), by="ann")

        found = verified(await exported(copy))
        assert found.manifest.is_erased
        assert found.signers == ((await there.run_files.signing_key()).fingerprint,)


@in_event_loop
async def test_the_bundle_of_an_erased_run_is_the_one_that_was_signed() -> None:
    """No event says any more on which graph it was."""
    async with Interlock(tools=[write]) as here:
        handle = await sent_order(here)
        await here.retention.prune(await here.retention.plan("payloads", older_than="1us"), by="ann")
        data = await exported(handle)
    bundle = next(part for part in unpacked(data) if part.name.startswith("bundles/"))
    other = Part(f"bundles/{sha256(b'other').hexdigest()}.msgpack", b"other")

    forged = signed_by_forger(packed([other if part == bundle else part for part in unpacked(data)]))

    with pytest.raises(RunFileError, match=r"is not the one that manifest.json names"):
        verified(forged)


@in_event_loop
async def test_what_was_given_up_does_not_come_back_by_a_file() -> None:
    """Somebody had a reason, and it is on record."""
    async with Interlock(tools=[write]) as here:
        handle = await sent_order(here)
        data = await exported(handle)
        plan = await here.retention.plan("runs", older_than="1us")
        await here.retention.prune(plan, by="ann", why="asked by the customer")

        with pytest.raises(NotImportedError, match=r"given up here at .* by ann \(asked by the customer\)"):
            await here.run_files.import_run(Carried(data))


@in_event_loop
async def test_a_run_whose_payloads_were_erased_here_stays_erased() -> None:
    """The file that somebody still has brings nothing back."""
    async with Interlock(tools=[write]) as here:
        handle = await sent_order(here)
        data = await exported(handle)
        await here.retention.prune(await here.retention.plan("payloads", older_than="1us"), by="ann")

        assert (await here.run_files.import_run(Carried(data))).events_added == 0
        assert (await handle.replay()).verdict == "erased"


@in_event_loop
async def test_an_imported_run_is_given_up_like_any_other(order: bytes) -> None:
    """Records are kept for as long as the settings say, wherever they come from."""
    async with Interlock() as there:
        copy = await taken(there, order)

        pruned = await there.retention.prune(await there.retention.plan("runs", older_than="1us"), by="ann")

        assert pruned.runs == (copy.id,)
        assert pruned.blobs.blobs > 0
        assert await there.runs() == []


# --- on the way ------------------------------------------------------------------------------------------------------


@in_event_loop
async def test_how_far_it_is_can_be_told_all_along(order: bytes) -> None:
    """A long run takes minutes, and somebody waits."""
    told: list[tuple[str, int, int]] = []
    async with Interlock() as there:
        handle = await there.open((await there.run_files.import_run(Carried(order), progress=_noting(told))).run)
        events = (await handle.row()).seq
        async for _ in await handle.export(progress=_noting(told)):
            pass

    assert list(dict.fromkeys(what for what, _, _ in told)) == ["reading", "following", "keeping", "events"]
    assert told[-1] == ("events", events, events)


def _noting(told: list[tuple[str, int, int]]) -> Callable[[str, int, int], None]:
    return lambda what, done, total: told.append((what, done, total))


@in_event_loop
async def test_a_file_that_can_be_read_only_once_is_taken_as_well(order: bytes, tmp_path: Path) -> None:
    """`interlock import <(curl …)` names a pipe."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=lambda: pipe.write_bytes(order))
    writer.start()
    async with Interlock() as there:
        found = await there.run_files.verify(pipe)
    writer.join()

    assert found.manifest == verified(order).manifest


@in_event_loop
async def test_a_long_run_is_carried_in_pages() -> None:
    """However long it is, a page of it is held at a time."""
    graph = {
        "graph": "long",
        "nodes": {"all": {"each": "${inputs.range}", "as": "n", "do": {"value": {"n": "${n}"}}, "parallel": 50}},
        "inputs": {"range": {"type": "array", "items": {"type": "integer"}}},
    }
    async with two_places() as (here, there):
        handle = await here.start(graph, {"range": list(range(400))})
        await handle.wait()
        data = await exported(handle)
        copy = await taken(there, data)

        pages = [part.name for part in unpacked(data) if part.name.startswith("events/")]
        assert pages == [f"events/{first:010}.msgpack" for first in (1, 1001)]
        assert (await copy.replay()) == (await handle.replay())
        assert unsigned(await exported(copy)) == unsigned(data)


# --- among the runs of this place ------------------------------------------------------------------------------------


@in_event_loop
async def test_what_is_asked_of_many_runs_is_not_asked_of_imported_ones() -> None:
    """A word for all that wait here is none for what waits elsewhere."""
    async with Interlock(tools=[write]) as here, Interlock(tools=[write]) as there:
        copy = await taken(there, await exported(await waiting_order(here)))
        own = await waiting_order(there)

        asked = [one async for one in there.selected(graph="order").cancel(by="ann")]
        counted = await there.selected(graph="order").counted()

        assert [one.run for one in asked] == [own.id]
        assert counted == {("order", "waiting"): 1, ("order", "cancelled"): 1}
        assert (await copy.row()).status == "waiting"


@in_event_loop
async def test_what_an_imported_run_has_cost_was_paid_elsewhere() -> None:
    """It is shown with the run, and is no cost of this place."""
    async with two_places() as (here, there):
        copy = await taken(there, await exported(await sent_order(here)))

        assert (await copy.costs()).total.calls == 1
        assert (await there.costs()).total.calls == 0


@in_event_loop
async def test_a_new_version_has_nothing_to_ask_of_imported_runs() -> None:
    """They go on elsewhere, on what they were pinned to there."""
    async with Interlock(tools=[write]) as here, Interlock(tools=[write]) as there:
        await taken(there, await exported(await waiting_order(here)))

        assert len((await here.preflight(ORDER)).runs) == 1
        assert (await there.preflight(ORDER)).runs == ()


@in_event_loop
async def test_a_backup_with_an_imported_run_is_whole(tmp_path: Path, order: bytes) -> None:
    """Its large values are not named under the key of this place, and every one of them is checked."""
    async with Interlock(tmp_path / "runs.db") as there:
        copy = await taken(there, order)

    checked = back_up(tmp_path / "runs.db", tmp_path / "copy.db", progress=untold)

    assert (checked.runs, checked.blobs) == (1, 2)
    async with Interlock(tmp_path / "copy.db") as restored:
        assert (await (await restored.open(copy.id)).replay()).verdict == "same"


@in_event_loop
async def test_two_who_import_the_same_file_at_once_keep_one_run(order: bytes) -> None:
    """A job that was started twice."""
    async with Interlock() as there:
        files = there.run_files
        kept = await asyncio.gather(*(files.import_run(Carried(order)) for _ in range(4)))

        assert {one.run for one in kept} == {row.run for row in await there.runs()}
        assert (await (await there.open(kept[0].run)).replay()).verdict == "same"
