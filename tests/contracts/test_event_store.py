"""What every event store promises: the same suite for the one in memory, the one in a file, and those to come."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Coroutine

import pytest
from msgspec.structs import replace

from interlock.core import events as e
from interlock.core.values import Ref
from interlock.store import (
    DamagedError,
    FeedEntry,
    Head,
    LeaseHeldError,
    LeaseLostError,
    LedgerRow,
    MissingError,
    OutboxRow,
    QuestionRow,
    RunKeyTakenError,
    RunRow,
    SignalGoneError,
    SignalsFullError,
    StaleRunError,
    StoreClosedError,
    verify_chain,
)
from interlock.store.event_store import SIGNALS_MAX
from interlock.store.lease import first_lease
from tests.store.event_loop import in_event_loop
from tests.store.logs import MINUTE, NOON, TENANT, WORKER, append, ended, log, owner, started, step
from tests.store.places import Place

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
async def test_who_has_seen_a_position_never_meets_a_smaller_one(place: Place) -> None:
    """Also when two write at once: a follower that skipped an append would never know."""
    seen: list[FeedEntry] = []
    async with place.store() as mine, place.store() as yours:
        leases = [await mine.acquire_lease(TENANT, f"r{n}", owner=WORKER) for n in range(20)]
        writing = [
            asyncio.create_task([mine, yours][n % 2].append(append(lease, started()))) for n, lease in enumerate(leases)
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
        signalled = await mine.change_mark()
        await mine.append(append(lease, started()))

        assert quiet == before
        assert len({before, signalled, await mine.change_mark()}) == 3


# --- what is derived from the log ------------------------------------------------------------------------------------


@in_event_loop
async def test_a_runs_row_says_how_it_began_where_it_stands_and_how_it_ended(place: Place) -> None:
    """Lists are drawn from rows: nobody folds a thousand logs to show them."""
    async with place.store() as store:
        lease = await store.acquire_lease(TENANT, "r1", owner=WORKER)
        await store.append(append(lease, started(key="pr-7", labels={"team": "core"}), status="waiting", due=NOON + 5))
        waiting = await store.get_run(TENANT, "r1")

        await store.append(append(lease, ended("failed", error="no tests"), after=1, status="failed"))

        head = (await store.head(TENANT, "r1")).hash
        assert (waiting.status, waiting.due, waiting.ended_at) == ("waiting", NOON + 5, None)
        assert await store.get_run(TENANT, "r1") == RunRow(
            tenant=TENANT, run="r1", status="failed", graph="release", graph_hash="hash-1", bundle="bundle-1",
            kind="start", parent="", key="pr-7", labels={"team": "core"}, started_at=NOON + 1, ended_at=NOON + 2, seq=2,
            head=head, due=None, waiting=0, error="no tests",
        )  # fmt: skip


@in_event_loop
async def test_the_ledger_has_one_line_for_each_effect(place: Place) -> None:
    """What was intended and what came of it: of an effect nobody knows the end of as well."""
    async with place.store() as store:
        lease = await store.acquire_lease(TENANT, "r1", owner=WORKER)
        await store.append(
            append(
                lease,
                started(),
                ("fix", e.NodeStarted(1, "e-fix", "d1", tool="fixer")),
                ("fix", e.EffectIntended(1, "e-step", "clone", "d2")),
                ("tell", e.NodeStarted(1, "e-tell", "d3", {"x": 1}, tool="fixed", emits=True)),
            )
        )
        await store.append(
            append(
                lease,
                ("fix", e.EffectDone(1, "e-step")),
                ("fix", e.NodeResult("e-fix", "unknown", error=e.Error("timeout", "too slow"))),
                ("fix!undo", e.UndoStarted(scope="", of=2, attempt=1, effect="e-undo", tool="unfixer")),
                ("fix!undo", e.UndoResult("e-undo", "failed")),
                after=4,
            )
        )

        assert await store.ledger(TENANT, "r1") == [
            LedgerRow("e-fix", "fix", 1, 0, "tool", "fixer", "d1", 2, "unknown", 6),
            LedgerRow("e-step", "fix.1", 0, 1, "step", "clone", "d2", 3, "done", 5),
            LedgerRow("e-tell", "tell", 1, 0, "emit", "fixed", "d3", 4, "intended", None),
            LedgerRow("e-undo", "fix!undo", 1, 0, "undo", "unfixer", "", 7, "failed", 8),
        ]


@in_event_loop
async def test_an_unknown_effect_that_is_repeated_stays_one_line(place: Place) -> None:
    """It keeps its id, so the world must have felt it once: the ledger shows one effect, under way again."""
    async with place.store() as store:
        lease = await store.acquire_lease(TENANT, "r1", owner=WORKER)
        begun, lost = e.NodeStarted(1, "e-1", "d", tool="t"), e.NodeResult("e-1", "unknown")
        await store.append(append(lease, started(), ("a", begun)))
        await store.append(append(lease, ("a", lost), ("a", e.NodeStarted(2, "e-1", "d", tool="t")), after=2))

        assert await store.ledger(TENANT, "r1") == [LedgerRow("e-1", "a", 2, 0, "tool", "t", "d", 4)]

        await store.append(append(lease, ("a", lost), ("a", e.EffectSettled("e-1", "not_done")), after=4))
        assert [line.status for line in await store.ledger(TENANT, "r1")] == ["not_done"]


@in_event_loop
async def test_a_question_is_open_until_its_node_moves_on(place: Place) -> None:
    """A person's list shows what waits for them and nothing else."""
    question = e.Question("Release?", ("release", "reject"), quorum=2)
    async with place.store() as store:
        lease = await store.acquire_lease(TENANT, "r1", owner=WORKER)
        await store.append(
            append(
                lease,
                started(),
                ("approve", e.NodeWaiting("person", within=MINUTE, question=question)),
                ("pause", e.NodeWaiting("time", due=NOON + MINUTE)),
            )
        )
        await store.append(append(lease, ("approve", e.AnswerGiven("release")), after=3))

        asked = await store.questions(TENANT)
        waiting = (await store.get_run(TENANT, "r1")).waiting
        await store.append(append(lease, ("approve", e.NodeSucceeded({"choice": "release"})), after=4))

        due = NOON + 2 + MINUTE
        assert asked == [QuestionRow("r1", "approve", "approve", "person", question, 2, NOON + 2, due)]
        assert waiting == 1
        assert await store.questions(TENANT) == []


