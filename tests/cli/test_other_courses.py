"""Replaying, forking and comparing runs: what was, what else might have been, and in what they differ."""

from __future__ import annotations

import inspect
import sqlite3

import pytest

from interlock.cli.app import app
from interlock.core.values import digest_of
from tests.cli.command_line import TOOLS, CommandLine

PAYING = """
greeting: {tool: greet, input: {name: "${inputs.name}"}}
small: {gate: "${size(greeting) < 20}"}
pay: {tool: pay, input: {amount: 3}, after: small}
"""


@pytest.fixture
def paid(interlock: CommandLine) -> str:
    """A run that has greeted Ada and paid."""
    interlock.graph("paying", PAYING, inputs="{name: string}")
    return interlock.started("paying", "-i", "name=Ada")


def test_a_replay_says_that_it_came_to_the_same(interlock: CommandLine, paid: str) -> None:
    """Without the tools: none of them is called."""
    said = interlock("replay", paid)

    assert said.code == 0
    assert said.out.startswith("the same  ")
    assert f"events of run {paid}, decided anew; nothing was called and nobody asked" in said.out


def test_a_replay_is_told_to_programs(interlock: CommandLine, paid: str) -> None:
    """A release is held back by a script."""
    told = interlock("replay", paid, "--json").json

    assert (told["run"], told["verdict"], told["status"], told["seq"]) == (paid, "same", "succeeded", None)


def test_a_replay_of_a_damaged_run_names_the_event_and_fails(interlock: CommandLine, paid: str) -> None:
    """And says what to do."""
    with sqlite3.connect(interlock.folder / ".interlock" / "interlock.db") as file:
        file.execute("update event set payload = x'00' where seq = 3")
    file.close()

    said = interlock("replay", paid)

    assert said.code == 1
    assert said.out.startswith("damaged  ")
    assert f"event 3 of run {paid}" in said.out


def test_a_replay_on_another_graph_tells_what_would_have_been_decided(interlock: CommandLine, paid: str) -> None:
    """Before a rule goes live one wants to know whom it would have hit."""
    interlock.graph("strict", PAYING.replace("< 20", "< 5"), inputs="{name: string}")

    said = interlock("replay", paid, "--with", "graph=strict")

    assert said.code == 1
    assert '  decision.chosen  "promote" → "block"' in said.out.splitlines()


def test_a_replay_on_another_graph_says_where_the_record_ends(interlock: CommandLine, paid: str) -> None:
    """What was never asked has no answer."""
    interlock.graph("more", PAYING + "thanks: {tool: greet, input: {name: Bob}, after: pay}\n", inputs="{name: string}")

    told = interlock("replay", paid, "--with", "graph=more", "--json").json

    assert not told["same"]
    assert told["ends"] == [{"path": "thanks", "why": "calls greet, which the recorded run did not do here"}]
    assert [(each["path"], each["name"], each["status"]) for each in told["would_do"]] == [
        ("thanks", "greet", "intended")
    ]
    assert told["would_not_do"] == []


def test_a_replay_on_another_graph_tells_what_would_be_done_and_what_would_not(
    interlock: CommandLine, paid: str
) -> None:
    """As a table, with the beginning of the request's digest: the rest is for programs."""
    interlock.graph("dear", PAYING.replace("amount: 3", "amount: 30"), inputs="{name: string}")

    said = interlock("replay", paid, "--with", "graph=dear")

    table = [line.split() for line in said.out.splitlines() if line.startswith(("effect", "would"))]
    there, here = (digest_of(["pay", {"amount": amount}])[:12] for amount in (30, 3))
    assert table == [
        ["effect", "path", "what", "request", "here"],
        ["would", "do", "pay", "tool", "pay", there],
        ["would", "not", "do", "pay", "tool", "pay", here, "done"],
    ]


@pytest.mark.parametrize("given", ["strict", "prompt=x", "graph="])
def test_what_a_replay_cannot_be_made_with_is_refused(interlock: CommandLine, paid: str, given: str) -> None:
    """With what could be meant."""
    said = interlock("replay", paid, "--with", given)

    assert (said.code, said.err) == (2, f"error: --with wants graph=GRAPH, and was given '{given}'\n")


