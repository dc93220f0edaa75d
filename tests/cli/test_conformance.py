"""`interlock conformance`: a graph judged by the twelve factors, from the command line."""

from __future__ import annotations

from tests.cli.command_line import CommandLine

AGENT = "agent: helper\nprompt: You greet whoever is named.\ntools: [greet]\nlimits: {steps: STEPS}\n"


def test_what_is_broken_is_said_with_what_to_do_about_it(interlock: CommandLine) -> None:
    """A person reads what was seen; a pipeline reads the exit code."""
    interlock.write("agents/helper.yaml", AGENT.replace("STEPS", "50"))
    interlock.graph("hello", "help: {agent: helper}")

    said = interlock("conformance", "hello")

    lines = said.out.splitlines()
    at = lines.index("✗ 10 Small, focused agents: broken")
    assert said.code == 1
    assert lines[at + 1 : at + 3] == [
        "     `helper` may take 50 steps: at most 20 are advised",
        "     → split the work among several agents, as nodes of the graph",
    ]
    assert lines[-1] == "1 broken: 10"


def test_a_graph_that_is_not_there_or_wrong_is_told_as_everywhere(interlock: CommandLine) -> None:
    """What cannot be run cannot be judged either."""
    interlock.graph("bad", "help: {agent: nobody_at_all}")

    gone, bad = interlock("conformance", "gone"), interlock("conformance", "bad")

    assert (gone.code, bad.code) == (2, 2)
    assert "there is no graph named gone" in gone.err
    assert "there is no agent `nobody_at_all`" in bad.err


def test_what_the_project_prints_while_it_is_loaded_is_no_answer_of_the_other_processes(interlock: CommandLine) -> None:
    """Modules of tools say what they like; the verdict is read all the same."""
    interlock.write("agents/helper.yaml", AGENT.replace("STEPS", "5"))
    interlock.write(
        "tools/loud.py", "from interlock import tool\nprint('loaded')\n\n\n@tool\ndef loud() -> None: ...\n"
    )
    interlock.graph("hello", "help: {agent: helper}")

    said = interlock("conformance", "hello", "--json")

    assert (said.code, said.json["conforms"]) == (0, True)
