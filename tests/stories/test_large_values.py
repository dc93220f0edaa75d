"""Large values: kept outside of the state by reference, and loaded only where a decision looks inside (rule 45)."""

from __future__ import annotations

from interlock.core.values import Packer, Ref
from tests.stories.story import Story

LARGE = "x" * 1_000


def with_small_states(text: str) -> Story:
    """A run that keeps every value of more than two hundred bytes outside of its state."""
    return Story(text, packer=Packer(b"the tenant's key", inline_bytes_max=200))


def test_a_large_result_is_a_reference_in_the_log() -> None:
    """Headers and states stay small whatever the tools give."""
    run = with_small_states("nodes: {a: {tool: work}, b: {tool: work}}").starts()

    run.does("a", {"text": LARGE, "size": 1_000})

    out = run.last("node.result").out
    assert isinstance(out["text"], Ref)
    assert out["size"] == 1_000


def test_a_value_passed_on_unchanged_stays_a_reference_and_nobody_loads_it() -> None:
    """Rule 45: through any number of nodes a value is stored once, and moving it costs nothing."""
    run = with_small_states("""
    nodes:
      a: {tool: work}
      b: {value: "${a}"}
      c: {tool: other, input: {text: "${b.text}", whole: "${a}"}}
    """).starts()

    run.does("a", {"text": LARGE})

    reference = run.last("node.result").out["text"]
    assert run.given("c") == {"text": reference, "whole": {"text": reference}}
    assert run.needed == []


def test_a_decision_that_looks_inside_asks_for_what_it_needs_and_is_made_then() -> None:
    """Rule 45: `Need(digests)` is no event, since the digest fixes the content."""
    run = with_small_states("nodes: {a: {tool: work}, b: {value: '${size(a.text)}'}}").starts()

    run.does("a", {"text": LARGE})

    assert run.needed == [run.last("node.result").out["text"].digest]
    assert run.outputs == {"b": 1_000}
    assert run.told() == ["run.started", "node.started a", "node.result a", "node.succeeded b", "run.ended"]


def test_only_what_is_mentioned_is_loaded() -> None:
    """Rule 45: a large neighbour is left where it is."""
    run = with_small_states("nodes: {a: {tool: work}, b: {value: '${a.size + 1}'}}").starts()

    run.does("a", {"text": LARGE, "size": 1_000})

    assert run.needed == []
    assert run.outputs == {"b": 1_001}


def test_the_list_of_an_each_is_loaded_to_be_counted_and_read() -> None:
    """Rules 23 and 45: its items are handed out one by one."""
    run = with_small_states(
        "nodes: {ask: {tool: work}, g: {each: '${ask}', parallel: 1, do: {tool: other, input: {n: '${item}'}}}}"
    )
    run.starts()

    run.does("ask", list(range(500)))

    assert isinstance(run.last("node.opened").items, Ref)
    assert run.last("node.opened").count == 500
    assert run.given("g:0") == {"n": 0}


def test_an_event_with_large_data_is_judged_by_what_is_inside() -> None:
    """Rules 27 and 45: and handed on as the reference that it is."""
    run = with_small_states("""
    nodes: {w: {wait: {event: merged, where: "${size(event.data.diff) > 10}"}}}
    """).starts()

    run.sends("merged", {"diff": LARGE})

    assert isinstance(run.outputs["w"]["diff"], Ref)


def test_the_same_value_is_kept_once() -> None:
    """A digest names the content, so two nodes that give the same give one blob."""
    run = with_small_states("nodes: {a: {tool: work}, b: {tool: other}}").starts()

    run.does("a", LARGE).does("b", LARGE)

    assert len(run.kept) == 1