@in_event_loop
async def test_people_see_held_gates_failures_and_effects_nobody_knows_the_end_of(place: Place) -> None:
    """Each is moved on by a person's word, so each says which words there are."""
    async with place.store() as store:
        lease = await store.acquire_lease(TENANT, "r1", owner=WORKER)
        await store.append(
            append(
                lease,
                started(),
                ("gate", e.NodeWaiting("hold", decision=e.Decision("gate", "hold", why="scan.high == 0 is false"))),
                ("test", e.NodeWaiting("failure", error=e.Error("failed", "2 tests fail"))),
                ("send", e.NodeWaiting("reconcile", effect="e-send")),
            )
        )

        assert [(row.path, row.reason, row.question) for row in await store.questions(TENANT, run="r1")] == [
            ("gate", "hold", e.Question("scan.high == 0 is false", ("promote", "block", "rollback"))),
            ("test", "failure", e.Question("2 tests fail", ("retry", "edit", "skip", "fail"))),
            ("send", "reconcile", e.Question("", ("done", "not_done"))),
        ]


@in_event_loop
async def test_a_question_of_a_nodes_own_code_is_addressed_by_its_step(place: Place) -> None:
    """Code may ask several things at once; the answer to one closes that one, the node's end all of them."""
    async with place.store() as store:
        lease = await store.acquire_lease(TENANT, "r1", owner=WORKER)
        asks = [("fix", e.EffectIntended(k, f"e-{k}", "ask", question=e.Question(f"{k}?"))) for k in (1, 2, 3)]
        await store.append(append(lease, started(), ("fix", e.NodeStarted(1, "e-fix", "d", tool="fixer")), *asks))

        await store.append(append(lease, ("fix.1", e.AnswerGiven("yes")), ("fix", e.EffectDone(2, "e-2")), after=5))
        left = [row.path for row in await store.questions(TENANT)]
        await store.append(append(lease, ("fix", e.NodeResult("e-fix", "failed")), after=7))

        assert left == ["fix.3"]
        assert await store.questions(TENANT) == []


