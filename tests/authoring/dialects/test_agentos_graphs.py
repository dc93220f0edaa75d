"""AgentOS graphs: edges that fire on what their source has emitted, as graphs of ours."""

from __future__ import annotations

import pytest

from tests.authoring.dialects.around import agent, any_agents, around, nodes_of, problems_in, tool

PIPELINE = """\
name: git-to-prod-multi
agents: [planner, py_fixer, fe_fixer, aggregator, {name: tester, description: Runs the tests.}]
dag:
  - {from: planner, to: py_fixer, on: [plan_ready], parallel: true}
  - {from: planner, to: fe_fixer, on: [plan_ready], parallel: true}
  - {from: py_fixer, to: aggregator, on: [patch_created], join: all}
  - {from: fe_fixer, to: aggregator, on: [patch_created, no_change], join: all}
  - {from: aggregator, to: tester}
"""
NAMES = ("planner", "py_fixer", "fe_fixer", "aggregator", "tester")


def test_the_agents_fan_out_and_are_joined() -> None:
    """Parallel branches wait for nothing but their source, and the join for all of them."""
    nodes = nodes_of(PIPELINE, any_agents(*NAMES))

    assert nodes["py_fixer"]["after"] == {
        "planner_emits": {"when": "${planner_emits.types.exists(it, it in ['plan_ready'])}"}
    }
    assert "when" not in nodes["fe_fixer"]
    assert (list(nodes["aggregator"]["after"]), nodes["aggregator"]["join"]) == (
        ["py_fixer_emits", "fe_fixer_emits"],
        "all",
    )
    assert nodes["tester"]["after"] == {"aggregator": {}}


def test_a_node_whose_edges_wait_for_events_is_followed_by_a_gate() -> None:
    """There a failed check merely stopped what came next, and the run had succeeded."""
    project = around(agent("a", gives={"passed": "boolean"}), agent("b", gives={"done": "boolean"}))
    text = "name: g\nagents: [a, b]\ndag: [{from: a, to: b, on: [tests_passed]}]\n"

    nodes = nodes_of(text, project)

    assert list(nodes) == ["a", "a_emits", "a_goes_on", "b"]
    assert nodes["a_goes_on"]["gate"] == [
        "${a_emits.types.exists(it, it in ['tests_passed', 'run_completed'])}",
        "${!a_emits.types.exists(it, type(it) == string && it.endsWith('_failed') && !(it in ['tests_passed']))}",
    ]


def test_siblings_that_are_not_parallel_run_one_after_another() -> None:
    """There only what was said to be parallel was."""
    text = "name: g\nagents: [a, b, c]\ndag: [{from: a, to: b}, {from: a, to: c}, {from: c, to: b, join: all}]\n"

    nodes = nodes_of(text, any_agents("a", "b", "c"))

    assert "when" not in nodes["c"]
    assert nodes["b"]["when"] == "${nodes.c.outcome != ''}"


def test_a_label_of_a_tool_is_an_event_of_its_node() -> None:
    """Labels are the words that edges wait for here."""
    project = around(tool("a", takes={}, gives={"x": "string"}, labels=("angry",)), agent("b"))

    nodes = nodes_of("name: g\nagents: [a, b]\ndag: [{from: a, to: b, on: [angry]}]\n", project)

    assert nodes["a_emits"]["value"]["types"] == "${nodes.a.labels}"


@pytest.mark.parametrize(
    ("dag", "told"),
    [
        ("[{from: a, to: c}]", ["3:21: `agents` lists no `c`"]),
        ("[{from: a, to: b, on: [run_failed]}]", ["3:29: `run_failed` is said of a run, and no agent emits it"]),
        (
            "[{from: a, to: b, on: [plan_ready]}]",
            ["3:29: `a` never emits `plan_ready`: its output has none of event, events, plan, steps"],
        ),
        ("[{from: a, to: b, join: most}]", ["3:30: a join is `all`, `any`, `first` or `{quorum: n}`"]),
        ("[{from: a, to: b, join: {quorum: 3}}]", ["3:30: `quorum: 3` can never be met by the 1 of `after`"]),
        ("[{from: a, to: b, join: all}, {from: b, to: b, join: any}]", ["3:59: `b` is joined in two ways"]),
        ("[{from: a, to: b, ons: [x]}]", ["3:24: `ons` is not a key of item 1 of `dag`"]),
        ("[{from: a, to: b}, {from: b, to: a}]", ["2:10: these wait for one another in a circle: a -> b -> a"]),
    ],
)
def test_what_is_wrong_is_told_where_it_was_written(dag: str, told: list[str]) -> None:
    """Who moves over has their own file open, and no graph of ours."""
    project = around(agent("a", gives={"x": "string"}), agent("b", gives={"y": "string"}))

    assert problems_in(f"name: g\nagents: [a, b]\ndag: {dag}\n", project) == told


def test_what_an_agent_class_may_use_binds() -> None:
    """There the list was stored and never looked at."""
    project = around(agent("a", gives={"x": "string"}, calls=("read_file",)), tool("read_file", takes={}))

    assert problems_in("name: g\nagents: [{name: a, tools: [search]}]\ndag: []\n", project) == [
        "2:27: the contract of `a` lets it call `read_file`, and this list does not"
    ]


def test_an_agent_may_be_called_as_something_inside_of_expressions() -> None:
    """Nobody knows the words in which a graph is written down for them."""
    text = "name: g\nagents: [it, output, map, inputs]\ndag: [{from: it, to: output, on: [plan_ready]}]\n"

    assert {"it_", "output_", "map_", "inputs_"} <= nodes_of(text, any_agents("it", "output", "map", "inputs")).keys()
