"""A run is decided anew from its record alone; whatever in the record does not hold is named."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import AsyncIterator, Callable
from hashlib import sha256
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from interlock import Interlock, tool
from interlock.bootstrap import TENANT
from interlock.core import events as e
from interlock.core.values import Ref, refs_in
from interlock.engine import engine as engine_module
from interlock.engine.courses.verifying import Replayed, replay_run
from interlock.engine.engine import Engine
from interlock.store import Lease, LeaseOwner
from interlock.store.event_store import Append
from interlock.store.memory.store import MemoryEventStore
from interlock.store.sealing import header_hash, read_header
from interlock.store.sqlite.store import SqliteEventStore
from tests.embedded.workshop import graph
from tests.engine.soundness import now
from tests.policies import JUDGE
from tests.store.event_loop import in_event_loop

CALLED: list[int] = []


@pytest.fixture(autouse=True)
def nothing_called_yet() -> None:
    """Each test sees only its own calls."""
    CALLED.clear()


@pytest.fixture(autouse=True, params=[2, 2_000], ids=["in pages", "at once"])
def events_read_at_once(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """However much of a log is read at a time, the same is found in it."""
    monkeypatch.setattr(engine_module, "EVENTS_READ_AT_ONCE", request.param)


@tool(effect="once")
async def make(size: int) -> str:
    """Something of a size that does not compress."""
    CALLED.append(size)
    return random.Random(1).randbytes(size // 2).hex()  # noqa: S311 - the same each time


GRAPH = graph(
    {
        "a": {"tool": "make", "input": {"size": 100_000}},
        "b": {"value": "${a}"},
        "small": {"tool": "make", "input": {"size": 10}, "after": {"a": {"when": "${size(a) > 10}"}}},
    }
)


async def stored_run(place: Path) -> str:
    """A run that has ended, and its id."""
    async with Interlock(place, tools=[make]) as interlock:
        run = await interlock.start(GRAPH)
        await run.wait()
    return run.id


async def replayed(place: Path, run: str) -> Replayed:
    """What a replay finds, without any tool at hand."""
    async with SqliteEventStore(place, clock=now) as store:
        return await replay_run(Engine(store, tenant=TENANT, now=now, judge=JUDGE), run)


def execute(place: Path, statement: str, *values: object) -> None:
    """Change the file behind the product's back."""
    with sqlite3.connect(place) as file:
        file.execute(statement, values)
    file.close()


@in_event_loop
async def test_a_replay_comes_to_the_same_and_calls_nothing(tmp_path: Path) -> None:
    """Elsewhere a replay pays for every model call once more, and sends every mail again."""
    place = tmp_path / "interlock.db"
    run = await stored_run(place)
    called = list(CALLED)

    first, second = await replayed(place, run), await replayed(place, run)

    assert (first.verdict, first.status, first.events, first.what) == ("same", "succeeded", 8, "")
    assert first == second
    assert called == CALLED == [100_000, 10]


@in_event_loop
async def test_the_state_that_a_replay_comes_to_tells_runs_apart(tmp_path: Path) -> None:
    """A hash that is always the same would prove nothing."""
    place = tmp_path / "interlock.db"
    runs = [await stored_run(place), await stored_run(place)]

    states = {(await replayed(place, run)).state for run in runs}

    assert len(states) == 2


@in_event_loop
async def test_a_run_that_is_still_waiting_replays_as_far_as_it_has_come(tmp_path: Path) -> None:
    """Whoever doubts a run wants to know before it ends."""
    place = tmp_path / "interlock.db"
    async with Interlock(place) as interlock:
        run = await interlock.start(graph({"ask": {"human": "Go?", "choices": ["yes", "no"]}}))

        found = await run.replay()

    assert (found.verdict, found.status, found.events) == ("same", "waiting", 2)


@pytest.mark.parametrize(
    ("table", "column", "where", "seq", "told"),
    [
        ("event", "payload", "seq = 2", 2, "event 2 of run {run}"),
        ("event", "salt", "seq = 3", 3, "event 3 of run {run}"),
        ("event", "header", "seq = 3", 3, "event 3 of run {run}"),
        ("run", "head", "no = 1", 8, "event 8 of run {run}"),
        ("bundle", "data", "true", None, "bundle "),
        ("blob", "data", "true", 3, "which event 3 mentions"),
    ],
)
def test_a_changed_byte_is_named_wherever_it_is(
    tmp_path: Path, *, table: str, column: str, where: str, seq: int | None, told: str
) -> None:
    """Also one that no decision has ever looked at: a record that is shown to an auditor is all true or it is not."""
    place = tmp_path / "interlock.db"

    @in_event_loop
    async def story() -> None:
        run = await stored_run(place)
        with sqlite3.connect(place) as file:
            (data,) = file.execute(f"select {column} from {table} where {where}").fetchone()  # noqa: S608 - the test's own
        file.close()
        middle = len(data) // 2
        damaged = data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]
        execute(place, f"update {table} set {column} = ? where {where}", damaged)  # noqa: S608 - as above

        found = await replayed(place, run)

        assert (found.verdict, found.seq) == ("damaged", seq)
        assert told.format(run=run) in found.what

    story()


