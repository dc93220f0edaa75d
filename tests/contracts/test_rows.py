"""What every event store promises of the rows that are derived from logs, and of the lists that are asked of them."""

from __future__ import annotations

import pytest

from interlock.core import events as e
from interlock.store import (
    LedgerRow,
    OutboxRow,
    QuestionRow,
    RunEffect,
    RunKeyTakenError,
    RunRow,
)
from tests.store.event_loop import in_event_loop
from tests.store.logs import MINUTE, NOON, TENANT, WORKER, append, ended, started, step
from tests.store.places import Place

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
async def test_a_runs_row_says_on_which_bundle_it_goes_on(place: Place) -> None:
    """Whoever loads the run takes its plan from there; and the row can be derived again from the log."""
    async with place.store() as store:
        lease = await store.acquire_lease(TENANT, "r1", owner=WORKER)
        await store.append(append(lease, started(), status="waiting"))
        await store.append(append(lease, ("", e.RunMigrated("bundle-2", "hash-2", "bundle-1")), after=1))
        moved = await store.get_run(TENANT, "r1")

        await store.rebuild(TENANT, "r1", status=moved.status, due=None)

        assert (moved.bundle, moved.graph_hash) == ("bundle-2", "hash-2")
        assert await store.get_run(TENANT, "r1") == moved


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
async def test_effects_of_several_runs_are_read_the_newest_run_first(place: Place) -> None:
    """Who looks at what was done does not want to open a thousand runs for it."""
    async with place.store() as store:
        for run in ("r1", "r2", "r3"):
            lease = await store.acquire_lease(TENANT, run, owner=WORKER)
            begun = [(name, e.NodeStarted(1, f"{run}-{name}", "d", tool="t")) for name in "ab"]
            await store.append(append(lease, started(), *begun))

        first = await store.effects(TENANT, ["r1", "r3"], limit=3)
        more = await store.effects(TENANT, ["r1"], behind=("r1", 2))

        assert [(each.run, each.line.effect) for each in first] == [("r3", "r3-a"), ("r3", "r3-b"), ("r1", "r1-a")]
        assert [each.line.effect for each in more] == ["r1-b"]
        assert await store.effects("other", ["r1", "r3"]) == []
        assert await store.effects(TENANT, []) == []


@in_event_loop
async def test_effects_of_which_a_person_has_to_say_are_found_at_once(place: Place) -> None:
    """Whatever else a thousand runs have done: these hold something up."""
    async with place.store() as store:
        lease = await store.acquire_lease(TENANT, "r1", owner=WORKER)
        facts = [(name, e.NodeStarted(1, f"e-{name}", "d", tool="t")) for name in "abc"]
        lost = [(name, e.NodeResult(f"e-{name}", "unknown")) for name in "ab"]
        await store.append(append(lease, started(), *facts, *lost, ("a", e.NodeWaiting("reconcile"))))

        doubted = await store.effects_in_doubt(TENANT)
        await store.append(append(lease, ("a", e.EffectSettled("e-a", "done")), after=7))

        assert doubted == [RunEffect("r1", LedgerRow("e-a", "a", 1, 0, "tool", "t", "d", 2, "unknown", 5))]
        assert await store.effects_in_doubt("other") == []
        assert await store.effects_in_doubt(TENANT) == []


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
    """Code may ask several things at once; the answer to one settles that one, the node's end closes all of them."""
    async with place.store() as store:
        lease = await store.acquire_lease(TENANT, "r1", owner=WORKER)
        asks = [("fix", e.EffectIntended(k, f"e-{k}", "ask", question=e.Question(f"{k}?"))) for k in (1, 2, 3)]
        await store.append(append(lease, started(), ("fix", e.NodeStarted(1, "e-fix", "d", tool="fixer")), *asks))

        answer = e.AnswerGiven("yes", effect="e-1")
        await store.append(append(lease, ("fix.1", answer), ("fix", e.EffectDone(2, "e-2")), after=5))
        left = [row.path for row in await store.questions(TENANT)]
        lines = {row.path: (row.status, row.settled_seq) for row in await store.ledger(TENANT, "r1") if row.ordinal}
        await store.append(append(lease, ("fix", e.NodeResult("e-fix", "failed")), after=7))

        assert left == ["fix.3"]
        assert lines == {"fix.1": ("done", 6), "fix.2": ("done", 7), "fix.3": ("intended", None)}
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
