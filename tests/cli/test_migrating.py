"""`release --preflight` and `migrate`: what a release means to runs in flight, and moving one of them."""

from __future__ import annotations

import pytest

from tests.cli.agents_at_work import SETTINGS
from tests.cli.command_line import CommandLine

ASK = 'ask: {human: "Go?", choices: [go, stop]}\n'
ASKER_SAYS = """\
agent: asker
turns:
  - calls: [{tool: request_human_input, arguments: {question: "Blue or red?", choices: [blue, red]}}]
  - answer: blue it is
"""
LATER = 'done: {value: "later", after: ask}\n'


@pytest.fixture
def waiting(interlock: CommandLine) -> str:
    """A run of version 1 that waits for an answer."""
    interlock.graph("asks", ASK + 'done: {value: "now", after: ask}\n')
    interlock("release", "asks", "--by", "ada")
    return interlock.started("asks")


def test_a_run_stays_on_its_bundle_when_another_version_is_released(interlock: CommandLine, waiting: str) -> None:
    """What a run was started as is what it means, whatever is released behind its back."""
    interlock.graph("asks", ASK + LATER)
    interlock("release", "asks")

    answered = interlock("answer", f"{waiting}:ask", "--choose", "go", "--json").json

    assert (answered["outputs"], answered["version"]) == ({"done": "now"}, "version 1")


def test_a_run_that_could_have_come_from_the_new_version_is_moved_to_it(interlock: CommandLine, waiting: str) -> None:
    """Nothing that has happened is other on the new version, so what is still to come may be."""
    interlock.graph("asks", ASK + LATER)
    interlock("release", "asks")

    moved = interlock("migrate", waiting, "--to", "2", "--by", "ada", "--why", "the text was wrong")
    answered = interlock("answer", f"{waiting}:ask", "--choose", "go", "--json").json

    assert (moved.code, moved.err) == (0, "")
    assert moved.out == f"run {waiting} is to go on on version 2\nrecorded; run {waiting} was not driven on\n"
    assert (answered["outputs"], answered["version"]) == ({"done": "later"}, "version 2")
    assert "the text was wrong" in interlock("events", waiting).out
    assert interlock("replay", waiting).code == 0


def test_a_version_is_named_by_what_the_list_of_releases_shows(interlock: CommandLine, waiting: str) -> None:
    """People copy what they see, and what they see is the beginning of a hash."""
    interlock.graph("asks", ASK + LATER)
    interlock("release", "asks")
    newest = interlock("releases", "asks", "--json").json["releases"][0]

    by_graph = interlock("migrate", waiting, "--to", newest["graph_hash"][:12], "--plan", "--json").json
    by_bundle = interlock("migrate", waiting, "--to", newest["bundle"][:12], "--plan", "--json").json
    by_none = interlock("migrate", waiting, "--to", "0123456789ab", "--plan")

    assert newest["graph_hash"][:12] in interlock("releases", "asks").out
    assert (by_graph["could_migrate"], by_bundle["could_migrate"], by_none.code) == (True, True, 2)


def test_of_versions_with_one_hash_the_one_that_is_taken_is_told(interlock: CommandLine, waiting: str) -> None:
    """A version that was returned to has the hash of an older one: which of them is meant must not be a guess."""
    interlock.graph("asks", ASK + LATER)
    interlock("release", "asks")
    interlock.graph("asks", ASK)
    interlock("release", "asks")
    interlock("release", "asks", "--back")
    newest = interlock("releases", "asks", "--json").json["releases"][0]

    planned = interlock("migrate", waiting, "--to", newest["graph_hash"][:12], "--plan")
    planned_json = interlock("migrate", waiting, "--to", newest["graph_hash"][:12], "--plan", "--json").json
    moved = interlock("migrate", waiting, "--to", newest["graph_hash"][:12], "--json").json

    assert planned.out == f"run {waiting} could migrate to version 4\n"
    assert (planned_json["to"], moved["to"], moved["version"]) == ("version 4", "version 4", "version 4")