@in_event_loop
async def test_the_outbox_holds_what_is_to_be_sent_and_is_not_known_to_have_been(place: Place) -> None:
    """The effect's id is the key under which receivers know a repeat."""
    async with place.store() as store:
        lease = await store.acquire_lease(TENANT, "r1", owner=WORKER)
        emits = [(f"tell_{n}", e.NodeStarted(1, f"e-{n}", "d", {"n": n}, tool="fixed", emits=True)) for n in (1, 2)]
        await store.append(append(lease, started(), *emits))
        await store.append(append(lease, ("tell_1", e.NodeResult("e-1", "done")), after=3))

        assert await store.outbox(TENANT) == [OutboxRow("r1", "e-2", "tell_2", "fixed", {"n": 2}, 3)]


@in_event_loop
async def test_what_is_derived_can_be_derived_anew(place: Place) -> None:
    """The log is the truth: whatever stands beside it can be dropped and comes back the same."""
    ask = e.Question("Release?", ("release", "reject"))
    async with place.store() as store:
        lease = await store.acquire_lease(TENANT, "r1", owner=WORKER)
        await store.append(append(lease, started(key="pr-7", labels={"team": "core"}), *step(0)))
        await store.append(append(lease, *step(1), ("ask", e.NodeWaiting("person", question=ask)), after=3, due=NOON))
        await store.append(
            append(lease, ("tell", e.NodeStarted(1, "e-tell", "d", tool="told", emits=True)), after=6, status="waiting")
        )
        before = [
            await store.get_run(TENANT, "r1"), await store.ledger(TENANT, "r1"), await store.questions(TENANT),
            await store.outbox(TENANT), await store.feed(TENANT),
        ]  # fmt: skip

        await store.rebuild(TENANT, "r1", status="waiting", due=None)

        assert before == [
            await store.get_run(TENANT, "r1"), await store.ledger(TENANT, "r1"), await store.questions(TENANT),
            await store.outbox(TENANT), await store.feed(TENANT),
        ]  # fmt: skip


# --- lists of runs ---------------------------------------------------------------------------------------------------


@in_event_loop
async def test_runs_are_listed_newest_first_a_page_at_a_time(place: Place) -> None:
    """Each page begins where the one before ended, also when new runs have come meanwhile."""
    async with place.store() as store:
        for run in ("r1", "r2", "r3"):
            await store.append(append(await store.acquire_lease(TENANT, run, owner=WORKER), started()))
        first = await store.list_runs(TENANT, limit=2)
        await store.append(append(await store.acquire_lease(TENANT, "r4", owner=WORKER), started()))

        second = await store.list_runs(TENANT, before=first[-1].run, limit=2)

        assert [[row.run for row in page] for page in (first, second)] == [["r3", "r2"], ["r1"]]


@in_event_loop
async def test_runs_are_listed_by_status_and_by_graph(place: Place) -> None:
    """The two questions people ask of a list."""
    async with place.store() as store:
        for run, graph, status in (("r1", "build", "running"), ("r2", "release", "paused"), ("r3", "build", "paused")):
            lease = await store.acquire_lease(TENANT, run, owner=WORKER)
            await store.append(append(lease, started(graph=graph), status=status))

        assert [row.run for row in await store.list_runs(TENANT, status="paused")] == ["r3", "r2"]
        assert [row.run for row in await store.list_runs(TENANT, graph="build")] == ["r3", "r1"]
        assert [row.run for row in await store.list_runs(TENANT, status="paused", graph="build")] == ["r3"]


