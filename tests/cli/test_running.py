"""`run` and `resume`: what they print, and how they end."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

import pytest

from tests.cli.command_line import CommandLine, commands_in

ASK = 'ask: {human: "Release?", choices: [release, reject]}\n'


def test_a_run_that_succeeds_prints_its_outputs_and_ends_with_0(interlock: CommandLine) -> None:
    """The first thing a newcomer does has to show that it worked, and what came of it."""
    interlock.graph(
        "hello",
        'greet: {tool: greet, input: {name: "${inputs.name}"}}',
        inputs="{name: string}",
        outputs='{text: "${greet}"}',
    )

    said = interlock("run", "hello", "-i", "name=Ada")

    assert said.code == 0
    assert '"text": "Hello Ada"' in said.out
    assert "succeeded in" in said.out


def test_a_run_that_fails_tells_why_and_ends_with_1(interlock: CommandLine) -> None:
    """A script goes by the exit code, a person by the sentence, and both want to know how to go on."""
    interlock.graph("fails", "a: {tool: refuse, input: {text: not today}}")

    said = interlock("run", "fails")

    assert said.code == 1
    assert "a: not today (refused)" in said.out
    assert [line.split()[1] for line in commands_in(said.out)] == ["retry", "inspect"]


def test_an_invalid_graph_is_shown_with_its_lines_and_ends_with_2(interlock: CommandLine) -> None:
    """Nothing was run: that is another thing than a run that failed."""
    interlock.graph("wrong", "a: {tool: gret}")

    said = interlock("run", "wrong")

    assert said.code == 2
    assert "graphs/wrong.yaml:4:13: error: there is no tool `gret`" in said.err
    assert "did you mean `greet`?" in said.err


def test_a_run_that_only_people_can_move_on_ends_with_3_and_the_line_that_does(interlock: CommandLine) -> None:
    """The line that is printed can be copied: typed as it stands, it finishes the run."""
    interlock.graph("asks", ASK)

    asked = interlock("run", "asks")
    answered = interlock.types(commands_in(asked.out)[0])

    assert asked.code == 3
    assert "asks: Release? [release | reject]" in asked.out
    assert answered.code == 0


def test_a_deadline_that_is_far_off_is_not_waited_for(interlock: CommandLine) -> None:
    """Nobody wants a terminal that hangs for a day: the question stands, and whoever answers goes on."""
    interlock.graph("asks", 'ask: {human: "Release?", choices: [a, b], timeout: 24h, otherwise: b}')

    said = interlock("run", "asks")

    assert said.code == 3
    assert "at most" in said.out


def test_a_run_stays_through_timers(interlock: CommandLine) -> None:
    """A wait or a near deadline is the run's own business, and it is not over before."""
    interlock.graph(
        "waits", 'a: {wait: 50ms}\nask: {human: "Now?", choices: [y, n], timeout: 50ms, otherwise: n, after: a}'
    )

    said = interlock("run", "waits", "--json")

    assert said.code == 0
    assert said.json["outputs"] == {"ask": {"by": [], "choice": "n", "form": None, "why": "timed out"}}


def test_json_is_one_object_with_the_run_and_its_nodes(interlock: CommandLine) -> None:
    """Programs read standard output whole, so nothing else may stand there."""
    interlock.graph("hello", "greet: {tool: greet, input: {name: Ada}}\nrest: {tool: refuse, on_error: continue}")

    said = interlock("run", "hello", "--json")

    assert said.code == 0
    assert said.err == ""
    assert (said.json["graph"], said.json["status"]) == ("hello", "succeeded")
    assert said.json["outputs"] == {"greet": "Hello Ada", "rest": None}
    assert {path: untimed(node) for path, node in said.json["nodes"].items()} == {
        "greet": {"status": "succeeded", "attempts": 1, "kind": "tool", "output": "Hello Ada"},
        "rest": {"status": "failed", "attempts": 1, "kind": "tool", "error": {"kind": "refused", "message": "no"}},
    }


def untimed(node: dict[str, Any]) -> dict[str, Any]:
    """A node without its times, which no test can know."""
    return {name: value for name, value in node.items() if name not in {"started_at", "ended_at"}}


def test_json_tells_what_a_run_waits_for(interlock: CommandLine) -> None:
    """A program that starts runs has to be able to put the question to somebody."""
    interlock.graph("asks", ASK)

    said = interlock("run", "asks", "--json")
    [waiting] = said.json["waiting"]

    assert said.code == 3
    assert (waiting["path"], waiting["question"], waiting["choices"]) == ("ask", "Release?", ["release", "reject"])


