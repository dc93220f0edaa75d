"""`retry`: what failed is tried again, as often and as late as was said (rule 32)."""

from __future__ import annotations

import pytest

from interlock.core import events as e
from interlock.core.state import next_due
from tests.stories.graphs import refusals
from tests.stories.story import SECOND, Story

FETCH = "nodes: {fetch: {tool: work, input: {page: 1}, retry: {attempts: 3, backoff: 10s, max_backoff: 15s}}}"


def test_a_failed_attempt_is_tried_again_with_the_same_input_and_a_new_id() -> None:
    """Rules 32 and 33: a known failure is a new attempt, and its effect another."""
    run = Story(FETCH).starts()

    run.fails("fetch", "unavailable").waits_for(10).does("fetch", "page")

    first, second = run.bodies("node.started")
    assert (first.attempt, second.attempt, first.input) == (1, 2, second.input)
    assert first.effect != second.effect
    assert run.outputs == {"fetch": "page"}


def test_attempts_include_the_first_and_the_last_error_is_the_nodes() -> None:
    """Rule 32: three attempts are three, not four."""
    run = Story(FETCH).starts()

    run.fails("fetch", "timeout", "one").waits_for(10).fails("fetch", "failed", "two").waits_for(15)
    run.fails("fetch", "unavailable", "three")

    assert run.paths("node.started") == ["fetch", "fetch", "fetch"]
    assert run.error == e.Error("unavailable", "three", "fetch")


def test_delays_double_up_to_the_longest_less_a_share_that_is_no_chance() -> None:
    """Rule 32: min(max_backoff, backoff * 2^(k-1)); the jitter is a hash of run, path and attempt."""
    run = Story(FETCH).starts()

    run.fails("fetch").waits_for(10).fails("fetch")

    first, second = [body.delay for body in run.bodies("node.retrying")]
    assert 5 * SECOND <= first <= 10 * SECOND
    assert 7.5 * SECOND <= second <= 15 * SECOND
    assert [first, second] == [body.delay for body in _same_again().bodies("node.retrying")]


def _same_again() -> Story:
    return Story(FETCH).starts().fails("fetch").waits_for(10).fails("fetch")


def test_backing_off_holds_nothing_and_the_run_says_when_it_wants_to_be_woken() -> None:
    """Rule 32: no slot and no worker; the wake-up is on record."""
    run = Story(FETCH).starts()

    run.fails("fetch")

    assert (run.in_flight, run.status("fetch"), run.status()) == ([], "waiting", "waiting")
    assert next_due(run.state) == run.now + run.last("node.retrying").delay


@pytest.mark.parametrize("kind", ["invalid", "refused", "exhausted"])
def test_what_cannot_get_better_is_never_retried(kind: e.ErrorClass) -> None:
    """Rule 32: the same input to the same rule gives the same answer."""
    run = Story(FETCH).starts()

    run.fails("fetch", kind)

    assert run.error.kind == kind
    assert run.paths("node.started") == ["fetch"]


def test_a_result_that_says_it_is_not_retryable_is_not_retried() -> None:
    """Rule 32: the tool knows best."""
    run = Story(FETCH).starts()

    run.fails("fetch", "unavailable", retryable=False)

    assert run.outcome.status == "failed"


def test_on_says_which_classes_of_errors_are_worth_another_attempt() -> None:
    """Rule 32: the default is timeout, unavailable, rate_limited and failed."""
    run = Story("nodes: {a: {tool: work, retry: {attempts: 3, on: [rate_limited]}}}").starts()

    run.fails("a", "failed")

    assert run.outcome.status == "failed"


def test_without_retry_one_attempt_is_all() -> None:
    """Rule 32: repeating is a decision of the author."""
    run = Story("nodes: {a: {tool: work}}").starts()

    run.fails("a", "timeout")

    assert run.outcome.status == "failed"


def test_how_many_attempts_it_took_can_be_asked() -> None:
    """Rule 6: `nodes.x.attempts`."""
    run = Story(FETCH[:-1] + ", tell: {value: '${nodes.fetch.attempts}'}}").starts()

    run.fails("fetch").waits_for(10).does("fetch")

    assert run.outputs == {"tell": 2}


def test_how_many_attempts_it_took_can_be_asked_of_a_cancelled_node_too() -> None:
    """Rule 6: however it ended."""
    run = Story(FETCH[:-1] + ", tell: {value: '${nodes.fetch.attempts}'}}").starts()

    run.fails("fetch").waits_for(10).cancels("fetch").does("fetch")

    assert run.outputs == {"tell": 2}


@pytest.mark.parametrize(
    ("node", "refusal"),
    [
        (
            "{graph: {nodes: {a: {tool: work}}}, retry: {attempts: 2}}",
            "nodes.x.retry: `retry` is not a key of a graph node",
        ),
        ("{each: [1], do: {tool: work}, retry: {attempts: 2}}", "nodes.x.retry: `retry` is not a key of an each node"),
        ("{human: 'Go?', choices: [a], retry: {attempts: 2}}", "nodes.x.retry: `retry` is not a key of a human node"),
        ("{value: 1, retry: {attempts: 2}}", "nodes.x.retry: `retry` is not a key of a value node"),
        (
            "{tool: work, retry: {attempts: 2, on: [invalid]}}",
            (
                "nodes.x.retry.on.0: item 0 of `on` is one of failed, rate_limited, timeout, unavailable, "
                "not the text `invalid`"
            ),
        ),
    ],
)
def test_retry_is_refused_where_there_are_no_attempts(node: str, refusal: str) -> None:
    """Rule 32: on what holds other nodes it belongs on the nodes inside, or in a `loop`."""
    assert refusals(f"nodes: {{x: {node}}}") == [refusal]
