"""`interlock costs`: what runs have cost, for whoever has to pay for them."""

from __future__ import annotations

import pytest

from tests.cli.agents_at_work import write_agents
from tests.cli.command_line import CommandLine


@pytest.fixture
def fixing(interlock: CommandLine) -> CommandLine:
    """A project in which an agent lets another work, at a price."""
    write_agents(interlock)
    return interlock


def test_costs_are_added_up_by_what_calls_have_in_common(fixing: CommandLine) -> None:
    """Who asks where the money went, asks by agent, by model, by team."""
    fixing.started("lead", "--label", "team=red")
    fixing.started("lead", "--label", "team=blue")

    by_agent = fixing("costs", "--by", "agent", "--json").json
    by_team = fixing("costs", "--by", "label:team", "--json").json

    groups = {group["name"]: (group["calls"], group["turns"]) for group in by_agent["groups"]}
    assert groups == {"boss": (6, 4), "fixer": (6, 4)}
    assert {group["name"] for group in by_team["groups"]} == {"red", "blue"}
    assert by_agent["total"] == by_team["total"]
    assert sum(group["usd"] for group in by_agent["groups"]) == by_agent["total"]["usd"]
    assert by_agent["total"]["usd"] == by_agent["total"]["simulated_usd"] + 4 * 10_000


def test_every_call_of_a_run_can_be_told(fixing: CommandLine) -> None:
    """A sum is believed once it can be taken apart."""
    run = fixing.started("lead")

    told = fixing("costs", run, "--by", "call", "--json").json

    assert sorted((call["path"], call["kind"], call["name"]) for call in told["calls"]) == [
        ("lead.1", "model", "script/any"),
        ("lead.2.1", "model", "script/any"),
        ("lead.2.2", "tool", "look"),
        ("lead.2.3", "model", "script/any"),
        ("lead.3/see", "tool", "look"),
        ("lead.4", "model", "script/any"),
    ]
    total = fixing("costs", run, "--json").json["total"]
    assert sum(call["costs"]["usd"] for call in told["calls"]) == total["usd"]


def test_people_are_told_the_sum_and_that_it_was_simulated(fixing: CommandLine) -> None:
    """Nobody should take the cost of a rehearsal for a bill."""
    fixing.started("lead")

    said = fixing("costs")

    assert said.code == 0
    assert said.out.splitlines()[-1].startswith("1 run: $0.0")
    assert " tokens (" in said.out
    assert "· 6 calls, 4 of models · 4 simulated, $0.0" in said.out


def test_runs_are_chosen_by_the_filters_of_lists(fixing: CommandLine) -> None:
    """The same words mean the same runs everywhere."""
    fixing.started("lead", "--label", "team=red")
    fixing.started("lead")

    assert fixing("costs", "--label", "team=red", "--json").json["runs"] == 1
    assert fixing("costs", "--status", "failed", "--json").json["runs"] == 0
    assert fixing("costs", "--graph", "other").out == "0 runs: 0 calls\n"


def test_where_nothing_was_run_nothing_was_spent(interlock: CommandLine) -> None:
    """A program that adds up many projects is not to fail at the one that is new; nor is a store made for it."""
    said = interlock("costs", "--json")

    assert (said.code, said.json["runs"], said.json["total"]["usd"], said.json["groups"]) == (0, 0, 0, [])
    assert interlock("costs").out == "0 runs: 0 calls\n"
    assert interlock("costs", "--by", "nobody").code == 2
    assert interlock("costs", "--store", "gone.db").code == 2
    assert not (interlock.folder / ".interlock").exists()


def test_what_cannot_be_asked_is_said(fixing: CommandLine) -> None:
    """A word that is no grouping must not become one group of everything."""
    run = fixing.started("lead")

    assert "'colour' is nothing to group costs by; there are: run, graph, node" in fixing("costs", "--by", "colour").err
    assert "name it, or say --by with another word" in fixing("costs", "--by", "call").err
    assert "not both" in fixing("costs", run, "--graph", "lead").err


def test_a_list_of_runs_tells_what_each_has_cost_and_which_were_simulated(fixing: CommandLine) -> None:
    """A rehearsal among real runs has to be seen as one."""
    fixing.graph("plain", "greet: {tool: greet, input: {name: Ada}}")
    lead, plain = fixing.started("lead"), fixing.started("plain")

    shown = {line.split()[0]: line for line in fixing("runs", "--costs").out.splitlines()[1:]}
    told = {row["run"]: row["costs"] for row in fixing("runs", "--costs", "--json").json["runs"]}

    assert " tokens · simulated" in shown[lead]
    assert "simulated" not in shown[plain]
    assert (told[lead]["simulated_calls"], told[plain]["simulated_calls"]) == (4, 0)
    assert told[lead] == fixing("costs", lead, "--json").json["total"]


def test_what_an_erased_run_has_cost_is_not_made_up(fixing: CommandLine) -> None:
    """Nothing is another figure than unknown."""
    run = fixing.started("lead")
    fixing("prune", "--older-than", "1us", "--payloads", "--yes")

    report = fixing("costs", "--json").json

    assert (report["runs"], report["erased"], report["total"]["calls"]) == (1, 1, 0)
    assert "costs" not in fixing("runs", "--costs", "--json").json["runs"][0]
    assert "of 1 run it is not known any more" in fixing("costs", run).out