@in_event_loop
async def test_a_key_names_one_run(place: Place) -> None:
    """A start that is repeated must find the run it has started, not start another."""
    async with place.store() as store:
        first = await store.acquire_lease(TENANT, "r1", owner=WORKER)
        second = await store.acquire_lease(TENANT, "r2", owner=WORKER)
        await store.append(append(first, started(key="pr-7")))

        with pytest.raises(RunKeyTakenError) as refusal:
            await store.append(append(second, started(key="pr-7")))

        assert refusal.value.taken_by == "r1"
        assert await store.find_by_key(TENANT, "pr-7") == await store.get_run(TENANT, "r1")
        assert await store.find_by_key(TENANT, "pr-8") is None
        assert await store.find_by_key(TENANT, "") is None
        assert await store.find_run(TENANT, "r2") is None


@in_event_loop
async def test_runs_that_something_can_move_on_are_found_if_nobody_drives_them(place: Place) -> None:
    """After a crash this is all a driver needs to ask: who waits for people alone is left in peace."""
    async with place.store() as store:
        for run, status, due in (
            ("under_way", "running", None),
            ("for_people", "waiting", None),
            ("for_time", "waiting", NOON + 5),
            ("for_later", "waiting", NOON + MINUTE),
            ("called", "paused", None),
            ("driven", "running", None),
            ("over", "succeeded", None),
        ):
            lease = await store.acquire_lease(TENANT, run, owner=WORKER)
            await store.append(append(lease, started(), status=status, due=due))
            await store.release_lease(lease)
        over = await store.acquire_lease(TENANT, "over", owner=WORKER)
        await store.append(append(over, ended(), after=1))
        await store.release_lease(over)
        await store.acquire_lease(TENANT, "driven", owner=WORKER)
        await store.send_signal(TENANT, "called", kind="resume", body=b"", sender="ada")

        due = await store.due_runs(TENANT, at=NOON + 5)
        later = await store.due_runs(TENANT, at=NOON + MINUTE)

        assert [row.run for row in due] == ["under_way", "for_time", "called"]
        assert [row.run for row in later] == ["under_way", "for_time", "for_later", "called", "driven"]


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


# --- signals ---------------------------------------------------------------------------------------------------------


@in_event_loop
async def test_signals_wait_in_order_until_the_append_that_records_them(place: Place) -> None:
    """Neither lost in a crash nor seen twice: they go in the very commit in which their events come."""
    async with place.store() as store:
        lease = await store.acquire_lease(TENANT, "r1", owner=WORKER)
        pause = await store.send_signal(TENANT, "r1", kind="pause", body=b"1", sender="ada")
        resume = await store.send_signal(TENANT, "r1", kind="resume", body=b"2", sender="bob")
        await store.send_signal(TENANT, "r2", kind="pause", body=b"", sender="ada")

    async with place.store() as store:
        unread = await store.unread_signals(TENANT, run="r1")
        await store.append(append(lease, started(), e.RunPaused(), consumed=[pause]))

        assert [(s.id, s.run, s.kind, s.body, s.sender, s.sent_at) for s in unread] == [
            (pause, "r1", "pause", b"1", "ada", NOON),
            (resume, "r1", "resume", b"2", "bob", NOON),
        ]
        assert [signal.id for signal in await store.unread_signals(TENANT, run="r1")] == [resume]
        assert [signal.run for signal in await store.unread_signals(TENANT)] == ["r1", "r2"]


@in_event_loop
async def test_a_signal_is_consumed_once_and_only_by_its_own_run(place: Place) -> None:
    """Recording it twice would pause a run that was resumed in between."""
    async with place.store() as store:
        lease = await store.acquire_lease(TENANT, "r1", owner=WORKER)
        mine = await store.send_signal(TENANT, "r1", kind="pause", body=b"", sender="ada")
        other = await store.send_signal(TENANT, "r2", kind="pause", body=b"", sender="ada")
        await store.append(append(lease, started(), e.RunPaused(), consumed=[mine]))

        with pytest.raises(SignalGoneError):
            await store.append(append(lease, e.RunPaused(), after=2, consumed=[mine]))
        with pytest.raises(SignalGoneError):
            await store.append(append(lease, e.RunPaused(), after=2, consumed=[other]))

        assert (await store.head(TENANT, "r1")).seq == 2


