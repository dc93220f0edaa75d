"""What people are told of a run: every node that ever began, what it waits for, and how it all ended."""

from __future__ import annotations

import time

from interlock.core import requests as r
from interlock.core.events import Decision, EffectIntended, Error, Event, Option, Question
from interlock.core.plan import ToolContract
from interlock.engine.telling.history import Copies, History, NodeView, RunView, run_view
from interlock.engine.waits import Wait
from tests.engine.recorded_runs import SECOND, RecordedRun

READ = ToolContract(name="look", effect="read")
ONCE = ToolContract(name="pay", effect="once")
REFUND = ToolContract(name="refund", effect="idempotent")


def test_a_node_is_told_with_its_times_attempts_and_value() -> None:
    """The first thing anybody asks of a run is what each of its nodes did, and how long it took."""
    run = RecordedRun({"a": {"tool": "look", "input": {"x": 1}}}, tools=(READ,))

    run.starts()
    run.returns("a", {"seen": True})

    assert run_view(run.plan, "run1", run.events).nodes == {
        "a": NodeView(
            path="a",
            kind="tool",
            status="succeeded",
            tool="look",
            attempts=1,
            started_at=1 * SECOND,
            ended_at=2 * SECOND,
            input={"x": 1},
            output={"seen": True},
        )
    }


def test_a_run_is_told_with_what_it_was_given_and_what_it_gave() -> None:
    """A list of runs or a page begins with these facts, so they come from the same place as the nodes."""
    run = RecordedRun({"a": {"value": "${inputs.n + 1}"}}, inputs={"n": "integer"}, outputs={"m": "${a}"})

    run.starts({"n": 1}, by="ann")
    view = run_view(run.plan, "run1", run.events)

    assert (view.run, view.graph, view.status, view.started_by) == ("run1", "told", "succeeded", "ann")
    assert (view.inputs, view.outputs, view.error) == ({"n": 1}, {"m": 2}, None)
    assert (view.started_at, view.ended_at, view.has_ended) == (SECOND, SECOND, True)


def test_nodes_of_ended_items_are_kept() -> None:
    """The state forgets a scope that has ended; people want to see what the third item gave all the same."""
    run = RecordedRun({"g": {"each": [1, 2], "do": {"tool": "look", "input": {"n": "${item}"}}}}, tools=(READ,))

    run.starts()
    run.returns("g:1", "two")
    run.returns("g:0", "one")
    view = run_view(run.plan, "run1", run.events)

    assert {path: (node.holder, node.output) for path, node in view.nodes.items()} == {
        "g": ("", ["one", "two"]),
        "g:0": ("g", "one"),
        "g:1": ("g", "two"),
    }
    assert view.nodes["g"].copies == Copies(total=2, begun=2, ended=2)


def test_rounds_of_a_loop_are_counted_and_kept() -> None:
    """`round 2 of 3` is what a person watching a loop wants to read."""
    body = {"draft": {"tool": "look"}}
    run = RecordedRun({"refine": {"loop": body, "until": "${draft.good}", "max": 3}}, tools=(READ,))

    run.starts()
    run.returns("refine:0/draft", {"good": False})
    view = run_view(run.plan, "run1", run.events)

    assert view.nodes["refine"].copies == Copies(total=3, begun=2, ended=1)
    assert [(path, node.status) for path, node in view.nodes.items()] == [
        ("refine", "running"),
        ("refine:0/draft", "succeeded"),
        ("refine:1/draft", "running"),
    ]


def test_nodes_that_have_not_begun_are_pending() -> None:
    """A tree that showed only what has begun would hide how much is still to come."""
    run = RecordedRun({"b": {"tool": "look", "after": "a"}, "a": {"tool": "look"}}, tools=(READ,))

    run.starts()
    view = run_view(run.plan, "run1", run.events)

    assert [(path, node.status) for path, node in view.nodes.items()] == [("a", "running"), ("b", "pending")]


def test_nodes_that_a_stopped_scope_never_began_are_skipped() -> None:
    """A stop records no event for each of them, so that stopping a huge graph is cheap; they are told all the same."""
    run = RecordedRun({"a": {"tool": "look"}, "b": {"tool": "look", "after": "a"}}, tools=(READ,))

    run.starts()
    run.fails("a")
    view = run_view(run.plan, "run1", run.events)

    assert view.status == "failed"
    assert (view.nodes["b"].status, view.nodes["b"].because) == ("skipped", ("stopped",))
    assert view.nodes["a"].error == Error("failed", "broken", "a")


def test_a_question_is_told_with_what_may_be_answered() -> None:
    """Whoever is asked sees the question where the run is shown, not only in an inbox."""
    ask = {"human": "Release?", "choices": ["yes", "no"], "timeout": "1m", "otherwise": "no"}
    run = RecordedRun({"ask": ask})

    run.starts()
    view = run_view(run.plan, "run1", run.events)

    assert view.status == "waiting"
    assert view.waits == (
        Wait(
            path="ask",
            reason="person",
            since=SECOND,
            due=61 * SECOND,
            question=Question("Release?", ("yes", "no")),
        ),
    )


def test_a_quorum_tells_who_has_answered_so_far() -> None:
    """Two of three have to agree: it must be seen that one already has, and since when the question stands."""
    run = RecordedRun({"ask": {"human": "Release?", "choices": ["yes", "no"], "quorum": 2}})

    run.starts()
    run.receives(r.Answer(path="ask", by="bob", choice="yes"), by="bob")
    [wait] = run_view(run.plan, "run1", run.events).waits

    assert (wait.answered_by, wait.since) == (("bob",), SECOND)


