"""Stopping runs and nodes, and going on after an end."""

from __future__ import annotations

import pytest

from tests.cli.command_line import CommandLine, commands_in

ASK = 'ask: {human: "Release?", choices: [release, reject]}\n'
PAID = "pay: {tool: pay, input: {amount: 5}, undo: {tool: give_back, input: {amount: 5}}}\n"


def test_a_cancelled_run_is_what_cancel_was_asked_for(interlock: CommandLine) -> None:
    """`cancel` did what it was told, so it ends with 0 although the run has not succeeded."""
    interlock.graph("asks", ASK)
    run = interlock.started("asks")

    said = interlock("cancel", run, "--json")

    assert (said.code, said.json["status"]) == (0, "cancelled")


def test_cancel_with_rollback_takes_back_what_was_done(interlock: CommandLine) -> None:
    """The money goes back before the run ends."""
    interlock.graph("asks", PAID + 'ask: {human: "Keep it?", choices: [y, n], after: pay}')
    run = interlock.started("asks")

    said = interlock("cancel", run, "--rollback", "--json")

    assert (said.code, said.json["status"]) == (0, "rolled_back")
    assert said.json["nodes"]["pay!undo"]["status"] == "succeeded"


def test_a_cancel_that_was_only_recorded_is_carried_out_by_the_line_that_is_offered(interlock: CommandLine) -> None:
    """An answer would come too late; what is wanted is somebody who drives the run to its end."""
    interlock.graph("asks", ASK)
    run = interlock.started("asks")
    interlock("cancel", run, "--detach")

    [line] = commands_in(interlock("show", run).out)
    said = interlock.types(f"{line} --json")

    assert line == f"interlock resume {run}"
    assert said.json["status"] == "cancelled"


def test_one_node_is_cancelled_and_the_run_goes_on(interlock: CommandLine) -> None:
    """What hangs on the node is skipped, nothing else stops."""
    interlock.graph("asks", ASK + "x: {value: 1, after: {ask: {on: cancelled}}}")
    run = interlock.started("asks")

    said = interlock("cancel", f"{run}:ask", "--json")

    assert (said.code, said.json["outputs"]) == (0, {"x": 1})


@pytest.mark.parametrize("path", ["", "x"])
def test_a_node_that_is_not_there_never_means_the_whole_run(interlock: CommandLine, path: str) -> None:
    """A script whose variable is empty says `cancel RUN:`, and would have stopped all there is."""
    interlock.graph("asks", ASK)
    run = interlock.started("asks")

    said = interlock("cancel", f"{run}:{path}")

    assert said.code == 2
    assert interlock("show", run, "--json").json["status"] == "waiting"


def test_rollback_of_one_node_is_refused(interlock: CommandLine) -> None:
    """Only a whole run is taken back."""
    said = interlock("cancel", "run:ask", "--rollback")

    assert said.code == 2
    assert "cancel the run, not one node" in said.err


def test_an_each_is_completed_with_the_items_it_has(interlock: CommandLine) -> None:
    """Two of three answered is enough: a person says so, and the rest is null."""
    interlock.graph("each", 'g: {each: [1, 2], do: {human: "${item}?", choices: [y, n]}}\nx: {value: "${size(g)}"}')
    run = interlock.started("each")
    interlock("answer", f"{run}:g:0", "--choose", "y")

    said = interlock("complete", f"{run}:g", "--json")

    assert (said.code, said.json["outputs"]) == (0, {"x": 2})


def test_a_failed_run_is_retried_as_a_new_one(interlock: CommandLine) -> None:
    """What was done before the failure is taken over, not done again."""
    interlock.graph("two", "a: {tool: pay, input: {amount: 1}}\nb: {tool: refuse, after: a}")
    failed = interlock.started("two")

    said = interlock("retry", failed, "--json")

    assert said.code == 1
    assert said.json["run"] != failed
    assert said.json["nodes"]["a"].items() >= {"status": "succeeded", "attempts": 1, "output": "paid 1"}.items()
    assert interlock("effects", said.json["run"], "--json").json["effects"][0]["path"] == "b"


def test_an_ended_run_is_rolled_back_as_a_new_one(interlock: CommandLine) -> None:
    """A release that turns out bad is taken back the day after."""
    interlock.graph("pays", PAID)
    run = interlock.started("pays")

    said = interlock("rollback", run, "--json")

    assert (said.code, said.json["status"]) == (0, "rolled_back")