@in_event_loop
async def test_a_signal_that_changes_nothing_is_consumed_without_an_event(place: Place) -> None:
    """A request may be refused when it is met; it must not wait for ever."""
    async with place.store() as store:
        lease = await store.acquire_lease(TENANT, "r1", owner=WORKER)
        await store.append(append(lease, started()))
        signal = await store.send_signal(TENANT, "r1", kind="resume", body=b"", sender="ada")

        await store.append(append(lease, after=1, consumed=[signal]))

        assert await store.unread_signals(TENANT) == []
        assert await store.read(TENANT, "r1") == log(started())
        assert len(await store.feed(TENANT)) == 1


@in_event_loop
async def test_what_nobody_reads_is_bounded_for_each_run(place: Place) -> None:
    """A driver that hangs must not let whoever asks again and again fill the disk."""
    async with place.store() as store:
        asked = [store.send_signal(TENANT, "r1", kind="pause", body=b"", sender="ada") for _ in range(SIGNALS_MAX)]
        await asyncio.gather(*asked)

        with pytest.raises(SignalsFullError, match="1,000 requests wait for run r1 and nobody reads them"):
            await store.send_signal(TENANT, "r1", kind="pause", body=b"", sender="ada")

        await store.send_signal(TENANT, "r2", kind="pause", body=b"", sender="ada")


# --- leases ----------------------------------------------------------------------------------------------------------


@in_event_loop
async def test_a_run_that_is_driven_is_not_driven_by_another(place: Place) -> None:
    """The second is told whom to look for."""
    async with place.store() as store:
        lease = await store.acquire_lease(TENANT, "r1", owner=owner(100))

        with pytest.raises(LeaseHeldError, match="run r1 is driven by process 100 on here") as refusal:
            await store.acquire_lease(TENANT, "r1", owner=owner(200))

        assert (refusal.value.holder, refusal.value.expires_at) == (owner(100), NOON + MINUTE)
        assert (lease.epoch, lease.expires_at) == (1, NOON + MINUTE)


@in_event_loop
async def test_an_append_without_the_lease_is_refused(place: Place) -> None:
    """Only who drives a run writes its log."""
    async with place.store() as store:
        lease = await store.acquire_lease(TENANT, "r1", owner=WORKER)
        await store.append(append(lease, started()))
        await store.release_lease(lease)

        with pytest.raises(LeaseLostError):
            await store.append(append(lease, *step(0), after=1))

        assert await store.read(TENANT, "r1") == log(started())


@in_event_loop
async def test_a_lease_that_has_run_out_is_taken_over_and_its_former_owner_fenced_off(place: Place) -> None:
    """A driver that was only asleep wakes up to write what it had decided: it must not be able to."""
    async with place.store() as store:
        old = await store.acquire_lease(TENANT, "r1", owner=owner(100, host="elsewhere"))
        await store.append(append(old, started()))
        place.setting.now += MINUTE

        new = await store.acquire_lease(TENANT, "r1", owner=owner(200))

        assert new.epoch == old.epoch + 1
        with pytest.raises(LeaseLostError) as refusal:
            await store.append(append(old, *step(0), after=1))
        assert (refusal.value.epoch, refusal.value.current) == (1, 2)
        assert await store.renew_leases([old]) == []
        await store.release_lease(old)
        await store.append(append(new, *step(0), after=1))


@in_event_loop
async def test_a_lease_that_has_run_out_still_serves_while_nobody_has_taken_it(place: Place) -> None:
    """A late renewal is no reason to throw work away: the epoch alone decides."""
    async with place.store() as store:
        lease = await store.acquire_lease(TENANT, "r1", owner=WORKER)
        place.setting.now += 2 * MINUTE

        await store.append(append(lease, started()))

        assert [renewed.expires_at for renewed in await store.renew_leases([lease])] == [NOON + 3 * MINUTE]


