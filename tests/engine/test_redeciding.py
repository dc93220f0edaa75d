"""A recorded run on another graph: the old answers, other decisions, and where the answers end."""

from __future__ import annotations

from interlock.engine.redeciding import AnswersEnd, Redecided, redecide
from tests.stories.graphs import compiled
from tests.stories.story import Story

GRAPH = """
nodes:
  score: {tool: work}
  check: {gate: "${score.n > 5}", after: score}
  pay: {tool: pay, input: {n: "${score.n}"}, after: check}
"""


def on(graph: str, recorded: Story) -> Redecided:
    """The recorded run, decided anew on another graph."""
    return redecide(compiled(graph), "run", "local", recorded.log)


def ended_as(redecided: Redecided) -> dict[str, str]:
    """How each node would have ended."""
    ends = {"node.result", "node.succeeded", "node.failed", "node.skipped", "node.cancelled"}
    return {event.path: event.type for event in redecided.events if event.type in ends}


def test_on_its_own_graph_a_run_comes_to_the_same_log() -> None:
    """Else the comparison would show differences that nobody has made."""
    run = Story(GRAPH).starts().does("score", {"n": 7}).does("pay", "paid")

    again = on(GRAPH, run)

    assert list(again.events) == run.log
    assert again.ends == ()


def test_a_stricter_gate_shows_what_it_would_have_stopped() -> None:
    """Before a rule goes live one wants to know whom it would have hit."""
    run = Story(GRAPH).starts().does("score", {"n": 7}).does("pay", "paid")

    again = on(GRAPH.replace("> 5", "> 9"), run)

    assert ended_as(again)["check"] == "node.failed"
    assert "pay" not in {event.path for event in again.events if event.type == "node.started"}
    assert (again.events[-1].type, again.ends) == ("run.ended", ())


def test_a_call_with_another_input_has_no_recorded_answer() -> None:
    """An answer to another question is no answer."""
    run = Story(GRAPH).starts().does("score", {"n": 7}).does("pay", "paid")

    again = on(GRAPH.replace('n: "${score.n}"', 'n: "${score.n * 2}"'), run)

    assert again.ends == (AnswersEnd("pay", "calls pay with another input than was recorded"),)


def test_a_new_call_has_no_recorded_answer() -> None:
    """What was never asked can only be asked live: that is a fork."""
    run = Story(GRAPH).starts().does("score", {"n": 7}).does("pay", "paid")

    again = on(GRAPH + "  more: {tool: other, after: pay}\n", run)

    assert ended_as(again)["pay"] == "node.result"
    assert again.ends == (AnswersEnd("more", "calls other, which the recorded run did not do here"),)


def test_an_answer_that_came_before_it_is_asked_for_is_kept() -> None:
    """In the other graph the order may be another."""
    run = Story("nodes: {a: {tool: work}, b: {tool: other}}").starts().does("b", 2).does("a", 1)

    again = on("nodes: {a: {tool: work}, b: {tool: other, after: a}}", run)

    assert (ended_as(again), again.ends) == ({"a": "node.result", "b": "node.result"}, ())


ASK = 'nodes: {a: {human: "Go?", choices: [yes, no]}, b: {tool: work, after: {a: {on: yes}}}}'


def test_people_are_taken_at_their_recorded_word() -> None:
    """Nobody is asked again by a thought experiment."""
    run = Story(ASK).starts().answers("a", "yes").does("b", 1)

    again = on(ASK.replace("on: yes", "on: no"), run)

    assert (ended_as(again), again.ends) == ({"a": "node.succeeded", "b": "node.skipped"}, ())


def test_a_question_that_was_never_asked_has_no_answer() -> None:
    """The record ends there, and says so."""
    run = Story("nodes: {b: {tool: work}}").starts().does("b", 1)

    again = on(ASK, run)

    assert again.ends == (AnswersEnd("a", "waits, and the record has no answer"),)


def test_retries_meet_the_results_of_their_own_attempts() -> None:
    """The first failure is not the second's."""
    retried = "nodes: {a: {tool: work, retry: {attempts: 3, backoff: 1s, max_backoff: 1s}}}"
    run = Story(retried).starts().fails("a").waits_for(2).does("a", 1)

    again = on(retried, run)

    assert list(again.events) == run.log
