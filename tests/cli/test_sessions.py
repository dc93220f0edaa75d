"""Sessions on the command line: runs of one thread share what their agents keep."""

from __future__ import annotations

import pytest

from tests.cli.command_line import CommandLine

SETTINGS = """
[models.providers.script]
kind = "scripted"
path = "models"
[models.pools.default]
models = ["script/any"]
"""
AGENT = """
agent: clerk
description: Keeps notes.
output: {text: string}
prompt: You keep notes.
memory: session
"""
SCRIPT = """
agent: clerk
turns:
  - when: {told: Ada}
    answer: {text: knows Ada}
  - calls: [{tool: remember, arguments: {memory: session, key: name, text: called Ada}}]
  - answer: {text: noted}
"""
NODES = """
note: {agent: clerk, input: {}}
fail: {gate: "${note.text == 'knows Ada'}"}
"""


@pytest.fixture
def clerk(interlock: CommandLine) -> CommandLine:
    """A project whose graph passes only if its agent has met Ada before."""
    interlock.write("interlock.toml", SETTINGS)
    interlock.write("agents/clerk.yaml", AGENT)
    interlock.write("models/clerk.yaml", SCRIPT)
    interlock.graph("clerk", NODES)
    return interlock


def test_runs_of_one_session_share_its_memory_and_others_do_not(clerk: CommandLine) -> None:
    """A thread is gone on with by its name."""
    codes = [clerk("run", "clerk", *words).code for words in (("--session", "a"), ("--session", "b"), (), ())]

    again = clerk("run", "clerk", "--session", "a")

    assert (codes, again.code) == ([1, 1, 1, 1], 0)


def test_a_session_without_a_name_is_refused(clerk: CommandLine) -> None:
    """A script whose variable is not set would go on with no thread at all, and nobody would be told."""
    said = clerk("run", "clerk", "--session", "")

    assert (said.code, clerk("runs", "--json").json["runs"]) == (2, [])
    assert "a session has a name, and that of --session is empty" in said.err


def test_the_session_of_a_run_is_listed_shown_and_found_by(clerk: CommandLine) -> None:
    """Who comes back to a thread looks for its runs."""
    first, second = (clerk.started("clerk", "--session", name) for name in ("thread", "other"))

    found = [row["run"] for row in clerk("runs", "--session", "thread", "--json").json["runs"]]

    assert found == [first]
    assert "thread" in clerk("runs").out
    assert "session thread" in clerk("show", first).out
    assert "in session other" in clerk("inspect", second).out


def test_whoever_goes_on_with_a_run_is_in_its_session(clerk: CommandLine) -> None:
    """A retry and a fork know what was kept, and are found with the others."""
    first = clerk.started("clerk", "--session", "a")

    forked = clerk("fork", first, "--from", "note", "--json")

    labels = [row["labels"] for row in clerk("runs", "--json").json["runs"]]
    assert (forked.code, labels) == (0, [{"session": "a"}] * 2)


def test_a_run_belongs_to_one_session(clerk: CommandLine) -> None:
    """Else nobody could say which memory it shares."""
    refused = clerk("run", "clerk", "--session", "a", "--label", "session=b")

    assert (refused.code, "two sessions, 'a' and by its label 'b': name one" in refused.err) == (2, True)