def test_an_answer_is_told_as_a_decision() -> None:
    """Who decided, and why, is part of the node for good."""
    run = RecordedRun({"ask": {"human": "Release?", "choices": ["yes", "no"]}})

    run.starts()
    run.receives(r.Answer(path="ask", by="bob", choice="yes", why="looks fine"), by="bob")
    node = run_view(run.plan, "run1", run.events).nodes["ask"]

    assert node.labels == ("yes",)
    assert node.decision == Decision("answer", "yes", (Option("bob", "yes", "looks fine"),), "looks fine")
    assert node.waits == ()


def test_a_retry_is_told_as_a_wait_with_the_last_error() -> None:
    """While a node backs off, its status is waiting: for how long, and after what, must be seen."""
    retry = {"attempts": 2, "backoff": "8s"}
    run = RecordedRun({"a": {"tool": "look", "retry": retry}}, tools=(READ,))

    run.starts()
    run.fails("a", "busy")
    node = run_view(run.plan, "run1", run.events).nodes["a"]

    assert (node.status, node.attempts, node.error) == ("waiting", 1, Error("failed", "busy"))
    assert [(wait.reason, wait.is_for_people) for wait in node.waits] == [("retry", False)]


def test_an_unknown_effect_is_told_with_the_id_to_settle() -> None:
    """Nobody knows whether the money was paid: whoever finds out needs the id to say so."""
    run = RecordedRun({"a": {"tool": "pay", "input": {"cents": 7}}}, tools=(ONCE,))

    run.starts()
    run.loses("a")
    [wait] = run_view(run.plan, "run1", run.events).waits

    assert (wait.reason, wait.effect, wait.is_for_people) == ("reconcile", run.effect("a"), True)
    assert wait.input == {"cents": 7}


def test_what_was_taken_back_is_told_beside_what_was_done() -> None:
    """After a rollback both are true: it was done, and it was undone."""
    run = RecordedRun(
        {"a": {"tool": "pay", "undo": {"tool": "refund"}}, "b": {"tool": "look", "after": "a"}},
        tools=(ONCE, REFUND, READ),
        on_failure="rollback",
    )

    run.starts()
    run.returns("a")
    run.fails("b")
    run.takes_back("a")
    view = run_view(run.plan, "run1", run.events)

    assert view.status == "rolled_back"
    assert (view.nodes["a"].status, view.nodes["a"].is_compensated) == ("succeeded", True)
    assert (view.nodes["a!undo"].kind, view.nodes["a!undo"].status) == ("undo", "succeeded")


def test_a_question_that_taking_back_asks_is_told_where_it_is_answered() -> None:
    """A refund that waits for a signature must not look as if it ran."""
    nodes = {"a": {"tool": "pay", "undo": {"tool": "refund"}}, "b": {"tool": "look", "after": "a"}}
    run = RecordedRun(nodes, tools=(ONCE, REFUND, READ), on_failure="rollback")
    question = Question("Refund?", ("yes", "no"))

    run.starts()
    run.returns("a")
    run.fails("b")
    run.receives(r.StepNoted(path="a!undo", step=EffectIntended(1, "id", "ask", question=question)))
    asked = run_view(run.plan, "run1", run.events)
    run.receives(r.Answer(path="a!undo.1", by="bob", choice="yes"), by="bob")
    answered = run_view(run.plan, "run1", run.events)

    assert asked.waits == (Wait(path="a!undo.1", reason="person", since=run.events[-2].at, question=question),)
    assert (answered.waits, answered.nodes["a!undo"].status) == ((), "running")


def test_a_stand_in_gives_its_value_to_the_node_it_stands_in_for() -> None:
    """The value that went on from there is the fallback's, while the failure stays what it was."""
    nodes = {"a": {"tool": "look", "on_error": {"fallback": "cheap"}}, "cheap": {"value": "spare"}}
    run = RecordedRun(nodes, tools=(READ,))

    run.starts()
    run.fails("a")
    node = run_view(run.plan, "run1", run.events).nodes["a"]

    assert (node.status, node.output) == ("failed", "spare")


def test_a_run_that_is_cancelled_says_so_before_it_has_ended() -> None:
    """A call in flight may take a while to stop: meanwhile the run must not look as if nobody had asked."""
    run = RecordedRun({"a": {"tool": "look"}}, tools=(READ,))

    run.starts()
    run.receives(r.CancelRun(by="ann"), by="ann")
    view = run_view(run.plan, "run1", run.events)

    assert (view.status, view.flags, view.nodes["a"].is_cancelling) == ("running", ("cancelling",), True)


def test_every_prefix_of_a_log_can_be_told() -> None:
    """Time travel: a run is shown as it was after any of its events."""
    run = RecordedRun({"g": {"each": [1, 2], "do": {"tool": "look"}}, "x": {"value": "${g}"}}, tools=(READ,))
    run.starts()
    run.returns("g:0", 1)
    run.returns("g:1", 2)
    history = History(run.plan, "run1")

    told = [_taken(history, event).seq for event in run.events]

    assert told == [event.seq for event in run.events]


def _taken(history: History, event: Event) -> RunView:
    history.take(event)
    return history.view()


def test_a_long_log_is_told_in_time_that_grows_with_its_length() -> None:
    """A run of a hundred thousand events is opened in seconds, so nothing may look at the log twice."""
    run = RecordedRun({"a": {"each": list(range(8_000)), "do": {"value": "${item}"}}})
    run.starts()

    begun = time.perf_counter()
    view = run_view(run.plan, "run1", run.events)
    lasted = time.perf_counter() - begun

    assert len(view.nodes) == 8_001
    assert lasted / len(run.events) < 0.0002
