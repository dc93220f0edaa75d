"""A recorded run on another graph: the old answers, other decisions, and where the answers end."""

from __future__ import annotations

import random
from typing import Any

from interlock import Interlock, OnAnotherGraph, tool
from interlock.core.values import digest_of
from interlock.engine.courses.effect_difference import EffectOnOneSide
from interlock.engine.courses.redeciding import AnswersEnd, Redecided, redecide
from tests.embedded.workshop import graph
from tests.store.event_loop import in_event_loop
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


# --- stored runs ---


@tool(effect="read")
async def make(size: int) -> str:
    """Something of a size that does not compress."""
    return random.Random(size).randbytes(size // 2).hex()  # noqa: S311 - the same each time


@tool(effect="once")
async def send(text: str, to: str = "all") -> str:
    """Send a text to somebody."""
    return f"{len(text)} to {to}"


@tool(effect="idempotent")
async def call_back(to: str) -> None:
    """Call back what was sent."""


async def on_another(nodes: dict[str, Any], others: dict[str, Any], **keys: Any) -> OnAnotherGraph:  # noqa: ANN401 - a document's
    """A run of a graph as it would have gone with other nodes."""
    async with Interlock(tools=[make, send, call_back]) as interlock:
        run = await interlock.start(graph(nodes, **keys))
        await run.wait()
        return await run.redecide(interlock.check(graph(others, **keys)))


GROWING = {
    "made": {"tool": "make", "input": {"size": 100_000}},
    "sent": {"tool": "send", "input": {"text": "${made}"}},
    "grown": {
        "loop": {
            "say": {"tool": "make", "input": {"size": 5_000}},
            "said": {"value": "${append(round.last.said, say)}"},
            "told": {"tool": "send", "input": {"text": "${size(said)} items", "to": "${said[0]}"}},
        },
        "until": "${round.index == 12}",
        "max": 20,
        "after": "sent",
    },
    "all": {"value": "${grown.said}"},
}


@in_event_loop
async def test_values_that_are_kept_elsewhere_are_the_same_values() -> None:
    """How a value is kept is no matter of the graph: a large one that is passed on is no other request."""
    found = await on_another(GROWING, GROWING)

    assert found.is_same
    assert (found.ends, found.difference.nodes, found.would_do, found.would_not_do) == ((), (), (), ())


SENDING: dict[str, Any] = {
    "made": {"tool": "make", "input": {"size": 10}},
    "ann": {"tool": "send", "input": {"text": "${made}", "to": "ann"}},
    "ben": {"tool": "send", "input": {"text": "${made}", "to": "ben"}},
}


@in_event_loop
async def test_what_the_other_course_would_do_to_the_world_is_told_and_what_it_would_not() -> None:
    """Values and verdicts are words; what is sent to whom is what a change of a graph comes down to."""
    others = SENDING | {"ann": {**SENDING["ann"], "when": "${size(made) > 100}"}}
    others |= {"ben": {"tool": "send", "input": {"text": "${made}", "to": "bob"}}}

    found = await on_another(SENDING, others)

    text = random.Random(10).randbytes(5).hex()  # noqa: S311 - what the tool makes
    assert [(each.path, each.digest, each.status) for each in found.would_not_do] == [
        ("ann", digest_of(["send", {"text": text, "to": "ann"}]), "done"),
        ("ben", digest_of(["send", {"text": text, "to": "ben"}]), "done"),
    ]
    assert found.would_do == (
        EffectOnOneSide(
            path="ben",
            kind="tool",
            name="send",
            digest=digest_of(["send", {"text": text, "to": "bob"}]),
            status="intended",
        ),
    )


@in_event_loop
async def test_what_would_be_taken_back_with_another_input_is_another_effect() -> None:
    """A refund of another sum is not the same refund."""
    undone = {"tool": "send", "input": {"text": "hello"}, "undo": {"tool": "call_back", "input": {"to": "ann"}}}
    nodes = {"a": undone, "no": {"gate": ["${size(a) > 99}"], "otherwise": "rollback"}}
    others = {**nodes, "a": {**undone, "undo": {"tool": "call_back", "input": {"to": "ben"}}}}

    found = await on_another(nodes, others)

    assert [(each.path, each.kind, each.status) for each in found.would_not_do] == [("a!undo", "undo", "done")]
    assert [(each.path, each.kind, each.digest) for each in found.would_do] == [
        ("a!undo", "undo", digest_of(["call_back", {"to": "ben"}]))
    ]


@in_event_loop
async def test_the_same_request_of_another_node_is_another_effect() -> None:
    """A letter that is sent by two nodes is sent twice."""
    found = await on_another(SENDING, {**SENDING, "more": SENDING["ann"]})

    assert ([each.path for each in found.would_do], found.would_not_do) == (["more"], ())
