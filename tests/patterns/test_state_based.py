"""Patterns 16 to 18, 39 and 40: what happens next depends on what happens first, or on who else is at it."""

from __future__ import annotations

from interlock.core.paths import node_at
from interlock.store.claims import within_limits
from tests.stories.graphs import refusals
from tests.stories.story import Story


def one_at_a_time(run: Story, *, pool: str) -> list[list[str]]:
    """What is performed together, when of a pool one call is performed at a time."""
    together: list[list[str]] = []
    while run.in_flight:
        together.append(
            within_limits(run.in_flight, pool_of=lambda path: pool_of(run, path), limits={pool: 1}, in_hand={})
        )
        for path in together[-1]:
            run.does(path)
    return together


def pool_of(run: Story, path: str) -> str:
    """The pool that the graph names for a node."""
    found = node_at(run.plan, run.state, path)
    assert found is not None
    return found[1].pool


def test_pattern_16_deferred_choice() -> None:
    """The world chooses: whatever comes first is taken, and the other is withdrawn."""
    run = Story("""
    inputs: {pr: integer}
    nodes:
      yes: {wait: {event: pr.merged, match: {pr: "${inputs.pr}"}}}
      no: {wait: {event: pr.closed, match: {pr: "${inputs.pr}"}}}
      which:
        choose: [{label: merged, when: '${nodes.yes.outcome == "succeeded"}'}, {label: closed}]
        after: [yes, no]
        join: first
        cancel_rest: true
      deploy: {tool: work, after: {which: {on: merged}}}
      clean_up: {tool: other, after: {which: {on: closed}}}
    """).starts(pr=7)

    run.sends("pr.merged", {"pr": 8}).sends("pr.closed", {"pr": 7}).sends("pr.merged", {"pr": 7})

    assert run.ends == {
        "no": "succeeded",
        "yes": "cancelled",
        "which": "succeeded",
        "deploy": "skipped",
    }
    assert run.in_flight == ["clean_up"]


def test_pattern_17_interleaved_parallel_routing() -> None:
    """Steps in any order but never two at once: a pool of which one is performed at a time."""
    run = Story("nodes: {test: {tool: work, pool: bench}, deploy: {tool: other, pool: bench}}").starts()

    assert one_at_a_time(run, pool="bench") == [["test"], ["deploy"]]


def test_pattern_18_milestone_is_not_supported() -> None:
    """It would start a step only while another is in some state. Conditions read nodes that have settled."""
    run = Story("""
    nodes:
      open_for_changes: {wait: 1d}
      change: {tool: work, when: "${nodes.open_for_changes.outcome == null}"}
    """).starts()

    before = run.status("change")
    run.waits_for(24 * 3600)

    assert (before, run.ends["change"]) == ("pending", "skipped")


def test_pattern_18_milestone_is_mostly_covered_by_cancels() -> None:
    """What most graphs want of it is that the step is withdrawn when its time is over."""
    run = Story("""
    nodes:
      deadline: {wait: 1d, cancels: change}
      change: {human: "Any changes?", choices: [y, n]}
    """).starts()

    run.waits_for(24 * 3600)

    assert run.ends == {"deadline": "succeeded", "change": "cancelled"}


def test_pattern_39_critical_section_is_refused() -> None:
    """Nothing is held over several nodes: a person or a timer inside would keep all others out."""
    assert refusals("nodes: {section: {pool: printer, graph: {nodes: {a: {tool: work}}}}}") == [
        "nodes.section.pool: `pool` is not a key of a graph node"
    ]


def test_pattern_40_interleaved_routing() -> None:
    """Steps in any order but never two at once, each once: the same pool, whatever the steps are."""
    run = Story("nodes: {g: {each: [1, 2], do: {tool: work, pool: bench}}}").starts()

    assert one_at_a_time(run, pool="bench") == [["g:0"], ["g:1"]]