@pytest.mark.parametrize(
    "words",
    [
        ("-i", "n=3", "-i", "name=Ada"),
        ("--inputs", '{"n": 3, "name": "Ada"}'),
        ("--inputs", "inputs.yaml"),
        ("--inputs", "inputs.json"),
        ("--inputs", "-"),
        ("--inputs", '{"n": 1, "name": "Ada"}', "-i", "n=3"),
    ],
)
def test_inputs_are_given_in_any_of_the_usual_ways(
    interlock: CommandLine, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    """By hand one types pairs, a script has a file, another program pipes; pairs win, so that one can be changed."""
    interlock.graph("takes", 'a: {value: "${inputs}"}', inputs="{n: integer, name: string}")
    interlock.write("inputs.yaml", "n: 3\nname: Ada\n")
    interlock.write("inputs.json", '{"n": 3, "name": "Ada"}')
    monkeypatch.setattr("sys.stdin", io.StringIO('{"n": 3, "name": "Ada"}'))

    said = interlock("run", "takes", "--json", *words)

    assert said.json["outputs"] == {"a": {"n": 3, "name": "Ada"}}


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("-i", "n"), "-i wants key=value, and was given 'n'"),
        (("--inputs", "{bad"), "what --inputs gives is not JSON"),
        (("--inputs", "missing.yaml"), "the inputs missing.yaml cannot be read: No such file or directory"),
        (("--inputs", "list.yaml"), "--inputs wants a map of inputs"),
        (("--inputs", "broken.yaml"), "broken.yaml:1:"),
        (("-i", "x=1"), "x is not a field that is known here"),
        (("--inputs", "[1]"), "--inputs wants a map of inputs"),
        (("--inputs", '{"n": NaN}'), "NaN is no number that JSON can hold at line 1, column 7"),
        (("--inputs", '{"n": 1, "n": 2}'), "what --inputs gives has the key 'n' twice"),
        (("--inputs", '{"n": ' + "[" * 100_000), "what --inputs gives is nested too deeply"),
        (("-i", "n=" + "[" * 100_000), "the input n is nested too deeply"),
        (("-i", "n=1e999"), "inputs.n is inf, which JSON cannot hold"),
        (("-i", "n=99999999999999999999"), "inputs.n is an integer beyond 64 bits: pass it as text"),
        (("--inputs", '{"n": "\\ud800"}'), "inputs.n is text with a lone surrogate"),
        (("-i", "n=\udcff"), "is not text in UTF-8"),
        (("--by", "\udcff"), "is not text in UTF-8"),
        (("--inputs", "pipe"), "the inputs pipe cannot be read: it is not a file but a pipe or a device"),
        (("--inputs", "zeros"), "the inputs zeros cannot be read: it is not a file but a pipe or a device"),
    ],
)
def test_inputs_that_cannot_be_read_are_told_and_nothing_is_run(
    interlock: CommandLine, words: tuple[str, ...], told: str
) -> None:
    """A typing error is no failed run: it costs nothing, and the sentence says what to change."""
    interlock.graph("takes", "a: {value: 1}", inputs="{n: integer}")
    interlock.write("list.yaml", "- 1\n")
    interlock.write("broken.yaml", "n: [1\n")
    os.mkfifo("pipe")
    Path("zeros").symlink_to("/dev/zero")

    said = interlock("run", "takes", *words)

    assert said.code == 2
    assert told in said.err
    assert interlock("runs", "--json").json == {"runs": []}


def test_starting_twice_under_a_key_starts_once(interlock: CommandLine) -> None:
    """A job that is started again after a crash of its scheduler must not do everything again."""
    interlock.graph("hello", "a: {value: 1}")

    first = interlock("run", "hello", "--key", "monday", "--json")
    second = interlock("run", "hello", "--key", "monday", "--json")

    assert first.json["run"] == second.json["run"]
    assert len(interlock("runs", "--json").json["runs"]) == 1


def test_tools_are_taken_from_a_file_outside_the_project(interlock: CommandLine) -> None:
    """A graph can be tried with other tools than those of the project."""
    interlock.graph("hello", "a: {tool: shout}")
    interlock.write(
        "other.py", "from interlock import tool\n\n@tool(effect='read')\ndef shout() -> str:\n    return 'HEY'\n"
    )

    said = interlock("run", "hello", "--tools", "other.py", "--json")

    assert said.json["outputs"] == {"a": "HEY"}


def test_a_graph_is_run_from_a_file_anywhere(interlock: CommandLine) -> None:
    """A file needs no project around it."""
    file = interlock.write("elsewhere/one.yaml", "graph: one\nlanguage: 1\nnodes:\n  a: {value: 1}\n")

    assert interlock("run", str(file), "--json").json["outputs"] == {"a": 1}


def test_a_paused_run_goes_on_with_resume(interlock: CommandLine) -> None:
    """One word goes on, whether the run was paused or its process has gone."""
    interlock.graph("asks", ASK + 'x: {value: "${ask.choice}"}')
    run = interlock.started("asks")

    paused = interlock("pause", run, "--why", "lunch")
    interlock("answer", f"{run}:ask", "--choose", "release", "--detach")
    resumed = interlock("resume", run, "--json")

    assert paused.code == 0
    assert (resumed.code, resumed.json["outputs"]) == (0, {"x": "release"})


