"""The events of AgentOS, told from a log: what outputs show, what inner nodes show, what went wrong."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from interlock.core import events as e
from interlock.core.catalogue import Catalogue
from interlock.core.compile import compile_graph
from interlock.core.plan import Plan
from interlock.core.values import Value
from interlock.showing.agentos_events import AgentOsEventsTold


def _plan() -> Plan:
    """Two values side by side, the better of them, and a graph inside."""
    nodes = {
        "a": {"value": {"patch": "-41 +42"}},
        "b": {"value": {"patch": ""}},
        "best": {"fuse": "best_of", "from": ["a", "b"], "by": "${1.0}"},
        "release": {"graph": {"nodes": {"entry": {"value": {"version": "1.1"}}}}, "after": "best"},
    }
    plan = compile_graph({"graph": "ship", "nodes": nodes}, Catalogue({})).plan
    assert plan is not None
    return plan


def _told(*events: tuple[str, e.Body]) -> list[tuple[str, str]]:
    """The step and type of each event of theirs that these come to."""
    telling = AgentOsEventsTold(_plan(), "r")
    happened = [e.Event(seq, seq, path, body) for seq, (path, body) in enumerate(events, 1)]
    return [(told.step, told.type) for event in happened for told in telling.told(event)]


def _done(out: Value) -> e.NodeResult:
    return e.NodeResult(effect="x", status="done", out=out)


@pytest.mark.parametrize(
    ("out", "types"),
    [
        ({"steps": ["mend it"]}, ["plan_ready"]),
        ({"steps": []}, []),
        ({"patch": "-41 +42"}, ["patch_created"]),
        ({"tests": ["one"], "patch": ""}, ["patch_created", "test_updated"]),
        ({"succeeded": True, "passed": 1}, ["tests_passed"]),
        ({"succeeded": False, "passed": 1}, ["tests_failed"]),
        ({"passed": True}, ["tests_passed"]),
        ({"ok": False}, ["security_failed"]),
        ({"high": 0}, ["security_ok"]),
        ({"high": 2}, ["security_failed"]),
        ({"version": "1.1"}, ["release_complete"]),
        ({"version": ""}, []),
        ({"event": "design_done", "events": ["reviewed", 7, "x" * 200]}, ["design_done", "reviewed"]),
        ("words", []),
        (None, []),
    ],
)
def test_an_output_shows_its_types(out: Value, types: Sequence[str]) -> None:
    """Whoever waits for a type waits for what an output says."""
    assert _told(("a", _done(out))) == [*(("a", each) for each in types), ("a", "node_done")]


def test_what_chooses_among_patches_has_selected_one() -> None:
    """It made none."""
    assert _told(("best", e.NodeSucceeded(out={"patch": "-41 +42"}))) == [
        ("best", "patch_selected"), ("best", "node_done"),
    ]  # fmt: skip


def test_what_is_shown_inside_a_node_is_told_when_that_is_done() -> None:
    """A step is a node of the graph itself, and it is not done before it is."""
    assert _told(
        ("release/entry", e.NodeSucceeded(out={"version": "1.1"})),
        ("release", e.NodeSucceeded(out=None, composed=True)),
    ) == [("release", "release_complete"), ("release", "node_done")]


def test_what_is_taken_over_is_told_once() -> None:
    """It is adopted, and then it counts as succeeded: one thing has happened."""
    assert _told(
        ("a", e.ResultAdopted(parent_seq=3, out={"patch": ""})), ("a", e.NodeSucceeded(out={"patch": ""}, adopted=3))
    ) == [("a", "patch_created"), ("a", "node_done")]


def test_a_failure_is_an_error_and_ends_the_run_as_failed() -> None:
    """There a closed gate ended as a success."""
    error = e.Error("refused", "the gate is closed", path="a")

    assert _told(("a", e.NodeFailed(error)), ("", e.RunEnded(e.ScopeOutcome("failed", error=error)))) == [
        ("a", "error"),
        ("", "run_failed"),
    ]
