"""Timeouts: of one attempt, of a whole node, of a graph, of a run (rule 31)."""

from __future__ import annotations

import pytest

from interlock.core.state import next_due
from tests.stories.graphs import refusals
from tests.stories.story import SECOND, Story


def test_the_timeout_of_a_tool_bounds_one_attempt_and_travels_with_it() -> None:
    """Rule 31: who makes the call keeps the time; the next attempt has it all again."""
    run = Story("nodes: {a: {tool: work, timeout: 30s, retry: {attempts: 2, backoff: 1s}}}").starts()

    run.is_lost("a", "timeout").waits_for(1)

    assert [body.timeout for body in run.bodies("node.started")] == [30 * SECOND, 30 * SECOND]


COMPOSITES = {
    "an each": ("{each: [1], timeout: 1m, nodes: {a: {tool: work}}}", "x:0/a"),
    "a loop": ("{loop: {a: {tool: work}}, until: '${a}', max: 9, timeout: 1m}", "x:0/a"),
    "a block": ("{graph: {nodes: {a: {tool: work}}}, timeout: 1m}", "x/a"),
}


@pytest.mark.parametrize(("node", "inside"), COMPOSITES.values(), ids=COMPOSITES)
def test_what_holds_scopes_is_bounded_as_a_whole(node: str, inside: str) -> None:
    """Rule 31: its inside is stopped, and then it fails with `timeout`."""
    run = Story(f"nodes: {{x: {node}}}").starts()

    run.waits_for(60)
    before = run.status("x")
    run.does(inside)

    assert before == "running"
    assert run.ends == {inside: "cancelled", "x": "failed"}
    assert run.error.kind == "timeout"


def test_the_timeout_of_a_loop_spans_its_rounds() -> None:
    """Rule 31: the whole node, not each round."""
    run = Story("nodes: {x: {loop: {a: {tool: work}}, until: '${a.ok}', max: 9, timeout: 1m}}").starts()

    run.waits_for(40).does("x:0/a", {"ok": False}).waits_for(20).does("x:1/a", {"ok": True})

    assert run.error.kind == "timeout"


def test_the_timeout_of_a_graph_bounds_the_run_also_while_it_waits() -> None:
    """Rule 31: a deadline is a deadline, whoever is waited for."""
    run = Story("timeout: 48h\nnodes: {ask: {human: 'Go?', choices: [go]}}").starts()

    run.waits_for(48 * 3600)

    assert run.ends == {"ask": "cancelled"}
    assert (run.outcome.status, run.error.kind) == ("failed", "timeout")
    assert run.error.message == "graph story has passed its deadline"


def test_a_graph_inside_keeps_its_own_deadline() -> None:
    """Rule 31: and its node may handle it."""
    sub = "graph: sub\ntimeout: 1m\nnodes: {w: {wait: 1h}}"
    run = Story(
        "nodes: {s: {graph: sub, on_error: continue}, n: {value: '${nodes.s.error.kind}'}}", graphs={"sub": sub}
    )

    run.starts().waits_for(60)

    assert run.outputs == {"n": "timeout"}


def test_a_deadline_that_is_not_reached_leaves_nothing_behind() -> None:
    """Rule 31: a node that has ended wakes nobody."""
    run = Story("nodes: {p: {graph: {nodes: {a: {tool: work}}}, timeout: 1m}, b: {tool: work}}").starts()

    run.does("p/a")

    assert next_due(run.state) is None


@pytest.mark.parametrize(
    ("node", "refusal"),
    [
        ("{value: 1, timeout: 1m}", "nodes.x.timeout: `timeout` is not a key of a value node"),
        ("{tool: work, timeout: 10}", "nodes.x.timeout: 10 has no unit"),
        ("{tool: work, timeout: soon}", "nodes.x.timeout: `soon` is not a duration"),
    ],
)
def test_a_timeout_that_bounds_nothing_is_refused(node: str, refusal: str) -> None:
    """Rule 31: what settles in the step that reaches it needs none."""
    assert refusals(f"nodes: {{x: {node}}}") == [refusal]