def test_a_graph_that_does_not_take_the_runs_inputs_is_no_other_course(interlock: CommandLine, paid: str) -> None:
    """It could not have been run with them."""
    interlock.graph("other", "a: {value: 1}", inputs="{pieces: integer}")

    said = interlock("replay", paid, "--with", "graph=other")

    forked = interlock("fork", paid, "--from", "pay", "--graph", "other", "--plan")

    assert (said.code, forked.code, forked.out) == (2, 2, "")
    assert said.err == forked.err
    assert said.err.startswith("error: the inputs are not what graph other takes: ")


def test_the_plan_of_a_fork_is_told_and_nothing_is_done(interlock: CommandLine, paid: str) -> None:
    """What would be paid again is known before it is."""
    told = interlock("fork", paid, "--from", "small", "--plan", "--json").json

    assert (told["taken_over"], told["runs_again"]) == (["greeting"], ["small", "pay"])
    assert [(each["path"], each["tool"], each["effect_class"]) for each in told["done_again"]] == [
        ("pay", "pay", "once")
    ]
    assert len(interlock("runs", "--json").json["runs"]) == 1


def test_a_fork_does_not_pay_again_unless_that_is_agreed(interlock: CommandLine, paid: str) -> None:
    """Looking at another course must not cost a customer twice."""
    said = interlock("fork", paid, "--from", "small")

    assert (said.code, len(interlock("runs", "--json").json["runs"])) == (2, 1)
    assert said.err == "error: this would do again what may happen only once (pay): agree with --yes\n"


def test_a_fork_goes_on_from_its_node_with_another_result(interlock: CommandLine, paid: str) -> None:
    """The run it comes from stays as it is."""
    said = interlock("fork", paid, "--from", "small", "--set", "greeting=Good day to all", "--yes", "--json")

    assert said.json["nodes"]["greeting"]["output"] == "Good day to all"
    runs = interlock("runs", "--json").json["runs"]
    assert [(row["kind"], row["parent"], row["status"]) for row in runs] == [
        ("fork", paid, "succeeded"),
        ("start", "", "succeeded"),
    ]


def test_a_fork_from_a_node_that_is_not_there_says_which_may_be_meant(interlock: CommandLine, paid: str) -> None:
    """A slip of the pen starts nothing."""
    said = interlock("fork", paid, "--from", "smal")

    assert (said.code, said.err) == (2, "error: nothing has happened to smal in this run; did you mean small?\n")


def test_two_runs_are_compared_node_by_node(interlock: CommandLine, paid: str) -> None:
    """Of two courses one wants to see what one word has changed."""
    interlock("fork", paid, "--from", "small", "--set", "greeting=Good day to all", "--yes")
    forked = interlock("runs", "--json").json["runs"][0]["run"]

    said = interlock("diff", paid, forked)

    assert said.code == 1
    assert '  output  "Hello Ada" → "Good day to all"' in said.out.splitlines()


def test_a_run_does_not_differ_from_itself(interlock: CommandLine, paid: str) -> None:
    """Time is told, and is no difference."""
    said = interlock("diff", paid, paid, "--json")

    assert (said.code, said.json["same"], said.json["nodes"], said.json["alike"]) == (0, True, [], 3)


def test_a_run_is_recorded_and_played(interlock: CommandLine) -> None:
    """What a demonstration shows must not depend on the network of the room."""
    interlock.graph("greets", 'a: {tool: greet, input: {name: "${inputs.name}"}}', inputs="{name: string}")
    interlock("run", "greets", "-i", "name=Ada", "--record", "tapes/greets.json")
    interlock.write("tools/tools.py", TOOLS.replace('f"Hello {name}"', '"nothing"'))

    played = interlock("run", "greets", "-i", "name=Ada", "--world", "cassette:tapes/greets.json")

    assert played.code == 0
    assert any(line.endswith('gave "Hello Ada" (simulated)') for line in played.out.splitlines())


