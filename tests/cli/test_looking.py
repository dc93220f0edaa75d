"""Looking at runs: lists, trees, events, causes and effects."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from pathlib import Path

import pytest

from interlock import Interlock
from tests.cli.command_line import CommandLine

RUNS_THAT_MEET = 23
"""An id begins with one of 22 letters: of so many runs, two begin alike."""

ASK = 'ask: {human: "Release?", choices: [release, reject]}\n'


def test_runs_are_listed_the_newest_first(interlock: CommandLine) -> None:
    """The run one has just started is the one that is looked for."""
    interlock.graph("hello", "a: {value: 1}")
    interlock.graph("asks", ASK)
    first, second = interlock.started("hello"), interlock.started("asks")

    listed = interlock("runs", "--json").json["runs"]

    assert [(row["run"], row["graph"], row["status"], row["waiting"]) for row in listed] == [
        (second, "asks", "waiting", 1),
        (first, "hello", "succeeded", 0),
    ]


@pytest.mark.parametrize(
    ("words", "graphs"),
    [
        (("--status", "waiting"), ["asks"]),
        (("--graph", "hello"), ["hello"]),
        (("--limit", "1"), ["asks"]),
        (("--status", "failed"), []),
    ],
)
def test_runs_are_filtered(interlock: CommandLine, words: tuple[str, ...], graphs: list[str]) -> None:
    """Of thousands of runs one wants those that wait, or those of one graph."""
    interlock.graph("hello", "a: {value: 1}")
    interlock.graph("asks", ASK)
    interlock.started("hello")
    interlock.started("asks")

    listed = interlock("runs", "--json", *words).json["runs"]

    assert [row["graph"] for row in listed] == graphs


def test_where_nothing_was_run_there_are_no_runs_and_no_store_is_made(interlock: CommandLine) -> None:
    """Looking leaves nothing behind."""
    said = interlock("runs")

    assert (said.code, said.out) == (0, "no runs\n")
    assert not (interlock.folder / ".interlock").exists()


def test_a_store_that_was_named_has_to_be_there(interlock: CommandLine) -> None:
    """`no runs` would be the wrong answer to a misspelt name; and a file that is looked at is left as it is."""
    empty = interlock.write("empty.db", "")

    missing, unfilled = interlock("runs", "--store", "mising.db"), interlock("runs", "--store", "empty.db")

    assert (missing.code, unfilled.code) == (2, 2)
    assert f"there is no store {interlock.folder}/mising.db" in missing.err
    assert empty.stat().st_size == 0


@pytest.mark.parametrize("words", [("runs", "--limit"), ("events", "RUN", "--after")])
def test_a_number_beyond_all_numbers_is_no_fault(interlock: CommandLine, words: tuple[str, ...]) -> None:
    """Scripts write huge numbers where they mean all."""
    interlock.graph("hello", "a: {value: 1}")
    run = interlock.started("hello")

    said = interlock(*(run if word == "RUN" else word for word in words), str(10**30))

    assert (said.code, said.err) == (0, "")


def test_an_unknown_status_names_those_there_are(interlock: CommandLine) -> None:
    """An empty list would look as if there were no such runs."""
    said = interlock("runs", "--status", "done")

    assert said.code == 2
    assert "there are: pending, running, waiting" in said.err


def test_show_draws_the_tree_of_nodes(interlock: CommandLine) -> None:
    """Where it is, what it waits for, what is still to come: on one screen."""
    body = 'g: {each: [1, 2], do: {value: "${item}"}}\nask: {human: "Sure?", choices: [y, n], after: g}\n'
    interlock.graph("tree", body + "last: {value: 1, after: ask}")
    run = interlock.started("tree")

    lines = [line.split("  ")[0:2] for line in interlock("show", run).out.splitlines()[1:6]]

    assert [" ".join(part.strip() for part in line).strip() for line in lines] == [
        "✓ g",
        "✓ g:0",
        "✓ g:1",
        "◐ ask",
        "○ last",
    ]


def test_show_tells_what_the_run_was_given_and_by_whom(interlock: CommandLine) -> None:
    """Two runs of one graph differ by that alone."""
    interlock.graph("hello", 'a: {value: "${inputs.n}"}', inputs="{n: integer}")
    run = interlock.started("hello", "-i", "n=3", "--by", "ann", "--key", "k1")

    assert interlock("show", run).out.splitlines()[0] == "  given {n: 3}, by ann, key k1"


def test_show_offers_what_can_be_done_next(interlock: CommandLine) -> None:
    """The one who finds a waiting run is seldom the one who started it."""
    interlock.graph("asks", ASK)
    run = interlock.started("asks")

    said = interlock("show", run)

    assert f"interlock answer {run}:ask --choose release" in said.out


def test_show_at_an_event_shows_the_run_as_it_was_then(interlock: CommandLine) -> None:
    """What was known when somebody approved is another thing than what is known now."""
    interlock.graph("asks", ASK)
    run = interlock.started("asks")
    interlock("answer", f"{run}:ask", "--choose", "release")

    then = interlock("show", run, "--at", "2", "--json").json

    assert (then["seq"], then["status"], then["nodes"]["ask"]["status"]) == (2, "waiting", "waiting")


def test_the_beginning_of_an_id_is_enough(interlock: CommandLine) -> None:
    """Nobody types twelve letters."""
    interlock.graph("hello", "a: {value: 1}")
    run = interlock.started("hello")

    assert interlock("show", run[:5], "--json").json["run"] == run


def test_an_unknown_run_suggests_the_nearest(interlock: CommandLine) -> None:
    """One letter off is the likely case."""
    interlock.graph("hello", "a: {value: 1}")
    run = interlock.started("hello")

    said = interlock("show", f"{run[:-1]}0")

    assert said.code == 2
    assert f"did you mean {run}?" in said.err


def test_several_runs_with_one_beginning_are_named(interlock: CommandLine) -> None:
    """Guessing which was meant would cancel the wrong one one day."""
    runs = asyncio.run(_started(interlock.folder / ".interlock/interlock.db", RUNS_THAT_MEET))
    [(letter, _)] = Counter(run[0] for run in runs).most_common(1)

    said = interlock("show", letter)

    assert said.code == 2
    assert "give more of the id" in said.err


async def _started(store: Path, count: int) -> list[str]:
    async with Interlock(store) as client:
        handles = [await client.start({"graph": "one", "nodes": {"a": {"value": 1}}}) for _ in range(count)]
        return [(await handle.wait()).id for handle in handles]


def test_events_are_one_object_a_line_for_programs(interlock: CommandLine) -> None:
    """A log is read line by line, also while it grows."""
    interlock.graph("hello", "a: {tool: greet, input: {name: Ada}}")
    run = interlock.started("hello")

    events = [json.loads(line) for line in interlock("events", run, "--json").out.splitlines()]

    assert [(event["seq"], event["type"], event["path"]) for event in events] == [
        (1, "run.started", ""),
        (2, "node.started", "a"),
        (3, "node.result", "a"),
        (4, "run.ended", ""),
    ]
    assert events[2]["body"]["out"] == "Hello Ada"
    followed = interlock("events", run, "--follow", "--json").out
    assert [json.loads(line) for line in followed.splitlines()] == events


def test_following_the_events_of_an_ended_run_ends(interlock: CommandLine) -> None:
    """`--follow` goes up to the run's end, so a script may wait with it."""
    interlock.graph("hello", "a: {value: 1}")
    run = interlock.started("hello")

    assert interlock("events", run, "--follow").out.splitlines()[-1].split()[2] == "run.ended"