def test_a_run_whose_past_does_not_fit_is_not_moved_and_the_event_is_named(
    interlock: CommandLine, waiting: str
) -> None:
    """A question that was asked was asked: no other graph makes that another question."""
    interlock.graph("asks", 'ask: {human: "Really?", choices: [go, stop]}\n' + LATER)

    planned = interlock("migrate", waiting, "--to", "asks", "--plan")
    by_file = interlock("migrate", waiting, "--to", "graphs/asks.yaml", "--plan")
    refused = interlock("migrate", waiting, "--to", "graphs/asks.yaml")

    assert (planned.code, planned.out) == (0, f"run {waiting} could migrate to version 1\n")
    assert by_file.code == 1
    assert "would break on the draft: event 2 ask says" in by_file.out
    assert "Really?" in by_file.out
    assert (refused.code, f"run {waiting} stays on its bundle: event 2 ask" in refused.err) == (2, True)
    assert "run.migrated" not in interlock("events", waiting, "--json").out


def test_an_ended_run_is_never_moved(interlock: CommandLine, waiting: str) -> None:
    """It is over, and a record that changes afterwards is none."""
    interlock("cancel", waiting)
    interlock.graph("asks", ASK + LATER)

    said = interlock("migrate", waiting, "--to", "graphs/asks.yaml")

    assert (said.code, "has ended (cancelled)" in said.err) == (2, True)


def test_a_version_that_does_not_exist_is_told(interlock: CommandLine, waiting: str) -> None:
    """Whoever mistypes a number must not move a run to something else."""
    said = interlock("migrate", waiting, "--to", "7")

    assert (said.code, said.err) == (2, "error: asks has no version 7: see `interlock releases asks`\n")


def test_a_preflight_tells_what_changes_and_of_each_run_what_would_become_of_it(
    interlock: CommandLine, waiting: str
) -> None:
    """It is the question before every release, and has to be answered before anything is published."""
    interlock.graph(
        "asks", 'ask: {human: "Really?", choices: [go, stop]}\ntell: {tool: give_back, input: {amount: 1}}\n'
    )

    said = interlock("release", "asks", "--preflight")
    told = interlock("release", "asks", "--preflight", "--json").json

    assert said.code == 1
    assert "question ask is changed" in said.out
    assert "effect tell is new" in said.out
    assert "would break" in said.out
    assert [(run["run"], run["version"], run["outlook"]) for run in told["runs"]] == [
        (waiting, "version 1", "would break")
    ]
    assert told["runs"][0]["obstacle"]["seq"] == 2
    assert len(interlock("releases", "asks", "--json").json["releases"]) == 1


def test_a_preflight_of_what_fits_every_run_ends_with_0(interlock: CommandLine, waiting: str) -> None:
    """A pipeline goes by the exit code."""
    interlock.graph("asks", ASK + LATER)

    said = interlock("release", "asks", "--preflight", "--json")

    assert said.code == 0
    assert [(run["run"], run["outlook"]) for run in said.json["runs"]] == [(waiting, "could migrate")]


def test_an_agent_that_is_another_is_named_and_each_prompt_is_shown_as_it_was(interlock: CommandLine) -> None:
    """Moved in the middle of its work, an agent has asked by two contracts; its node looks the same."""
    interlock.write("interlock.toml", SETTINGS)
    interlock.write("agents/asker.yaml", "agent: asker\nprompt: You ask.\ntools: [request_human_input]\n")
    interlock.write("models/asker.yaml", ASKER_SAYS)
    interlock.graph("helped", "help: {agent: asker}\n")
    interlock("release", "helped")
    run = interlock.started("helped")
    interlock.write("agents/asker.yaml", "agent: asker\nprompt: You ask kindly.\ntools: [request_human_input]\n")

    looked = interlock("release", "helped", "--preflight")
    interlock("release", "helped")
    interlock("migrate", run, "--to", "2")
    interlock("answer", f"{run}:help.2", "--choose", "blue")
    prompts = [interlock("inspect", run, f"help.{turn}", "--prompt").out for turn in (1, 3)]

    assert "agent asker is changed" in looked.out
    assert ["You ask.\n" in prompt for prompt in prompts] == [True, False]
    assert ["You ask kindly.\n" in prompt for prompt in prompts] == [False, True]
