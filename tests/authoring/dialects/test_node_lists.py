"""Node lists: tasks, agents and people with edges between them, as graphs of ours."""

from __future__ import annotations

import pytest

from interlock.authoring.dialects.policies import PoliciesInForce
from tests.authoring.dialects.around import agent, around, nodes_of, problems_in, read, tool

RELEASE = """\
id: release
nodes:
  - {id: score, name: Score, kind: task, expr: "len(text) > 3"}
  - {id: write, name: writer, kind: agent}
  - {id: approve, name: "Publish ${it}?", kind: human, approval_key: publish_ok}
  - {id: publish, name: Publish, kind: task}
edges:
  - {from: score, to: write, retry: {max_attempts: 3, backoff_ms: 200, jitter: true}}
  - {from: write, to: approve}
  - {from: approve, to: publish, policies: [publishing]}
"""
PROJECT = around(agent("writer"), tool("publish", takes={"write": "any"}))
IN_FORCE = PoliciesInForce(frozenset({"publishing"}))


def test_nodes_run_in_the_order_of_their_edges() -> None:
    """There they ran in the order of the list, and edges said nothing of it."""
    nodes = nodes_of(RELEASE, PROJECT, IN_FORCE)

    assert nodes == {
        "score": {"value": "${(size(inputs.text) > 3)}"},
        "write": {
            "agent": "writer",
            "input": {"inputs": "${inputs}", "score": "${score}"},
            "retry": {"attempts": 3, "backoff": "200ms"},
            "after": ["score"],
        },
        "approve": {
            "human": "Publish $${it}?",
            "choices": ["approve", "reject"],
            "labels": ["publish_ok"],
            "after": ["write"],
        },
        "approve_approved": {
            "gate": ["${approve.choice == 'approve'}"],
            "description": "What is rejected goes no further.",
        },
        "publish": {"tool": "publish", "input": "${{?'write': optional.of(write)}}", "after": ["approve_approved"]},
    }


def test_without_edges_the_nodes_run_one_after_another() -> None:
    """That is the order that their author saw."""
    text = "id: g\nnodes: [{id: a, kind: task, expr: '1'}, {id: b, kind: task, expr: '2'}]\n"

    nodes = nodes_of(text, PROJECT)

    assert nodes["b"]["after"] == ["a"]


def test_the_outputs_are_those_of_the_last_nodes() -> None:
    """Gates that were added are no results."""
    graph = read(RELEASE, PROJECT, IN_FORCE).graph or {}

    assert graph["outputs"] == {"publish": "${publish}"}


@pytest.mark.parametrize(
    ("line", "by", "told"),
    [
        (
            "policies: [publishing]",
            "policies: [publishin]",
            ["10:45: the policy `publishin` is not in force here, so nothing would enforce it"],
        ),
        ("to: write", "to: wrote", ["8:23: there is no node `wrote`"]),
        ("kind: human", "kind: person", ["5:49: `kind` is one of task, agent, human, not the text `person`"]),
        ("len(text) > 3", "len(text) > open('x')", ["3:61: `open` cannot be called here"]),
        (
            "len(text) > 3",
            "len(text) > publish",
            ["3:5: these wait for one another in a circle: score -> write -> publish -> score"],
        ),
        ("kind: agent", "kind: agent, expr: '1'", ["4:44: `expr` is without effect at a node of the kind `agent`"]),
        (
            "id: publish, name: Publish",
            "id: publishing",
            [
                "6:10: the task `publishing` has no `expr`, and there is no tool of its name or id",
                "10:25: there is no node `publish`",
            ],
        ),
        (
            "{from: write, to: approve}",
            "{from: write, to: approve, retry: {max_attempts: 2}}",
            ["9:32: warning: `approve` calls nobody, so there is nothing to try again"],
        ),
        ("name: writer", "name: writr", ["4:23: there is no agent `writr`"]),
        ("max_attempts: 3", "max_attempts: 0", ["8:52: `max_attempts` is at least 1, not 0"]),
        (
            "id: write,",
            "id: Score,",
            [
                "4:10: `Score` would be called `score` here, like the node `score`",
                "8:23: there is no node `write`",
                "9:12: there is no node `write`",
            ],
        ),
    ],
)
def test_what_is_wrong_is_told_where_it_was_written(line: str, by: str, told: list[str]) -> None:
    """Who moves over has their own file open, and no graph of ours."""
    assert problems_in(RELEASE.replace(line, by), PROJECT, IN_FORCE) == told