REGIONS = [("event", "header"), ("event", "salt"), ("event", "payload"), ("blob", "data"), ("bundle", "data")]
SPREAD = 7
"""So many bytes of each stored value are changed: its first, its last and some between."""


@pytest.mark.parametrize(("table", "column"), REGIONS)
def test_no_changed_byte_of_any_stored_value_goes_unseen(tmp_path: Path, table: str, column: str) -> None:
    """Lengths, versions, ids, compressed parts: wherever the byte lies, the run is not said to be the same."""
    place = tmp_path / "interlock.db"

    @in_event_loop
    async def story() -> None:
        run = await stored_run(place)
        before = await replayed(place, run)

        unseen = [told async for told in changed_bytes(place, run, table, column) if told.verdict != "damaged"]

        assert (before.verdict, unseen) == ("same", [])

    story()


async def changed_bytes(place: Path, run: str, table: str, column: str) -> AsyncIterator[Replayed]:
    """What a replay finds with one byte changed, for each of many bytes."""
    with sqlite3.connect(place) as file:
        rows = file.execute(f"select rowid, {column} from {table}").fetchall()  # noqa: S608 - the test's own
    file.close()
    statement = f"update {table} set {column} = ? where rowid = ?"  # noqa: S608 - as above
    for row, data in rows:
        for at in sorted({(len(data) - 1) * step // (SPREAD - 1) for step in range(SPREAD)}):
            execute(place, statement, data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :], row)
            yield replace(await replayed(place, run), what=f"{table} {row} byte {at}")
        execute(place, statement, data, row)


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("delete from event where seq = 4", "event 4 of run {run} (event 4 is missing: event 5 stands in its place)"),
        ("delete from event where seq = 8", "event 7 of run {run}"),
        ("update run set seq = 7", "event 7 of run {run}"),
        ("delete from bundle", "there is no bundle "),
        ("delete from blob", "which event 3 mentions"),
        ("update run set bundle = 'x'", "there is no bundle x"),
    ],
)
def test_what_is_gone_is_named(tmp_path: Path, statement: str, told: str) -> None:
    """A record is whole or it is not."""
    place = tmp_path / "interlock.db"

    @in_event_loop
    async def story() -> None:
        run = await stored_run(place)
        execute(place, statement)

        found = await replayed(place, run)

        assert (found.verdict, told.format(run=run) in found.what) == ("damaged", True), found.what

    story()


@in_event_loop
async def test_a_payload_that_was_erased_is_said_to_be_erased(tmp_path: Path) -> None:
    """That is no damage: the chain still proves that the event took place, and when."""
    place = tmp_path / "interlock.db"
    run = await stored_run(place)
    execute(place, "update event set payload = null, salt = x'' where seq = 3")

    found = await replayed(place, run)

    assert (found.verdict, found.seq) == ("erased", 3)
    assert f"the payload of event 3 of run {run} was erased" in found.what


@in_event_loop
async def test_what_a_newer_release_has_written_cannot_be_compared(tmp_path: Path) -> None:
    """Neither `same` nor `diverges` would be true."""
    place = tmp_path / "interlock.db"
    run = await stored_run(place)
    async with SqliteEventStore(place, clock=now) as store:
        last = (await store.read_sealed(TENANT, run))[-1]
    newer = msgspec.msgpack.encode(replace(read_header(last), version=99))
    execute(place, "update event set header = ? where seq = 8", newer)
    execute(place, "update run set head = ?", header_hash(newer))

    found = await replayed(place, run)

    assert (found.verdict, found.seq, found.events) == ("not_comparable", 8, 7)
    assert found.what == (
        f"event 8 of run {run} has format 99; this release knows up to 1: use a newer Interlock; "
        "from there on nothing was compared"
    )


@in_event_loop
async def test_of_a_run_that_a_newer_release_has_begun_nothing_is_compared(tmp_path: Path) -> None:
    """There is nothing before its first event."""
    place = tmp_path / "interlock.db"
    run = await stored_run(place)
    async with SqliteEventStore(place, clock=now) as store:
        first = (await store.read_sealed(TENANT, run))[0]
    newer = msgspec.msgpack.encode(replace(read_header(first), version=99))
    execute(place, "delete from event where seq > 1")
    execute(place, "update event set header = ?", newer)
    execute(place, "update run set seq = 1, head = ?", header_hash(newer))

    found = await replayed(place, run)

    assert (found.verdict, found.seq, found.events) == ("not_comparable", 1, 0)


