"""Keeping and giving up: `prune`, `backup`, `restore`, and how much room a run takes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.command_line import CommandLine

HELLO = "a: {value: hello}\n"
ASK = 'ask: {human: "Release?", choices: [release, reject]}\n'


def lines_of(out: str) -> list[dict[str, Any]]:
    """Output with an object a line."""
    return [json.loads(line) for line in out.splitlines()]


def test_erasing_says_who_and_why_and_the_run_says_so_ever_after(interlock: CommandLine) -> None:
    """Somebody will look for what was said, and has to learn that it is gone on purpose."""
    interlock.graph("hello", HELLO)
    run = interlock.started("hello")

    pruned = interlock("prune", "--older-than", "1us", "--payloads", "--yes", "--by", "ann", "--why", "asked to")

    assert pruned.out == "erased the payloads of 1 run\n"
    shown = interlock("show", run)
    assert f"run {run} of graph hello has no payloads any more: they were erased at" in shown.out
    assert "by ann (asked to)" in shown.out
    replayed = interlock("replay", run, "--json").json
    assert replayed["verdict"] == "erased"


def test_what_is_kept_of_erased_events_can_still_be_looked_at(interlock: CommandLine) -> None:
    """That it happened, when, and by whom is what an auditor may ask for years later."""
    interlock.graph("hello", HELLO)
    run = interlock.started("hello")
    before = lines_of(interlock("events", run, "--json").out)
    interlock("prune", "--older-than", "1us", "--payloads", "--yes")

    kept = lines_of(interlock("events", run, "--json").out)
    told = interlock("events", run, "--after", "1")
    inspected = interlock("inspect", run)

    assert [line | {"body": None} for line in before] == [{name: line[name] for name in before[0]} for line in kept]
    assert {(line["erased"], len(line["payload_digest"])) for line in kept} == {(True, 64)}
    assert (told.code, told.out.count("(what it said was erased)")) == (0, len(before) - 1)
    assert f"`interlock events {run}` lists what is kept" in inspected.err


def test_a_run_whose_payloads_were_erased_is_none_of_those_that_can_be_rolled_back(interlock: CommandLine) -> None:
    """What it did is not on record any more: a plan that counts it promises what cannot be."""
    interlock.graph("hello", HELLO)
    interlock.started("hello")
    interlock("prune", "--older-than", "1us", "--payloads", "--yes")
    interlock.started("hello")

    plan = interlock("rollback", "--graph", "hello", "--plan", "--json").json
    done = interlock("rollback", "--graph", "hello", "--yes", "--json").json

    assert plan == {"act": "rollback", "runs": 1, "meant": [{"graph": "hello", "status": "succeeded", "runs": 1}]}
    assert (done["runs"], done["refused"]) == (1, [])


def test_a_run_that_was_given_up_is_told_of(interlock: CommandLine) -> None:
    """It is in no list any more, and was there all the same."""
    interlock.graph("hello", HELLO)
    run = interlock.started("hello")

    pruned = interlock("prune", "--older-than", "1us", "--runs", "--yes", "--by", "ann", "--json").json

    assert pruned == {"what": "runs", "runs": [run], "kept": [], "blobs": {"count": 0, "bytes": 0}}
    assert interlock("runs", "--json").json == {"runs": []}
    shown = interlock("show", run, "--json").json
    assert (shown["status"], shown["pruned"]["what"], shown["pruned"]["by"]) == ("succeeded", "runs", "ann")
    events = interlock("events", run)
    assert events.code == 2
    assert f"run {run} of graph hello was pruned at" in events.err


@pytest.mark.parametrize("status", ["suceeded", "waiting"])
def test_a_status_that_no_ended_run_has_is_refused(interlock: CommandLine, status: str) -> None:
    """A job that gives up nothing, because of a slip, is found out when the disk is full."""
    refused = interlock("prune", "--older-than", "30d", "--runs", "--status", status, "--yes")

    assert refused.code == 2
    assert f"'{status}' is no status of a run that has ended; there are: cancelled, failed, rolled_back" in refused.err


def test_a_plan_is_told_and_nothing_is_given_up_without_agreement(interlock: CommandLine) -> None:
    """What is gone is gone."""
    interlock.graph("hello", HELLO)
    interlock.graph("asks", ASK)
    run = interlock.started("hello")
    interlock.started("asks")

    plan = interlock("prune", "--older-than", "1us", "--runs", "--plan", "--json").json
    refused = interlock("prune", "--older-than", "1us", "--runs")

    assert [each["run"] for each in plan["runs"]] == [run]
    assert plan["runs"][0]["bytes"]["payloads"] > 0
    assert (refused.code, "this gives up 1 run for good: agree with --yes" in refused.err) == (2, True)
    assert len(interlock("runs", "--json").json["runs"]) == 2


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--older-than", "30d"), "--payloads (what events say) or --runs"),
        (("--older-than", "soon", "--runs"), "write an age such as `30d`"),
    ],
    ids=["what", "age"],
)
def test_what_cannot_be_meant_is_refused(interlock: CommandLine, words: tuple[str, ...], told: str) -> None:
    """A slip must not give up more than was meant."""
    interlock.graph("hello", HELLO)
    interlock.started("hello")

    refused = interlock("prune", *words)

    assert (refused.code, told in refused.err) == (2, True)


def test_programs_are_told_how_much_room_a_run_takes(interlock: CommandLine) -> None:
    """A figure to plan a disk by."""
    interlock.graph("hello", HELLO)
    run = interlock.started("hello")

    shown = interlock("show", run, "--json").json["bytes"]
    listed = interlock("runs", "--bytes", "--json").json["runs"]

    assert shown["headers"] > 0
    assert [row["bytes"] for row in listed] == [shown]
    assert (shown["own_blobs"], shown["shared_blobs"]) == (0, 0)


def test_a_run_that_waited_goes_on_where_a_backup_was_restored(interlock: CommandLine, tmp_path: Path) -> None:
    """A disk is lost; what people were asked is not."""
    interlock.graph("asks", ASK)
    run = interlock.started("asks")
    copy, elsewhere = tmp_path / "copy.db", tmp_path / "elsewhere.db"

    made = interlock("backup", str(copy), "--json").json
    again = interlock("backup", str(copy))
    restored = interlock("restore", str(copy), "--store", str(elsewhere))
    answered = interlock("answer", f"{run}:ask", "--choose", "release", "--store", str(elsewhere))

    assert (made["runs"], made["file"]) == (1, str(copy))
    assert (again.code, "nothing is written over" in again.err) == (1, True)
    assert f"{elsewhere} holds 1 run with" in restored.out
    assert answered.code == 0
    assert interlock("replay", run, "--store", str(elsewhere), "--json").json["verdict"] == "same"


def test_a_store_is_not_restored_over_another(interlock: CommandLine, tmp_path: Path) -> None:
    """Restoring the backup of last week over the runs of today cannot be taken back."""
    interlock.graph("asks", ASK)
    interlock.started("asks")
    interlock("backup", str(tmp_path / "copy.db"))

    refused = interlock("restore", str(tmp_path / "copy.db"))

    assert (refused.code, "nothing is written over" in refused.err) == (1, True)
