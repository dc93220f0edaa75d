"""What people say to a run, and what becomes of it."""

from __future__ import annotations

import getpass

import pytest

from tests.cli.command_line import CommandLine, commands_in

ASK = 'ask: {human: "Release?", choices: [release, reject]}\nx: {value: "${ask.by}"}\n'
FORM = 'ask: {human: "How many?", form: {type: object, properties: {n: {type: integer}}, required: [n]}}\n'


def test_an_answer_is_recorded_under_the_name_of_who_is_logged_in(interlock: CommandLine) -> None:
    """Who approved is what an auditor asks first; nobody should have to type it."""
    interlock.graph("asks", ASK)
    run = interlock.started("asks")

    said = interlock("answer", f"{run}:ask", "--choose", "release", "--json")

    assert said.json["outputs"] == {"x": [getpass.getuser()]}


def test_an_answer_may_be_given_in_the_name_of_another(interlock: CommandLine) -> None:
    """A bot answers for the person who clicked."""
    interlock.graph("asks", ASK)
    run = interlock.started("asks")

    said = interlock("answer", f"{run}:ask", "--choose", "release", "--by", "ann", "--json")

    assert said.json["outputs"] == {"x": ["ann"]}


def test_a_form_is_answered_with_json_and_an_example_of_it_is_offered(interlock: CommandLine) -> None:
    """Nobody knows the form's fields by heart: the line to copy has all of them."""
    interlock.graph("asks", FORM)
    asked = interlock("run", "asks")
    [line] = commands_in(asked.out)

    said = interlock.types(line.replace('"n": 0', '"n": 7') + " --json")

    assert said.json["outputs"]["ask"]["form"] == {"n": 7}


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--choose", "releese"), "'releese' is not one of release, reject"),
        (("--form", "{}"), "ask asks for one of release, reject, not for a form"),
        ((), "give the answer as --choose CHOICE, or as --form JSON"),
        (("--choose", "release", "--form", "{}"), "give the answer as --choose CHOICE, or as --form JSON"),
        (("--form", "{bad"), "the form is not JSON"),
    ],
)
def test_an_answer_that_does_not_fit_changes_nothing(interlock: CommandLine, words: tuple[str, ...], told: str) -> None:
    """A wrong word is a typing error, and the question still stands."""
    interlock.graph("asks", ASK)
    run = interlock.started("asks")

    said = interlock("answer", f"{run}:ask", *words)

    assert (said.code, interlock("show", run, "--json").json["status"]) == (2, "waiting")
    assert told in said.err


def test_the_same_question_is_not_answered_twice(interlock: CommandLine) -> None:
    """A second click must hear that it came too late, and not that all is well."""
    interlock.graph("asks", ASK)
    run = interlock.started("asks")
    interlock("answer", f"{run}:ask", "--choose", "release")

    said = interlock("answer", f"{run}:ask", "--choose", "reject")

    assert said.code == 2
    assert "has ended" in said.err


def test_an_answer_may_only_be_recorded(interlock: CommandLine) -> None:
    """Where the tools are not at hand, the answer is kept until somebody drives the run on."""
    interlock.graph("asks", ASK)
    run = interlock.started("asks")

    said = interlock("answer", f"{run}:ask", "--choose", "release", "--detach")

    assert said.code == 0
    assert "was not driven on" in said.out
    assert interlock("resume", run).code == 0


def test_what_is_only_recorded_needs_no_tools(interlock: CommandLine) -> None:
    """A manager answers from a machine on which the tools were never installed, or are broken today."""
    interlock.graph("asks", ASK)
    run = interlock.started("asks")
    interlock.write("tools/tools.py", "this is no Python")

    assert interlock("answer", f"{run}:ask", "--choose", "release", "--detach").code == 0
    assert interlock("answer", f"{run}:ask", "--choose", "release").code == 2


def test_a_held_gate_is_given_its_verdict(interlock: CommandLine) -> None:
    """A gate that is held stops everything behind it until a person says what is to become of it."""
    interlock.graph("gated", 'g: {gate: ["${1 > 2}"], otherwise: hold}\nx: {value: 1, after: g}')
    held = interlock("run", "gated")

    said = interlock.types(commands_in(held.out)[0] + " --json")

    assert held.code == 3
    assert "held: not passed: 1 > 2" in held.out
    assert (said.code, said.json["outputs"]) == (0, {"x": 1})