def test_resuming_an_ended_run_shows_how_it_ended(interlock: CommandLine) -> None:
    """There is nothing to go on with, and no harm in asking."""
    interlock.graph("hello", "a: {value: 1}")
    run = interlock.started("hello")

    said = interlock("resume", run)

    assert said.code == 0
    assert "succeeded" in said.out


def test_a_run_whose_outputs_cannot_be_made_fails(interlock: CommandLine) -> None:
    """All its nodes are done, and still the run has not succeeded: it must not be left standing either."""
    interlock.graph(
        "hello", "a: {tool: greet, input: {name: Ada}}", inputs="{m: object}", outputs='{n: "${inputs.m.x}"}'
    )

    said = interlock("run", "hello", "-i", "m={}")

    assert said.code == 1
    assert "outputs: " in said.out


def test_a_run_is_started_with_labels_by_which_it_is_found(interlock: CommandLine) -> None:
    """Requests to many runs, and limits on what is driven at once, go by them."""
    interlock.graph("one", "a: {value: 1}")

    interlock("run", "one", "--label", "team=core", "--label", "repo=web", "--priority", "5")

    (row,) = interlock("runs", "--json").json["runs"]
    assert (row["labels"], row["priority"]) == ({"team": "core", "repo": "web"}, 5)


@pytest.mark.parametrize("written", ["team", "=core", "="])
def test_half_a_label_is_refused_before_anything_is_started(interlock: CommandLine, written: str) -> None:
    """A run under half a label would be found by nobody."""
    interlock.graph("one", "a: {value: 1}")

    refused = interlock("run", "one", "--label", written)

    assert (refused.code, interlock("runs", "--json").json["runs"]) == (2, [])
    assert f"`--label {written}` is no label with its value" in refused.err


def test_a_run_that_is_only_started_waits_for_a_worker(interlock: CommandLine) -> None:
    """Whoever starts it may go: it is on record, and in the queue."""
    interlock.graph("one", "a: {value: 1}")

    said = interlock("run", "one", "--detach")
    waiting = interlock("queue", "--json").json

    assert said.code == 0
    assert "for whichever worker takes it" in said.out
    assert [(each["graph"], each["waiting"]) for each in waiting["runs"]] == [("one", 1)]


GREETING = 'greet: {tool: greet, input: {name: "${inputs.name}"}}'


def test_a_run_that_was_started_before_under_its_key_is_told_as_such(interlock: CommandLine) -> None:
    """Else a run of last week, with other inputs, looks as if it had been run just now."""
    interlock.graph("hello", GREETING, inputs="{name: string}")
    ada = interlock.started("hello", "-i", "name=Ada", "--key", "k1")

    again = interlock("run", "hello", "-i", "name=Ada", "--key", "k1")
    other = interlock("run", "hello", "-i", "name=Bob", "--key", "k1")

    told = f"a run was started under the key k1 already: this is that one, run {ada} of graph hello, started 20"
    assert (again.code, again.err.count("\n"), again.err[: len(told)]) == (0, 1, told)
    assert (other.code, other.err.splitlines()[1:]) == (
        0,
        ["warning: it was given other inputs than these; a new run needs another key"],
    )
    assert other.out == again.out


def test_json_tells_of_a_run_that_was_started_before_under_its_key(interlock: CommandLine) -> None:
    """A program decides by it whether the answer is one to its own question."""
    interlock.graph("hello", GREETING, inputs="{name: string}")
    first = interlock("run", "hello", "-i", "name=Ada", "--key", "k1", "--json").json
    [row] = interlock("runs", "--json").json["runs"]

    again = interlock("run", "hello", "-i", "name=Ada", "--key", "k1", "--json")
    other = interlock("run", "hello", "-i", "name=Bob", "--key", "k1", "--json")

    known = {"started_at": row["started_at"], "other_inputs": False}
    assert (again.json, again.err) == (first | {"known": known}, "")
    assert (other.json, other.err) == (first | {"known": known | {"other_inputs": True}}, "")


def test_a_run_that_was_detached_before_under_its_key_is_shown_as_it_stands(interlock: CommandLine) -> None:
    """It may have ended long ago: then no worker will ever take it."""
    interlock.graph("hello", GREETING, inputs="{name: string}")
    interlock("run", "hello", "-i", "name=Ada", "--key", "k1")

    again = interlock("run", "hello", "-i", "name=Ada", "--key", "k1", "--detach")

    assert again.code == 0
    assert "already: this is that one" in again.err
    assert "succeeded in" in again.out
    assert "for whichever worker takes it" not in again.out
