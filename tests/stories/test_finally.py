"""`finally`: what is done in any case, once, when it is known how the graph ended (rule 42)."""

from __future__ import annotations

import pytest

from interlock.core import events as e
from tests.stories.graphs import refusals
from tests.stories.story import Story

REPORT = """
timeout: 1h
nodes:
  a: {tool: work}
finally:
  report: {tool: write, input: {status: "${run.status}", a: "${nodes.a.outcome}"}}
  after_that: {tool: other, after: report}
"""


def test_finally_runs_once_its_graph_has_ended_and_sees_how() -> None:
    """Rule 42: it is a scope of its own, written like `nodes`; its paths begin with `finally/`."""
    run = Story(REPORT).starts()

    run.does("a", 1)
    in_flight = run.in_flight
    run.does("finally/report").does("finally/after_that")

    assert in_flight == ["finally/report"]
    assert run.given("finally/report") == {"status": "succeeded", "a": "succeeded"}
    assert run.outputs == {"a": 1}
    assert run.told("scope.opened", "scope.ended", "run.ended") == [
        "scope.opened finally/",
        "scope.ended finally/",
        "run.ended",
    ]


def test_finally_runs_after_a_failure_too() -> None:
    """Rule 42: cleaning up matters most when something went wrong."""
    run = Story(REPORT).starts()

    run.fails("a", message="broken").does("finally/report").does("finally/after_that")

    assert run.given("finally/report") == {"status": "failed", "a": "failed"}
    assert run.outcome == e.ScopeOutcome("failed", error=e.Error("failed", "broken", "a"))


def test_finally_runs_after_a_cancel_too() -> None:
    """Rule 42: so does it when somebody has changed their mind."""
    run = Story(REPORT).starts()

    run.cancels().does("a").does("finally/report").does("finally/after_that")

    assert run.given("finally/report") == {"status": "cancelled", "a": "cancelled"}
    assert run.outcome.status == "cancelled"


def test_a_failure_in_finally_is_recorded_and_changes_no_status() -> None:
    """Rule 42: the report could not be written, but the work was done."""
    run = Story(REPORT).starts()

    run.does("a", 1).fails("finally/report")

    assert run.ends == {"a": "succeeded", "finally/report": "failed"}
    assert run.outputs == {"a": 1}


def test_a_cancel_during_finally_stops_only_finally() -> None:
    """Rule 42: what the run came to is known already and stays."""
    run = Story(REPORT).starts()

    run.does("a", 1).cancels().does("finally/report")

    assert run.ends == {"a": "succeeded", "finally/report": "cancelled"}
    assert run.outputs == {"a": 1}


def test_a_deadline_during_finally_stops_only_finally() -> None:
    """Rules 31 and 42: the run keeps its status, and nothing of it lives on after its end."""
    run = Story(REPORT).starts()

    run.does("a", 1).waits_for(3600)
    status = run.status()
    run.does("finally/report")

    assert status == "running"
    assert run.ends == {"a": "succeeded", "finally/report": "cancelled"}
    assert run.outputs == {"a": 1}


def test_a_spent_budget_of_time_during_finally_stops_only_finally() -> None:
    """Rules 30 and 42: as for any other limit."""
    run = Story(REPORT.replace("timeout: 1h", "budget: {wall: 1m}")).starts()

    run.does("a", 1).waits_for(60).does("finally/report")

    assert run.ends == {"a": "succeeded", "finally/report": "cancelled"}
    assert run.outputs == {"a": 1}


SUB = "graph: sub\nnodes: {a: {tool: work}}\nfinally: {tidy: {tool: other, input: {status: '${run.status}'}}}"


def test_a_graph_inside_has_a_finally_of_its_own() -> None:
    """Rule 42: it is known there how that graph ended, before its node has."""
    run = Story("nodes: {s: {graph: sub}, next: {tool: work, after: s}}", graphs={"sub": SUB}).starts()

    run.does("s/a", 1)
    in_flight = run.in_flight
    run.does("s/finally/tidy").does("next", 2)

    assert in_flight == ["s/finally/tidy"]
    assert run.given("s/finally/tidy") == {"status": "succeeded"}
    assert run.outputs == {"next": 2}


def test_a_finally_inside_another_sees_how_its_own_graph_ended() -> None:
    """Rule 42: which graph it tidies up for does not depend on who called that."""
    run = Story("nodes: {w: {tool: work}}\nfinally: {s: {graph: sub}}", graphs={"sub": SUB}).starts()

    run.fails("w").does("finally/s/a")

    assert run.given("finally/s/finally/tidy") == {"status": "succeeded"}


def test_a_node_that_is_cancelled_while_its_graph_tidies_up_ends_when_that_has_ended() -> None:
    """Rules 36 and 42: nothing may live on in a scope that has gone."""
    run = Story("nodes: {s: {graph: sub}}", graphs={"sub": SUB}).starts()

    run.does("s/a", 1).cancels("s")
    status = run.status("s")
    run.does("s/finally/tidy")

    assert status == "running"
    assert run.ends == {"s/a": "succeeded", "s/finally/tidy": "cancelled", "s": "cancelled"}


def test_a_gate_in_finally_stops_only_finally() -> None:
    """Rules 21 and 42: a verdict stops all that can still be stopped."""
    run = Story("""
    nodes: {a: {value: 1}}
    finally: {check: {gate: "${1 > 2}"}, tell: {tool: work, after: check}}
    """).starts()

    assert run.ends == {"a": "succeeded", "finally/check": "failed"}
    assert run.outputs == {"a": 1}


def test_finally_runs_when_everything_has_been_taken_back() -> None:
    """Rules 37 and 42: the status is known only then."""
    run = Story("""
    on_failure: rollback
    nodes: {a: {tool: pay, undo: {tool: unpay}}, b: {tool: work, after: a}}
    finally: {tell: {tool: other, input: {status: "${run.status}"}}}
    """).starts()

    run.does("a").fails("b").undoes("a")
    given = run.given("finally/tell")
    run.does("finally/tell")

    assert given == {"status": "rolled_back"}
    assert run.outcome.status == "rolled_back"


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        ("nodes: {finally: {tool: work}}", "nodes.finally: `finally` has a meaning of its own"),
        (
            "nodes: {a: {value: '${run.status}'}}",
            "nodes.a.value: `run.status` is known only when the run ends",
        ),
    ],
)
def test_what_belongs_to_finally_is_refused_elsewhere(text: str, refusal: str) -> None:
    """Rule 42: no node may have that name, and the status is not known before."""
    assert refusals(text) == [refusal]