def test_a_verdict_is_one_word(interlock: CommandLine) -> None:
    """Two verdicts are none."""
    said = interlock("verdict", "run:g", "--promote", "--block")

    assert said.code == 2
    assert "give one of --promote, --block, --rollback" in said.err


def test_a_held_failure_is_remedied(interlock: CommandLine) -> None:
    """A long run need not be lost because of one node: a person tries it again with another input."""
    interlock.graph("holds", "a: {tool: greet_only, input: {who: Bob}}", on_failure="hold")
    held = interlock("run", "holds")
    [run] = [row["run"] for row in interlock("runs", "--json").json["runs"]]

    said = interlock("remedy", f"{run}:a", "--edit", '{"who": "Ada"}', "--why", "a typing error", "--json")

    assert held.code == 3
    assert said.json["outputs"] == {"a": "Hello Ada"}


def test_a_held_failure_is_skipped(interlock: CommandLine) -> None:
    """Sometimes the rest is worth more than the node."""
    interlock.graph("holds", "a: {tool: refuse}\nb: {value: 1}", on_failure="hold")
    run = interlock.started("holds")

    assert interlock("remedy", f"{run}:a", "--skip", "--json").json["nodes"]["a"]["status"] == "skipped"


def test_an_event_moves_on_the_run_that_waits_for_it(interlock: CommandLine) -> None:
    """A hook of another system is one line; the line is offered where the run waits."""
    interlock.graph("waits", "w: {wait: {event: pr.merged, match: {pr: 7}}}\n")
    waiting = interlock("run", "waits")
    [line] = commands_in(waiting.out)

    said = interlock.types(line + " --json")

    assert waiting.code == 3
    assert said.json["outputs"] == {"w": {"pr": 7}}


def test_an_event_finds_its_run_by_key(interlock: CommandLine) -> None:
    """Another system knows its own names, not the ids of runs."""
    interlock.graph("waits", "w: {wait: {event: go}}")
    interlock("run", "waits", "--key", "order-7")

    said = interlock("send", "--key", "order-7", "go", "--data", "1", "--json")

    assert said.json["outputs"] == {"w": 1}


@pytest.mark.parametrize("name", ["", " ", " go", "${x}"])
def test_an_event_that_nothing_could_ever_wait_for_is_refused(interlock: CommandLine, name: str) -> None:
    """A script whose variable was empty would else go on as if it had sent something."""
    interlock.graph("waits", "w: {wait: {event: go}}")
    run = interlock.started("waits")

    to_run, to_triggers = interlock("send", run, name), interlock("send", name)

    assert (to_run.code, to_triggers.code) == (2, 2)
    assert f"{name!r} cannot be the name of an event, so no node could ever wait for it" in to_run.err
    assert f"{name!r} cannot be the name of an event, so no trigger could ever listen for it" in to_triggers.err


def test_a_name_of_several_words_is_a_name_of_an_event(interlock: CommandLine) -> None:
    """What a graph may wait for may be sent."""
    interlock.graph("waits", 'w: {wait: {event: "go on"}}')
    run = interlock.started("waits")

    assert interlock("send", run, "go on", "--json").json["status"] == "succeeded"


def test_an_event_goes_to_one_run_at_most(interlock: CommandLine) -> None:
    """Either an id or a key, and never a guess."""
    said = interlock("send", "run", "go", "--key", "k")

    assert said.code == 2
    assert "write `interlock send RUN NAME`" in said.err


def test_a_question_of_no_run_is_told_how_it_is_addressed(interlock: CommandLine) -> None:
    """RUN alone is the likely mistake."""
    said = interlock("answer", "abc", "--choose", "x")

    assert said.code == 2
    assert "write RUN:PATH" in said.err


def test_an_event_that_many_wait_for_is_offered_once(interlock: CommandLine) -> None:
    """A list of the same line over and over hides the others."""
    interlock.graph("many", 'e: {each: "${[1, 2, 3]}", do: {wait: {event: go}}}')

    waiting = interlock("run", "many")

    assert [line.split()[1] for line in commands_in(waiting.out)] == ["send"]
