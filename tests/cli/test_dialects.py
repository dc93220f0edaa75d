"""Documents of other systems on the command line: checked, drawn and run as they are."""

from __future__ import annotations

import pytest

from tests.cli.command_line import CommandLine

STEPS = """\
name: welcome
coordination_type: sequential
steps:
  - {agent_type: greet, name: first}
  - {agent_type: greet, name: again}
"""


def test_a_document_of_another_system_is_run_by_the_name_of_its_graph(interlock: CommandLine) -> None:
    """Who moves over puts the file into the folder of graphs, and nothing else."""
    interlock.write("graphs/steps.yaml", STEPS)

    said = interlock("run", "welcome", "-i", "name=Ada", "--json")

    assert (said.code, said.json["outputs"]["steps"]) == (0, {"first": "Hello Ada", "again": "Hello Ada"})


def test_a_document_of_another_system_is_checked_and_drawn(interlock: CommandLine) -> None:
    """It is a graph like any other, by name or as a file."""
    interlock.write("graphs/steps.yaml", STEPS)

    assert interlock("graph", "check").out.startswith("✓ welcome: 2 nodes")
    assert interlock("graph", "show", "graphs/steps.yaml").out.splitlines()[1].split() == [
        "again",
        "tool",
        "greet",
        "←",
        "first",
    ]


def test_what_is_wrong_points_at_the_text_that_was_written(interlock: CommandLine) -> None:
    """Nobody has seen the graph that it becomes."""
    interlock.write("graphs/steps.yaml", STEPS.replace("{agent_type: greet, name: first}", "{agent_type: gret}"))

    said = interlock("graph", "check", "welcome")

    assert said.code == 2
    assert said.out.splitlines()[:3] == [
        "graphs/steps.yaml:4:18: error: there is no agent `gret`",
        "    4 |   - {agent_type: gret}",
        "      |                  ^^^^",
    ]


def test_a_graph_of_ours_names_one_of_another_system(interlock: CommandLine) -> None:
    """One moves over step by step."""
    interlock.write("graphs/steps.yaml", STEPS)
    interlock.graph("both", "inner: {graph: welcome, input: {name: Eve}}", outputs='{said: "${inner.output}"}')

    assert interlock("run", "both", "--json").json["outputs"] == {"said": "Hello Eve"}


def test_what_is_wrong_with_a_graph_that_is_named_is_told_in_its_own_words(interlock: CommandLine) -> None:
    """Its author has never heard of the keys of our language."""
    interlock.write("graphs/steps.yaml", STEPS.replace("agent_type: greet, name: first", "agent_typ: greet"))
    interlock.graph("both", "inner: {graph: welcome, input: {name: Eve}}")

    said = interlock("graph", "check", "both")

    assert said.code == 2
    assert said.out.splitlines()[0] == (
        "graphs/both.yaml:4:18: error: in graph `welcome`, at steps.0.agent_typ: "
        "`agent_typ` is not a key of item 1 of `steps`"
    )
    assert said.out.splitlines()[-1] == "1 error"


def test_a_document_of_no_shape_is_told_which_there_are(interlock: CommandLine) -> None:
    """A guess would run something else than was meant."""
    interlock.write("graphs/odd.yaml", "name: odd\nstages: []\n")

    said = interlock("graph", "check", "odd")

    assert said.code == 2
    assert "this is no graph of a shape that is known" in said.out
    assert "a step list (`name`, `steps`)" in said.out


def test_a_document_of_two_shapes_is_refused(interlock: CommandLine) -> None:
    """Which of them counts would be a guess."""
    interlock.write("graphs/odd.yaml", "name: odd\nsteps: []\ndag: []\n")

    assert "this fits several shapes: `AgentOS graph` and `step list`" in interlock("graph", "check", "odd").out