@in_event_loop
async def test_what_stands_before_the_first_newer_event_is_compared_all_the_same(tmp_path: Path) -> None:
    """Damage is damage, whoever went on from it."""
    place = tmp_path / "interlock.db"
    run = await stored_run(place)
    async with SqliteEventStore(place, clock=now) as store:
        last = (await store.read_sealed(TENANT, run))[-1]
    newer = msgspec.msgpack.encode(replace(read_header(last), version=99))
    execute(place, "update event set header = ? where seq = 8", newer)
    execute(place, "update run set head = ?", header_hash(newer))
    execute(place, "delete from blob")

    found = await replayed(place, run)

    assert (found.verdict, found.seq) == ("damaged", 3)


def of_language_99(bundle: bytes) -> bytes:
    """The bundle of a graph in a language that is not spoken yet."""
    return msgspec.msgpack.encode(msgspec.msgpack.decode(bundle) | {"language": 99})


def of_another_compiler(bundle: bytes) -> bytes:
    """The bundle as a release would have written it that put its fields in another order."""
    return msgspec.msgpack.encode(dict(reversed(msgspec.msgpack.decode(bundle).items())))


def of_another_grammar(bundle: bytes) -> bytes:
    """The bundle of a release that knew a kind of node which this one does not."""
    content = msgspec.msgpack.decode(bundle)
    content["document"]["nodes"]["a"] = {"dream": "of sheep"}
    return msgspec.msgpack.encode(content)


@pytest.mark.parametrize(
    ("other", "told"),
    [
        (of_language_99, "the bundle has format 1 and language 99: open it with a newer release"),
        (of_another_compiler, "it was damaged, or is of a release that this one cannot continue"),
        (of_another_grammar, "the graph in the bundle does not compile in this release: "),
    ],
)
def test_of_a_graph_that_this_release_does_not_understand_only_the_bytes_are_looked_at(
    tmp_path: Path, other: Callable[[bytes], bytes], told: str
) -> None:
    """That is said, with what was looked at; and a changed byte is still a changed byte."""
    place = tmp_path / "interlock.db"

    @in_event_loop
    async def story() -> None:
        run = await stored_run(place)
        async with SqliteEventStore(place, clock=now) as store:
            data = other(await store.get_bundle(TENANT, (await store.get_run(TENANT, run)).bundle))
            await store.put_bundle(TENANT, sha256(data).hexdigest(), data)
        execute(place, "update run set bundle = ?", sha256(data).hexdigest())

        found = await replayed(place, run)
        execute(place, "update event set payload = x'00' where seq = 3")
        damaged = await replayed(place, run)

        assert (found.verdict, told in found.what) == ("not_comparable", True), found.what
        assert found.what.endswith("; its 8 events are those that were stored, and no decision in them was compared")
        assert (damaged.verdict, damaged.seq) == ("damaged", 3)

    story()


@in_event_loop
async def test_the_first_event_that_does_not_follow_is_named(tmp_path: Path) -> None:
    """Somebody who could write the whole chain anew still cannot make a decision that the graph would not make."""
    place = tmp_path / "interlock.db"
    run = await stored_run(place)
    async with SqliteEventStore(place, clock=now) as store:
        engine = Engine(store, tenant=TENANT, now=now, judge=JUDGE)
        plan, events = await engine.log_of(run)
        bundle = await store.get_bundle(TENANT, plan.bundle_hash)
        forged = [_with_the_edge_untaken(event) for event in events]
        blobs = await store.blobs(TENANT, [ref.digest for ref in _refs(events)])
        key = await store.blob_key(TENANT)

    async with MemoryEventStore(clock=now, random_bytes=lambda count: (key * count)[:count]) as copy:
        await copy.put_bundle(TENANT, plan.bundle_hash, bundle)
        await copy.blob_key(TENANT)
        lease = Lease(TENANT, run, epoch=1, expires_at=2**62, owner=LeaseOwner("w", "here", 1, 1))
        await copy.append(
            Append(tenant=TENANT, run=run, expected_seq=0, epoch=1, events=forged, status="x", blobs=blobs, claim=lease)
        )
        found = await replay_run(Engine(copy, tenant=TENANT, now=now, judge=JUDGE), run)

    assert (found.verdict, found.seq) == ("diverges", 5)
    assert found.what == "event 5 (edge.decided a) says something else than what is decided"


def _with_the_edge_untaken(event: e.Event) -> e.Event:
    body = event.body
    return replace(event, body=replace(body, taken=False)) if isinstance(body, e.EdgeDecided) else event


def _refs(events: list[e.Event]) -> list[Ref]:
    return [ref for event in events if isinstance(event.body, e.NodeResult) for ref in refs_in(event.body.out)]