def test_inspect_tells_what_led_to_a_node_with_the_scores_of_every_option(interlock: CommandLine) -> None:
    """Why this one and not the other: the question for which all of it is recorded."""
    interlock.graph(
        "pick",
        'a: {value: {score: 1}}\nb: {value: {score: 2}}\npick: {fuse: best_of, from: [a, b], by: "${candidate.score}"}',
    )
    run = interlock.started("pick")

    said = interlock("inspect", run, "pick")

    assert said.code == 0
    assert "fuse: b (best_of: the highest)" in said.out
    assert ["  a: 1" in said.out, "→ b: 2" in said.out] == [True, True]
    assert "← #2, #3" in said.out


def test_inspect_gives_programs_one_object(interlock: CommandLine) -> None:
    """It is written step by step, and reads as any other JSON here."""
    interlock.graph("pick", 'a: {value: {score: 1}}\npick: {fuse: best_of, from: [a], by: "${candidate.score}"}')
    run = interlock.started("pick")

    said = interlock("inspect", run, "pick", "--json")

    steps = [(step["type"], step["path"], step["follows_from"]) for step in said.json["steps"]]
    assert (said.json["run"], said.json["path"]) == (run, "pick")
    assert steps == [("run.started", "", []), ("node.succeeded", "a", [1]), ("node.succeeded", "pick", [2])]
    assert said.out == json.dumps(said.json, indent=2, ensure_ascii=False) + "\n"


def test_inspect_names_a_few_of_very_many_causes(interlock: CommandLine) -> None:
    """The value of an `each` follows from all its items; ten thousand numbers in one line help nobody."""
    items = list(range(12))
    each = f'{{each: "${{{items}}}", parallel: 12, do: {{tool: greet, input: {{name: you}}}}}}'
    interlock.graph("wide", f"e: {each}\nx: {{value: 1, after: e}}")
    run = interlock.started("wide")

    [line] = [line for line in interlock("inspect", run, "x").out.splitlines() if " e  succeeded" in line]

    assert line.endswith(" and 2 more")


def test_inspect_of_a_path_that_is_none_suggests_one(interlock: CommandLine) -> None:
    """A misspelt path must not look as if nothing had happened to the node."""
    interlock.graph("hello", "greeting: {value: 1}")
    run = interlock.started("hello")

    said = interlock("inspect", f"{run}:greting")

    assert said.code == 2
    assert "did you mean greeting?" in said.err


def test_effects_are_listed_with_what_came_of_them(interlock: CommandLine) -> None:
    """Every contact with the world, by its id: what is looked up at the other side."""
    interlock.graph("pays", "a: {tool: pay, input: {amount: 1}}")
    run = interlock.started("pays")

    [effect] = interlock("effects", run, "--json").json["effects"]

    assert (effect["path"], effect["name"], effect["status"]) == ("a", "pay", "done")
    assert effect["effect"] in interlock("effects", run).out