ASKING = """
first: {tool: greet, input: {name: Ada}}
ask: {human: "Go on?", choices: [yes, no], after: first}
second: {tool: greet, input: {name: Ben}, after: {ask: {on: yes}}}
"""


def test_a_folder_is_no_cassette_and_nothing_is_called_for_it(interlock: CommandLine) -> None:
    """Told in the end, the calls would have been made and what they answered be lost."""
    interlock.graph("greets", "greet: {tool: greet, input: {name: Ada}}")

    said = interlock("run", "greets", "--record", ".")

    assert (said.code, said.out) == (2, "")
    assert said.err == "error: the cassette . cannot be written: it is a folder, name a file in it\n"


def test_a_run_that_waits_for_a_person_is_recorded_and_played_whole(interlock: CommandLine) -> None:
    """The day between a question and its answer must not be a hole in the recording."""
    interlock.graph("asks", ASKING)
    run = interlock.started("asks", "--record", "tape.json")
    interlock("answer", f"{run}:ask", "--choose", "yes", "--record", "tape.json")
    interlock.write("tools/tools.py", TOOLS.replace('f"Hello {name}"', '"nothing"'))

    played = interlock.started("asks", "--world", "cassette:tape.json")
    told = interlock("answer", f"{played}:ask", "--choose", "yes", "--world", "cassette:tape.json", "--json").json

    assert (told["nodes"]["first"]["output"], told["nodes"]["second"]["output"]) == ("Hello Ada", "Hello Ben")


DRIVING = set("run ask resume answer verdict remedy settle send cancel complete retry rollback fork".split())


def test_whatever_drives_a_run_takes_a_world_and_a_recording() -> None:
    """Else a run could be begun on a cassette and gone on with live, for want of an option."""
    commands = {
        each.name: inspect.signature(each.callback).parameters for each in app.registered_commands if each.callback
    }

    assert {name for name, options in commands.items() if {"world", "record"} <= options.keys()} == DRIVING
    looking = {"replay", "config", "conformance", "release", "migrate", "up", "serve", "mcp", "worker"}
    assert {name for name, options in commands.items() if "tools" in options} - DRIVING == looking


@pytest.mark.parametrize("words", [("--world", "cassette:tape.json"), ("--record", "tape.json")])
def test_what_only_records_an_answer_needs_no_world(interlock: CommandLine, words: tuple[str, ...]) -> None:
    """Who asks for both has something else in mind than what would happen."""
    interlock.graph("asks", ASKING)
    run = interlock.started("asks")

    said = interlock("answer", f"{run}:ask", "--choose", "yes", "--detach", *words)

    assert (said.code, said.err) == (
        2,
        "error: --detach calls nothing from here: leave it out, or leave out --world and --record\n",
    )


def test_a_fork_is_played_and_its_plan_records_nothing(interlock: CommandLine, paid: str) -> None:
    """Another course is looked at without paying for it."""
    interlock("fork", paid, "--from", "pay", "--plan", "--record", "tape.json")
    assert not (interlock.folder / "tape.json").exists()
    interlock("fork", paid, "--from", "pay", "--yes", "--record", "tape.json")

    forked = interlock("fork", paid, "--from", "pay", "--yes", "--world", "cassette:tape.json", "--json").json

    assert (forked["status"], forked["nodes"]["pay"]["output"]) == ("succeeded", "paid 3")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--world", "dream"), "there is no world 'dream': there are `live` and `cassette:FILE`"),
        (("--world", "cassette:none.json"), "the cassette none.json cannot be read: No such file or directory"),
        (("--world", "cassette:a", "--record", "b"), "what a cassette answers is recorded already"),
    ],
)
def test_a_world_that_cannot_be_is_refused_before_anything_runs(
    interlock: CommandLine, words: tuple[str, ...], told: str
) -> None:
    """A slip must not make live calls."""
    interlock.graph("greets", "a: {tool: greet, input: {name: Ada}}")

    said = interlock("run", "greets", *words)

    assert said.code == 2
    assert told in said.err