@in_event_loop
async def test_the_lease_of_a_dead_process_of_this_host_is_taken_over_at_once(place: Place) -> None:
    """After a crash people start again at once, and should not wait for a clock."""
    async with place.store() as store:
        await store.acquire_lease(TENANT, "here", owner=owner(100))
        await store.acquire_lease(TENANT, "there", owner=owner(100, host="elsewhere"))
        place.setting.gone = {100}

        taken = await store.acquire_lease(TENANT, "here", owner=owner(200))

        assert (taken.epoch, taken.owner) == (2, owner(200))
        with pytest.raises(LeaseHeldError):
            await store.acquire_lease(TENANT, "there", owner=owner(200))


@in_event_loop
async def test_a_renewed_lease_lasts_longer_and_a_released_one_is_free(place: Place) -> None:
    """A beat keeps many leases at once; letting go needs no waiting."""
    async with place.store() as store:
        lease = await store.acquire_lease(TENANT, "r1", owner=owner(100))
        released = await store.acquire_lease(TENANT, "r2", owner=owner(100))
        await store.release_lease(released)
        place.setting.now += MINUTE // 2

        renewed = await store.renew_leases([lease, released])

        assert [(lease.run, lease.epoch, lease.expires_at) for lease in renewed] == [("r1", 1, NOON + 3 * MINUTE // 2)]
        assert (await store.acquire_lease(TENANT, "r2", owner=owner(200))).epoch == 2


async def _digest(key: Coroutine[None, None, bytes], data: bytes) -> str:
    return hmac.digest(await key, data, "sha256").hex()


# --- leases that come and go with an append --------------------------------------------------------------------------


@in_event_loop
async def test_a_new_run_claims_its_first_lease_in_the_append_that_starts_it(place: Place) -> None:
    """Starting a run costs one commit, and nobody else can have the run from its first event on."""
    lease = first_lease(TENANT, "r1", WORKER, at=NOON)
    async with place.store() as store:
        await store.append(replace(append(lease, started()), claim=lease))

        await store.append(append(lease, *step(0), after=1))
        with pytest.raises(LeaseHeldError):
            await store.acquire_lease(TENANT, "r1", owner=owner(2))


@in_event_loop
async def test_a_claim_that_comes_too_late_writes_nothing(place: Place) -> None:
    """Two starts of one run cannot both be true."""
    async with place.store() as store:
        await store.acquire_lease(TENANT, "r1", owner=WORKER)
        late = first_lease(TENANT, "r1", owner(2), at=NOON)

        with pytest.raises(LeaseHeldError):
            await store.append(replace(append(late, started()), claim=late))

        assert await store.read(TENANT, "r1") == []


@in_event_loop
async def test_a_refused_start_leaves_no_lease_behind(place: Place) -> None:
    """A key that is taken must not block the name of the run that wanted it."""
    first = first_lease(TENANT, "r1", WORKER, at=NOON)
    second = first_lease(TENANT, "r2", WORKER, at=NOON)
    async with place.store() as store:
        await store.append(replace(append(first, started(key="order-7")), claim=first))
        with pytest.raises(RunKeyTakenError):
            await store.append(replace(append(second, started(key="order-7")), claim=second))

        lease = await store.acquire_lease(TENANT, "r2", owner=owner(2))

        assert lease.epoch == 1


@in_event_loop
async def test_the_append_that_ends_a_run_gives_its_lease_back(place: Place) -> None:
    """Ending a run costs one commit, and its former driver may write nothing more."""
    lease = first_lease(TENANT, "r1", WORKER, at=NOON)
    async with place.store() as store:
        await store.append(replace(append(lease, started(), ended()), claim=lease, releases=True))

        with pytest.raises(LeaseLostError):
            await store.append(append(lease, *step(0), after=2))
        next_lease = await store.acquire_lease(TENANT, "r1", owner=owner(2))

        assert next_lease.epoch == 2
