"""`human`: a person is asked, and what they choose is the label (rules 14 and 29)."""

from __future__ import annotations

import pytest

from interlock.core import events as e
from interlock.core import requests as r
from tests.stories.graphs import refusals
from tests.stories.story import Story

APPROVE = """
inputs: {pr: integer}
nodes:
  approve: {human: "Release PR ${inputs.pr}?", choices: [release, reject]}
  release: {tool: pay, after: {approve: {on: release}}, input: {by: "${approve.by}", why: "${approve.why}"}}
"""


def test_a_question_is_put_with_its_text_and_choices_and_holds_no_worker() -> None:
    """Rule 29: it is addressed by the node's path."""
    run = Story(APPROVE).starts(pr=7)

    assert run.waits == {"approve": "person"}
    assert run.waiting("approve").question == e.Question("Release PR 7?", ("release", "reject"))
    assert run.status() == "waiting"


def test_the_choice_is_the_label_and_who_chose_it_and_why_is_on_record() -> None:
    """Rules 14 and 29: an approval that nobody gave is worth nothing."""
    run = Story(APPROVE).starts(pr=7)

    run.receives(r.Answer(path="approve", by="bob", choice="release", why="tested it"), "bob")

    assert run.given("release") == {"by": ["bob"], "why": "tested it"}
    assert run.decision("approve") == e.Decision(
        "answer", "release", (e.Option("bob", "release", "tested it"),), "tested it"
    )


def test_a_quorum_wants_different_people_who_chose_the_same() -> None:
    """Rule 29: four eyes see more than two, and a third who disagrees does not count."""
    run = Story("nodes: {ask: {human: 'Go?', choices: [go, stop], quorum: 2}}\noutputs: {by: '${ask.by}'}").starts()

    run.answers("ask", "go", by="ada").answers("ask", "stop", by="bob")
    before = run.waits
    run.answers("ask", "go", by="cyd")

    assert before == {"ask": "person"}
    assert run.outputs == {"by": ["ada", "cyd"]}


DETAILS = """
nodes:
  details:
    human: "What happened?"
    form: {type: object, properties: {title: {type: string}, high: {type: integer}}, required: [title]}
outputs: {title: "${details.form.title}"}
"""


def test_a_form_is_answered_by_filling_it_in() -> None:
    """Rule 29: what was filled in is the value; there is no label to go on."""
    run = Story(DETAILS).starts()

    run.fills_in("details", title="Fire", high=1)

    assert run.outputs == {"title": "Fire"}


def test_a_form_that_is_filled_in_wrongly_is_refused_at_the_door() -> None:
    """Rule 29: the person is told what is wrong while they still look at it, and may try again."""
    run = Story(DETAILS).starts()

    refused = run.offers(r.Answer(path="details", by="ada", form={"high": "very"}))

    assert (
        refused == 'the form is not what details asks for: form.title is missing; form.high is "very", not an integer'
    )
    assert run.waits == {"details": "person"}


def test_a_choice_is_no_answer_to_a_form() -> None:
    """Rule 29: that a form is wanted is what a person has to be told, not what an empty one would lack."""
    run = Story(DETAILS).starts()

    refused = run.offers(r.Answer(path="details", by="ada", choice="yes"))

    assert refused == "details asks for a form, and was answered with 'yes'"


TIMED = """
nodes:
  ask: {human: "Go?", choices: [go, stop], timeout: 24h, otherwise: stop}
  tell: {value: "nobody answered", after: {ask: {on: timed_out}}}
  stop: {value: "stopped", after: {ask: {on: stop}}}
"""


def test_when_nobody_answers_in_time_the_declared_choice_is_taken_and_labelled_so() -> None:
    """Rule 29: both labels can be waited for: what was chosen, and that nobody chose it."""
    run = Story(TIMED).starts()

    run.waits_for(24 * 3600)

    assert run.outputs == {"tell": "nobody answered", "stop": "stopped"}
    assert run.decision("ask") == e.Decision("answer", "stop", why="nobody answered in time")


def test_when_nobody_answers_in_time_and_nothing_is_declared_the_node_fails() -> None:
    """Rule 29: silence is no answer."""
    run = Story("nodes: {ask: {human: 'Go?', choices: [go], timeout: 1h}}").starts()

    run.waits_for(3600)

    assert (run.error.kind, run.error.message) == ("timeout", "ask was not done within 3600 s")


def test_an_answer_in_time_is_the_answer() -> None:
    """Rule 29: the timer that fires later finds nothing to do."""
    run = Story(TIMED + "  slow: {tool: work}\n").starts()

    run.answers("ask", "go").waits_for(48 * 3600).does("slow")

    assert run.ends["stop"] == "skipped"


def test_a_cancelled_scope_withdraws_its_questions() -> None:
    """Rule 29: nobody should be kept thinking about what no longer matters."""
    run = Story("nodes: {part: {graph: {nodes: {ask: {human: 'Go?', choices: [go]}}}}, a: {tool: work}}").starts()

    run.cancels("part")

    assert run.offers(r.Answer(path="part/ask", by="ada", choice="go")) == (
        "part/ask is not waiting for an answer, and nothing in this run is"
    )


def test_questions_in_items_and_rounds_are_ordinary_nodes() -> None:
    """Rule 29: each has its path."""
    run = Story("nodes: {g: {each: [ann, ben], do: {human: 'Is ${item} in?', choices: [y, n]}}}").starts()

    run.answers("g:1", "n").answers("g:0", "y")

    assert [question.text for question in (body.question for body in run.bodies("node.waiting"))] == [
        "Is ann in?",
        "Is ben in?",
    ]
    assert [answer["choice"] for answer in run.outputs["g"]] == ["y", "n"]


@pytest.mark.parametrize(
    ("keys", "refusal"),
    [
        ("", "nodes.ask: a question has either `choices` or a `form`"),
        ("choices: [a, a]", "nodes.ask.choices.1: `a` is there twice"),
        (
            "choices: [a], otherwise: a",
            "nodes.ask.otherwise: `otherwise` is the choice when time is up, and this question has no `timeout`",
        ),
        ("choices: [a], timeout: 1h, otherwise: b", "nodes.ask.otherwise: `b` is not a choice of this question"),
        (
            "form: {type: object}, quorum: 2",
            "nodes.ask.quorum: `quorum` counts people who chose the same, and a form has no choices",
        ),
        ("choices: [a], to: group:x", "nodes.ask.to: `to` is not in this version"),
    ],
)
def test_a_question_that_cannot_be_answered_is_refused(keys: str, refusal: str) -> None:
    """What is found when the graph is compiled cannot go wrong in front of a person."""
    assert refusals(f"nodes: {{ask: {{human: 'Go?', {keys}}}}}") == [refusal]
