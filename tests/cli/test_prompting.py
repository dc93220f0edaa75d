"""`interlock inspect RUN PATH --prompt`: what models were asked, for whoever wonders at an answer."""

from __future__ import annotations

import pytest

from tests.cli.agents_at_work import write_agents
from tests.cli.command_line import CommandLine, commands_in


@pytest.fixture
def fixing(interlock: CommandLine) -> CommandLine:
    """A project in which an agent lets another work."""
    write_agents(interlock)
    return interlock


def test_the_prompt_of_a_step_is_told_with_why_that_model_and_what_it_said(fixing: CommandLine) -> None:
    """One page says what was sent, who was asked and why, and what came of it."""
    run = fixing.started("lead")

    said = fixing("inspect", run, "lead.2.3", "--prompt")

    lines = said.out.splitlines()
    assert said.code == 0
    assert lines[0].startswith("turn 2 of fixer  lead.2.3@1  asked script/any, done, simulated, $0.0")
    assert "  policy: allow by default#models (The models of the configured pools may be called.)" in lines
    assert "    instructions (instructions): 6 tokens" in lines
    beginning = lines.index("── instructions ──")
    assert lines[beginning : beginning + 8] == [
        "── instructions ──",
        "You look for a number.",
        "── told ──",
        '{"target":42}',
        "── the model said ──",
        "calls look {}  [fixer-0-1]",
        "── look answered fixer-0-1 ──",
        "42",
    ]
    assert lines[-2:] == ["══ the answer ══", '{"number":42}']


def test_of_an_agent_its_calls_are_listed_and_one_of_them_can_be_copied(fixing: CommandLine) -> None:
    """Who does not know the number of the step finds it."""
    run = fixing.started("lead")

    listed = fixing("inspect", f"{run}:lead", "--prompt")

    assert [line.split()[:2] for line in listed.out.splitlines()[1:3]] == [["1", "lead.1"], ["2", "lead.4"]]
    [command] = commands_in(listed.out.replace("to the letter: interlock", "to the letter:  interlock"))
    assert fixing.types(command).out.startswith("turn 2 of boss  lead.4@1")


def test_programs_are_given_every_message(fixing: CommandLine) -> None:
    """A test of prompts reads them as they were sent."""
    run = fixing.started("lead")

    told = fixing("inspect", run, "lead.1", "--prompt", "--json").json

    [call] = told["calls"]
    assert call["request"]["messages"][0] == {"type": "instructions", "text": "You let others work."}
    assert (call["turn"], call["model"], call["status"], call["why"]) == (1, "script/any", "done", "")
    assert call["manifest"]["request"] == call["digest"]
    assert call["reply"]["calls"][0]["tool"] == "agent:fixer"
    assert [decision["point"] for decision in call["decisions"]] == ["policy", "model"]


def test_two_prompts_can_be_compared(fixing: CommandLine) -> None:
    """What made the difference between two answers is most often between the two questions."""
    run = fixing.started("lead")

    told = fixing("inspect", run, "lead.2.1", "--diff", "lead.2.3")
    same = fixing("inspect", run, "lead.2.1", "--diff", "lead.2.1@1")

    added = [line for line in told.out.splitlines() if line.startswith("+")]
    assert "+calls look {}  [fixer-0-1]" in added
    assert "+42" in added
    assert same.out == "lead.2.1@1 and lead.2.1@1 were asked the same\n"


def test_where_no_model_was_asked_that_is_said(fixing: CommandLine) -> None:
    """A path that is wrong must not look like an agent without prompts."""
    run = fixing.started("lead")

    assert f"no model was asked at nowhere in run {run}" in fixing("inspect", run, "nowhere", "--prompt").err
    assert "lead.1 has had no attempt 2" in fixing("inspect", run, "lead.1@2", "--prompt").err
    assert "whose prompts?" in fixing("inspect", run, "--prompt").err


def test_an_erased_run_has_no_prompts_any_more(fixing: CommandLine) -> None:
    """What was erased on purpose is made up by nobody."""
    run = fixing.started("lead")
    fixing("prune", "--older-than", "1us", "--payloads", "--yes")

    said = fixing("inspect", run, "lead.1", "--prompt")

    assert said.code != 0
    assert "erased" in said.err
