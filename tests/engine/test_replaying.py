"""A run is decided anew from its record alone; whatever in the record does not hold is named."""

from __future__ import annotations

import random
import sqlite3
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from interlock import Interlock, tool
from interlock.bootstrap import TENANT
from interlock.core import events as e
from interlock.core.values import Ref, refs_in
from interlock.engine.engine import Engine
from interlock.engine.verifying import Replayed, replay_run
from interlock.store import Lease, LeaseOwner
from interlock.store.event_store import Append
from interlock.store.memory.store import MemoryEventStore
from interlock.store.sealing import header_hash, read_header
from interlock.store.sqlite.store import SqliteEventStore
from tests.client.workshop import graph
from tests.engine.soundness import now
from tests.store.event_loop import in_event_loop

CALLED: list[int] = []


@pytest.fixture(autouse=True)
def nothing_called_yet() -> None:
    """Each test sees only its own calls."""
    CALLED.clear()


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
        return await replay_run(Engine(store, tenant=TENANT, now=now), run)


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

    assert found.verdict == "not_comparable"
    assert "event 8" in found.what
    assert "use a newer Interlock" in found.what


@in_event_loop
async def test_the_first_event_that_does_not_follow_is_named(tmp_path: Path) -> None:
    """Somebody who could write the whole chain anew still cannot make a decision that the graph would not make."""
    place = tmp_path / "interlock.db"
    run = await stored_run(place)
    async with SqliteEventStore(place, clock=now) as store:
        engine = Engine(store, tenant=TENANT, now=now)
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
        found = await replay_run(Engine(copy, tenant=TENANT, now=now), run)

    assert (found.verdict, found.seq) == ("diverges", 5)
    assert found.what == "event 5 (edge.decided a) says something else than what is decided"


def _with_the_edge_untaken(event: e.Event) -> e.Event:
    body = event.body
    return replace(event, body=replace(body, taken=False)) if isinstance(body, e.EdgeDecided) else event


def _refs(events: list[e.Event]) -> list[Ref]:
    return [ref for event in events if isinstance(event.body, e.NodeResult) for ref in refs_in(event.body.out)]