MINE = """\
from interlock import tool


@tool(effect="read")
def research() -> str:
    return "mine"
"""
COSTLY = """\
from interlock import tool


@tool(effect="read", usd="1.00")
def buy() -> str:
    return "bought"


@tool(effect="read", usd="1.00")
def buy_more() -> str:
    return "bought"
"""
BUYING = """\
name: buying
policy_name: careful
agents: [buy, buy_more]
dag: [{from: buy, to: buy_more}]
"""
AGENTOS = """\
name: greeting
policy_name: careful
agents: [greet, greet_only]
dag: [{from: greet, to: greet_only}]
"""


def test_an_agentos_policy_of_the_project_is_enforced(interlock: CommandLine) -> None:
    """There it was kept and never looked at."""
    interlock.write("graphs/greeting.yaml", AGENTOS)
    interlock.write("policies/careful.yaml", "name: careful\nmax_cost_usd: 0.5\nblock_patterns: [Mallory]\n")

    welcome = interlock("run", "greeting", "-i", "name=Ada", "-i", "who=Ada", "--json")
    blocked = interlock("run", "greeting", "-i", "name=Ada", "-i", "who=Mallory", "--json")

    assert (welcome.json["status"], welcome.json["outputs"]) == ("succeeded", {"greet_only": "Hello Ada"})
    assert (blocked.json["status"], blocked.json["error"]["kind"]) == ("failed", "refused")
    assert "careful#block_1" in blocked.json["error"]["message"]


@pytest.mark.parametrize(("sum_usd", "status"), [("0", "failed"), ("1", "failed"), ("2.50", "succeeded")])
def test_the_sum_of_an_agentos_policy_is_never_passed(interlock: CommandLine, sum_usd: str, status: str) -> None:
    """There a run spent whatever it spent."""
    interlock.write("tools/mine.py", COSTLY)
    interlock.write("graphs/buying.yaml", BUYING)
    interlock.write("policies/careful.yaml", f"name: careful\nmax_cost_usd: {sum_usd}\n")

    assert interlock("run", "buying", "--json").json["status"] == status


def test_a_policy_that_is_named_and_not_in_force_is_told(interlock: CommandLine) -> None:
    """A run under a policy that nobody enforces is what one moves away from."""
    interlock.write("graphs/greeting.yaml", AGENTOS)

    said = interlock("graph", "check", "greeting")

    assert said.code == 2
    assert "graphs/greeting.yaml:2:14: error: the policy `careful` is not in force here" in said.out


def test_a_document_is_converted_to_the_graph_that_it_means(interlock: CommandLine) -> None:
    """Who moves over for good goes on in our language, and nothing else has changed by that."""
    interlock.write("graphs/steps.yaml", STEPS)
    before = interlock("graph", "check", "welcome", "--json").json["graphs"][0]["hash"]

    interlock.write("graphs/steps.yaml", interlock("graph", "convert", "welcome").out)

    assert interlock("graph", "check", "welcome", "--json").json["graphs"][0]["hash"] == before
    assert "written in the language of Interlock already" in interlock("graph", "convert", "welcome").err


def test_a_document_with_mistakes_is_not_converted(interlock: CommandLine) -> None:
    """Half a graph would be taken for the whole."""
    interlock.write("graphs/steps.yaml", STEPS.replace("again", "first"))

    said = interlock("graph", "convert", "welcome")

    assert (said.code, said.out) == (2, "")
    assert "graphs/steps.yaml:5:31: error: `first` is the name of another step" in said.err


def test_a_document_of_another_system_is_formatted_as_any_document_is(interlock: CommandLine) -> None:
    """Its keys keep their order: that of our language is none of theirs."""
    interlock.write("graphs/steps.yaml", STEPS.replace("  - {", "    -   {"))

    assert interlock("graph", "fmt", "graphs/steps.yaml").out == STEPS


def test_a_tool_of_the_project_goes_before_an_agent_that_comes_along(interlock: CommandLine) -> None:
    """What somebody has written themselves is what they mean."""
    interlock.write("tools/mine.py", MINE)
    interlock.write("graphs/steps.yaml", "name: mine\nsteps: [{agent_type: research}]\n")

    assert interlock("run", "mine", "--json").json["outputs"]["output"] == "mine"
