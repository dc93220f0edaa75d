"""`interlock events` with filters: the few events among thousands that somebody asks for."""

from __future__ import annotations

import json

import pytest

from tests.cli.agents_at_work import write_agents
from tests.cli.command_line import CommandLine


@pytest.fixture
def fixing(interlock: CommandLine) -> CommandLine:
    """A project in which an agent lets another agent and a graph work."""
    write_agents(interlock)
    return interlock


def listed(said: str) -> list[tuple[str, str]]:
    """Type and path of each event of a listing for programs."""
    return [(event["type"], event["path"]) for event in map(json.loads, said.splitlines())]


def test_events_of_some_types_are_told_alone(fixing: CommandLine) -> None:
    """Which model was asked, and why, is read without the rest."""
    run = fixing.started("lead")

    said = fixing("events", run, "--type", "decision.made", "--type", "run.ended", "--json")

    assert {kind for kind, _ in listed(said.out)} == {"decision.made", "run.ended"}
    assert len(listed(said.out)) > 8


def test_events_of_a_step_are_those_about_it_and_what_is_inside_it(fixing: CommandLine) -> None:
    """What an agent let another do begins with the intent of it and ends with what came of it."""
    run = fixing.started("lead")

    of_graph = listed(fixing("events", run, "--path", "lead.3", "--json").out)

    assert of_graph == [
        ("effect.intended", "lead"),
        ("node.started", "lead.3/see"),
        ("node.result", "lead.3/see"),
        ("node.succeeded", "lead.3/sum"),
        ("scope.ended", "lead.3/"),
        ("effect.done", "lead"),
    ]
    assert {path for _, path in listed(fixing("events", run, "--path", "lead.2", "--json").out)} == {"lead", "lead.2"}


def test_decisions_say_what_was_decided_about_what_in_a_line(fixing: CommandLine) -> None:
    """A list of verdicts in which no tool is named is of no use."""
    run = fixing.started("lead")

    told = fixing("events", run, "--type", "decision.made", "--path", "lead.2").out

    lines = [line.partition("lead.2  ")[2] for line in told.splitlines()]
    assert lines[:3] == [
        "step 1: policy: allow script/any by default#models",
        "step 1: model: script/any (the only one that may answer)",
        "policy: allow look by default#tools_of_agents",
    ]


def test_a_word_that_is_no_type_is_refused(fixing: CommandLine) -> None:
    """A mistyped filter must not look like a run in which nothing happened."""
    run = fixing.started("lead")

    said = fixing("events", run, "--type", "decision.mad")

    assert said.code == 2
    assert said.err == "error: 'decision.mad' is no type of event; did you mean decision.made?\n"


def test_the_filter_holds_for_erased_events_as_well(fixing: CommandLine) -> None:
    """What is kept for ever is found by the same words."""
    run = fixing.started("lead")
    fixing("prune", "--older-than", "1us", "--payloads", "--yes")

    assert listed(fixing("events", run, "--type", "run.ended", "--json").out) == [("run.ended", "")]
    assert len(listed(fixing("events", run, "--path", "lead.3", "--json").out)) == 4
