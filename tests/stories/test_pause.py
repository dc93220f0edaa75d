"""Pausing: nothing new is decided, and nothing that happens is lost (rule 34)."""

from __future__ import annotations

from tests.stories.story import Story

CHAIN = "nodes: {a: {tool: work}, b: {tool: work, after: a}}"


def test_a_call_in_flight_finishes_and_its_result_acts_on_resume() -> None:
    """Rule 34: pausing is not stopping; the money for the call is spent either way."""
    run = Story(CHAIN).starts()

    run.pauses().does("a", 1)
    before = (run.status(), run.in_flight, run.told()[-1])
    run.resumes()

    assert before == ("paused", [], "node.result a")
    assert run.in_flight == ["b"]


def test_an_answer_is_recorded_and_acts_on_resume() -> None:
    """Rule 34: people need not know that somebody paused the run."""
    run = Story("nodes: {ask: {human: 'Go?', choices: [go]}}").starts().pauses()

    run.answers("ask", "go")
    before = run.status("ask")
    run.resumes()

    assert before == "waiting"
    assert run.ends == {"ask": "succeeded"}


def test_an_event_is_recorded_and_acts_on_resume() -> None:
    """Rule 34: who sent it has it off their hands."""
    run = Story("nodes: {w: {wait: {event: paid}}}").starts().pauses()

    run.sends("paid", 1)
    before = run.status("w")
    run.resumes()

    assert before == "waiting"
    assert run.outputs == {"w": 1}


def test_a_timer_fires_and_acts_on_resume() -> None:
    """Rule 34: time passes also for what is paused."""
    run = Story("nodes: {w: {wait: 10m}}").starts().pauses()

    run.waits_for(600)
    before = run.status("w")
    run.resumes()

    assert before == "waiting"
    assert run.ends == {"w": "succeeded"}


def test_what_a_timer_finds_settled_is_dropped() -> None:
    """Rule 34: the answer came first, so it counts, although both act only now."""
    run = Story("nodes: {ask: {human: 'Go?', choices: [go, stop], timeout: 1h, otherwise: stop}}").starts().pauses()

    run.answers("ask", "go").waits_for(3600).resumes()

    assert run.outputs["ask"]["choice"] == "go"


def test_a_cancel_ends_the_pause() -> None:
    """Rule 34: nobody should have to resume a run to get rid of it."""
    run = Story(CHAIN).starts().pauses()

    run.cancels().does("a")

    assert run.outcome.status == "cancelled"


def test_nothing_starts_after_a_recorded_pause_or_cancel() -> None:
    """Rule 34: also where the same turn brought what would have started it."""
    run = Story(CHAIN).starts()
    run.pauses().does("a")

    assert run.paths("node.started") == ["a"]


def test_how_far_a_run_is_paused_it_can_still_be_asked_everything() -> None:
    """Rule 34: only deciding stops."""
    run = Story("nodes: {a: {tool: work}, h: {human: 'Go?', choices: [go]}}").starts().pauses()

    assert (run.in_flight, run.waits, run.status()) == (["a"], {"h": "person"}, "paused")
