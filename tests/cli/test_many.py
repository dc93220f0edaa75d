"""The same asked of many runs, chosen by a filter in place of a run's id."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import pytest

from interlock.cli.failures import Interrupted
from interlock.cli.invocation import Invocation
from interlock.cli.many import Act, tell_outcomes
from interlock.engine.asking import Asked
from tests.cli.command_line import CommandLine

ASK = 'ask: {human: "Release?", choices: [release, reject]}\n'


def waiting(interlock: CommandLine, *graphs: str) -> list[str]:
    """A run of each of these graphs, which waits for a person."""
    for graph in graphs:
        interlock.graph(graph, ASK)
    return [interlock.started(graph) for graph in graphs]


def test_many_runs_are_cancelled_by_one_line_and_each_log_says_why(interlock: CommandLine) -> None:
    """A release was bad: whatever waits on it stops, and an auditor finds the reason in each run."""
    first, second, other = waiting(interlock, "bad", "bad", "good")

    said = interlock("cancel", "--graph", "bad", "--yes", "--by", "ada", "--why", "bad release")

    assert (said.code, said.out) == (0, "2 runs done\n")
    assert [interlock("show", run, "--json").json["status"] for run in (first, second, other)] == [
        "cancelled",
        "cancelled",
        "waiting",
    ]
    assert "ada" in interlock("events", first).out
    assert "bad release" in interlock("events", first).out


def test_the_plan_says_how_many_runs_are_meant_and_changes_nothing(interlock: CommandLine) -> None:
    """A filter that is too wide is seen before and not after."""
    [run, _] = waiting(interlock, "asks", "asks")

    said = interlock("cancel", "--status", "waiting", "--plan")
    listed = interlock("cancel", "--status", "waiting", "--plan", "--json").json

    assert (said.code, said.out) == (0, "cancel 2 runs\ngraph  status   runs\nasks   waiting  2\n")
    assert listed == {"act": "cancel", "runs": 2, "meant": [{"graph": "asks", "status": "waiting", "runs": 2}]}
    assert interlock("show", run, "--json").json["status"] == "waiting"


@pytest.mark.parametrize(("age", "code"), [("6w", 0), ("1y", 0), ("90m", 0), ("6 weeks", 2)])
def test_how_old_runs_are_is_said_as_where_they_are_pruned(interlock: CommandLine, age: str, code: int) -> None:
    """One option of one name, in two commands that are used together."""
    waiting(interlock, "asks")

    asked = interlock("cancel", "--older-than", age, "--plan")
    pruned = interlock("prune", "--older-than", age, "--runs", "--plan")

    assert (asked.code, pruned.code) == (code, code)


def test_without_a_terminal_many_runs_are_changed_only_where_that_is_agreed_to(interlock: CommandLine) -> None:
    """A script that forgot a flag must not stop everything."""
    waiting(interlock, "asks")

    said = interlock("cancel", "--graph", "asks")

    assert (said.code, "this would cancel 1 run: agree with --yes" in said.err) == (2, True)
    assert interlock("runs", "--json").json["runs"][0]["status"] == "waiting"


def test_runs_of_which_it_cannot_be_asked_are_not_meant(interlock: CommandLine) -> None:
    """An ended run is not stopped, and that is no error of whoever says `--graph`."""
    [run, _] = waiting(interlock, "asks", "asks")
    interlock("cancel", run)

    said = interlock("cancel", "--graph", "asks", "--yes", "--json")
    again = interlock("cancel", "--graph", "asks", "--yes")

    assert said.json == {"act": "cancel", "runs": 1, "became": {"done": 1}, "started": {}, "refused": []}
    assert (again.code, again.out) == (0, "no runs to cancel\n")


def test_many_runs_are_paused_and_resumed(interlock: CommandLine) -> None:
    """The database behind a tool is moved for an hour."""
    [run] = waiting(interlock, "asks")

    paused = interlock("pause", "--graph", "asks", "--yes")
    while_paused = interlock("show", run, "--json").json["status"]
    resumed = interlock("resume", "--graph", "asks", "--yes")

    assert (paused.out, while_paused, resumed.out) == ("1 run done\n", "paused", "1 run done\n")
    assert interlock("show", run, "--json").json["status"] == "waiting"


def test_many_failed_runs_are_retried_as_new_ones(interlock: CommandLine) -> None:
    """They are left to workers: a terminal is no place to drive a thousand runs from."""
    interlock.graph("fails", "a: {tool: refuse}")
    failed = interlock.started("fails")

    said = interlock("retry", "--graph", "fails", "--yes", "--json")
    again = interlock("retry", "--graph", "fails", "--status", "failed", "--yes")

    assert (said.code, said.json["became"], list(said.json["started"])) == (0, {"started": 1}, [failed])
    assert again.code == 1
    assert f"run {failed} was continued already" in again.out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "name a run, or say which runs are meant"),
        (["--plan"], "name a run, or say which runs are meant"),
        (["abc", "--graph", "asks"], "name the run (abc), or say which runs are meant"),
        (["--status", "gone"], "'gone' is no status of a run"),
        (["--label", "team"], "is no label with its value"),
        (["--older-than", "2"], "--older-than:"),
        (["--graph", "asks", "--world", "cassette:x"], "of many runs none is driven from here"),
    ],
)
def test_a_filter_that_says_nothing_or_too_much_is_refused(interlock: CommandLine, words: list[str], told: str) -> None:
    """Bare `cancel` must never mean everything."""
    waiting(interlock, "asks")

    said = interlock("cancel", *words)

    assert (said.code, told in said.err) == (2, True), said.err


@pytest.mark.parametrize(
    ("act", "limit", "told"),
    [
        ("cancel", None, "the same command again is about those that are left"),
        ("cancel", 7, "the same command again is about those that are left"),
        (
            "cancel",
            3,
            "for those that are left, give the same command --limit 2; as it is, it would take others as well",
        ),
        (
            "retry",
            3,
            "the same command again goes on with those that are left, and is refused by those that were contin",
        ),
    ],
)
def test_whoever_breaks_it_off_is_told_how_far_it_came(act: Act, limit: int | None, told: str) -> None:
    """Ctrl-C in the middle of ten thousand runs leaves a question: which of them are stopped now?"""

    async def broken_off_behind_the_first() -> AsyncGenerator[Asked]:
        yield Asked("dkhtg7wvcks5", "done", "")
        raise asyncio.CancelledError

    with pytest.raises(Interrupted) as broken_off:
        asyncio.run(tell_outcomes(act, broken_off_behind_the_first(), 3, Invocation(), limit=limit))

    assert str(broken_off.value).startswith(f"interrupted after 1 of 3 runs: {told}")
