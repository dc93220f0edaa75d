"""What a run's rows say does not depend on how its events were spread over appends."""

from __future__ import annotations

import asyncio
from itertools import accumulate, pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeAlias

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from interlock.core import events as e
from interlock.store import LedgerRow, QuestionRow, RunRow
from interlock.store.rows import Settlement, changes
from tests.store.logs import TENANT, WORKER, Fact, append, log, started
from tests.store.places import MemoryPlace, Place, SqlitePlace

Rows: TypeAlias = tuple[RunRow, list[LedgerRow], list[QuestionRow]]

ASK = e.Question("Go on?", ("yes", "no"))
PATHS = st.sampled_from(["fix", "test"])
EFFECTS = st.sampled_from(["e-1", "e-2"])
BODIES = st.one_of(
    st.builds(e.NodeStarted, st.integers(1, 3), EFFECTS, st.just("digest")),
    st.builds(e.NodeResult, EFFECTS, st.sampled_from(["done", "failed", "unknown"])),
    st.builds(
        e.NodeWaiting, st.sampled_from(["person", "hold", "failure", "reconcile", "time"]), question=st.just(ASK)
    ),
    st.builds(e.EffectIntended, st.integers(1, 2), EFFECTS, st.just("step"), question=st.sampled_from([None, ASK])),
    st.builds(e.EffectDone, st.integers(1, 2), EFFECTS),
    st.builds(e.EffectSettled, EFFECTS, st.sampled_from(["done", "not_done"])),
    st.builds(e.AnswerGiven, st.just("yes"), effect=st.sampled_from(["", "e-1", "e-2"])),
    st.builds(e.NodeSucceeded),
    st.builds(e.NodeCancelled),
)
HISTORIES = st.lists(st.tuples(PATHS, BODIES), max_size=12)


@given(HISTORIES, st.lists(st.integers(1, 4), min_size=12, max_size=12))
def test_rows_are_the_same_however_the_events_were_appended(history: list[Fact], sizes: list[int]) -> None:
    """Each append changes the rows by itself: together they must come to what the whole log says."""
    facts: list[Fact] = [started(), *history]

    one_by_one = asyncio.run(rows_after(facts, sizes))
    at_once = asyncio.run(rows_after(facts, [len(facts)]))

    assert one_by_one[1:] == at_once[1:]
    # Each seals with salts of its own.
    assert replace(one_by_one[0], head=b"") == replace(at_once[0], head=b"")


@settings(max_examples=20)
@given(HISTORIES, st.lists(st.integers(1, 4), min_size=12, max_size=12))
def test_rows_in_a_file_are_the_rows_in_memory(history: list[Fact], sizes: list[int]) -> None:
    """The changes are the same; each adapter has its own way to apply them, and one is so short that it can be read."""
    facts: list[Fact] = [started(), *history]

    with TemporaryDirectory() as folder:
        in_file = asyncio.run(rows_after(facts, sizes, SqlitePlace(Path(folder) / "runs.db")))
    in_memory = asyncio.run(rows_after(facts, sizes))

    assert in_file[1:] == in_memory[1:]
    assert replace(in_file[0], head=b"") == replace(in_memory[0], head=b"")


async def rows_after(facts: list[Fact], sizes: list[int], place: Place | None = None) -> Rows:
    """The rows of a run whose events were appended in portions of these sizes."""
    cuts = [0, *(cut for cut in accumulate(sizes) if cut < len(facts)), len(facts)]
    async with (place or MemoryPlace()).store() as store:
        lease = await store.acquire_lease(TENANT, "r1", owner=WORKER)
        for first, last in pairwise(cuts):
            await store.append(append(lease, *facts[first:last], after=first))
        return await store.get_run(TENANT, "r1"), await store.ledger(TENANT, "r1"), await store.questions(TENANT)


def test_events_that_change_no_row_change_nothing() -> None:
    """Most of a log is of no concern to any list."""
    found = changes("r1", log(e.RunPaused(), ("a", e.EdgeDecided("b", 0, taken=True)), e.RunResumed()))

    assert (found.origin, found.ending, found.intended, found.settled, found.closed, found.asked) == (
        None, None, {}, {}, [], {},
    )  # fmt: skip


def test_an_effect_that_was_intended_earlier_is_settled_by_name() -> None:
    """Its line is where the log cannot be seen from here."""
    found = changes("r1", log(("a", e.NodeResult("e-1", "done")), after=6))

    assert found.settled == {"e-1": Settlement("e-1", "done", 7)}
