"""Step lists: sequences and rounds of agents, as graphs of ours."""

from __future__ import annotations

import pytest

from tests.authoring.dialects.around import agent, any_agents, around, nodes_of, problems_in, read, tool

REVIEW = """\
name: content_review
description: Generate and review content
coordination_type: iterative_refinement
max_iterations: 3

steps:
  - agent_type: research
    name: create_draft
  - agent_type: assessment
    name: review_quality
"""
SEQUENCE = "name: two\nsteps:\n  - {agent_type: first}\n  - {agent_type: second}\n"


def test_the_example_of_the_readme_goes_in_rounds_until_the_assessment_approves() -> None:
    """It states no check, and there it would not have loaded: what it plainly means is done."""
    rounds = nodes_of(REVIEW, any_agents("research", "assessment"))["rounds"]

    assert list(rounds["loop"]) == ["given", "last_feedback", "task", "create_draft", "review_quality"]
    assert (rounds["until"], rounds["max"], rounds["at_max"]) == (
        "${review_quality.?approved.orValue(false) == true}",
        3,
        "accept",
    )


def test_in_a_sequence_each_step_is_given_what_the_one_before_it_gave() -> None:
    """That is all that the original handed on."""
    nodes = nodes_of(SEQUENCE, any_agents("first", "second"))

    assert nodes == {
        "first": {"agent": "first", "input": "${inputs}"},
        "second": {"agent": "second", "input": "${first}", "after": ["first"]},
    }


def test_an_agent_that_gives_text_hands_it_on_as_a_field() -> None:
    """What an agent is given is a map, and the summarizer of the README reads `text`."""
    nodes = nodes_of(SEQUENCE, around(agent("first"), agent("second")))

    assert nodes["second"]["input"] == {"text": "${first}"}


def test_a_step_that_declares_what_it_takes_is_given_that_alone() -> None:
    """Whoever declares fields is refused others, and the words for what a run is about stand for one another."""
    project = around(
        agent("first", takes={"question": "string"}, gives={"answer": "string"}),
        agent("second", takes={"answer": "string", "draft": "any"}),
    )

    nodes = nodes_of(SEQUENCE, project)

    assert "inputs.?question.or(inputs.?task)" in nodes["first"]["input"]
    assert nodes["second"]["input"] == (
        "${{?'answer': first.?answer.or(inputs.?answer), ?'draft': inputs.?draft.or(optional.of(first))}}"
    )


def test_a_step_may_name_a_tool() -> None:
    """What was an agent there may be a plain function here."""
    project = around(tool("first", takes={"topic": "string"}), agent("second"))

    assert nodes_of(SEQUENCE, project)["first"]["tool"] == "first"


@pytest.mark.parametrize(
    ("check", "condition"),
    [
        ("assessment_approved", "${review_quality.?approved.orValue(false) == true}"),
        ("quality_threshold", "${review_quality.?score.orValue(0.0) >= 0.8}"),
        ("{quality_threshold: 0.95}", "${review_quality.?score.orValue(0.0) >= 0.95}"),
        ("quality_threshold\nquality_threshold: 0.5", "${review_quality.?score.orValue(0.0) >= 0.5}"),
    ],
)
def test_each_check_looks_at_its_field_of_the_last_step(check: str, condition: str) -> None:
    """A threshold is 0.8 unless another one is stated."""
    text = f"{REVIEW}convergence_check: {check}\n"

    assert nodes_of(text, any_agents("research", "assessment"))["rounds"]["until"] == condition


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            f"{REVIEW}convergence_check: quality_treshold\n",
            ["11:20: there is no convergence check `quality_treshold`"],
        ),
        (f"{REVIEW}convergence_check: [a]\n", ["11:20: `convergence_check` is the name of a check, not a list"]),
        (
            f"{REVIEW}quality_threshold: 0.9\n",
            ["11:1: `quality_threshold` is without effect beside `assessment_approved`"],
        ),
        ("name: a\nsteps: []\n", ["2:8: `steps` is empty"]),
        ("name: a\nsteps: [{agent_typ: x}]\n", ["2:10: `agent_typ` is not a key of item 1 of `steps`"]),
        (
            "name: a\nsteps: [{agent_type: research}]\ncoordination_type: sequental\n",
            ["3:20: `coordination_type` is one of sequential, iterative_refinement, not the text `sequental`"],
        ),
        (
            "name: a\nsteps: [{agent_type: research, name: A b}, {agent_type: research, name: a_b}]\n",
            ["2:73: `a_b` would be called `a_b` here, like the step `A b`"],
        ),
        ("name: a\nsteps: [{agent_type: researsh}]\n", ["2:22: there is no agent `researsh`"]),
        (
            "name: a\nmax_iterations: 2\nsteps: [{agent_type: research}]\n",
            ["2:1: warning: `max_iterations` is without effect: a sequence has no rounds"],
        ),
    ],
)
def test_what_is_wrong_is_told_where_it_was_written(text: str, told: list[str]) -> None:
    """Who moves over has their own file open, and no graph of ours."""
    assert problems_in(text, any_agents("research", "assessment")) == told


def test_a_check_that_can_never_be_met_is_told() -> None:
    """An agent that declares its output and not the field would go to the last round each time."""
    project = around(agent("research"), agent("assessment", gives={"score": "number"}))

    assert problems_in(REVIEW, project) == [
        "3:20: `assessment_approved` looks at `approved`, and the last step never gives one"
    ]


def test_names_of_steps_become_names_of_nodes() -> None:
    """There a name was any text, and without one a step went by its agent."""
    steps = "[{agent_type: a, name: Return}, {agent_type: a}, {agent_type: a}, {agent_type: a, name: 2nd!}]"

    graph = read(f"name: My Flow\nsteps: {steps}\n", any_agents("a")).graph or {}

    assert (graph["graph"], list(graph["nodes"])) == ("my-flow", ["return_", "a", "a_3", "node_2nd"])
