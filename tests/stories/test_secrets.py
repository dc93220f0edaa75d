"""Secrets: opaque handles that are filled only at the door (rule 48)."""

from __future__ import annotations

import pytest

from interlock.core.values import Secret, encode
from tests.stories.graphs import refusals
from tests.stories.story import Story

PUSH = """
secrets: [github_token]
nodes: {push: {tool: pay, input: {token: "${secrets.github_token}", to: main}}}
"""


def test_a_secret_in_an_input_is_a_handle_with_its_name() -> None:
    """Rule 48: it is filled when the call is dispatched, and never enters an event."""
    run = Story(PUSH).starts()

    assert run.given("push") == {"token": Secret("github_token"), "to": "main"}
    assert b"github_token" in encode(run.given("push"))


def test_the_digest_of_a_request_is_taken_over_the_name_of_the_handle() -> None:
    """Rule 48: so it stays the same when the secret is renewed."""
    assert Story(PUSH).starts().last("node.started").digest == Story(PUSH).starts().last("node.started").digest


def test_a_secret_may_stand_in_the_input_of_an_undo() -> None:
    """Rule 48: an undo is a call of a tool."""
    run = Story(PUSH.replace("to: main}", "to: main}, undo: {tool: unpay}")).starts()

    run.cancels(rollback=True).does("push")

    assert run.last("undo.started").input == {"token": Secret("github_token"), "to": "main"}


NOT_HERE = "a secret cannot stand here"


@pytest.mark.parametrize(
    ("node", "refusal"),
    [
        ("{value: '${secrets.github_token}'}", f"nodes.a.value: {NOT_HERE}"),
        ("{emit: x, data: '${secrets.github_token}'}", f"nodes.a.data: {NOT_HERE}"),
        ("{human: '${secrets.github_token}', choices: [a]}", f"nodes.a.human: {NOT_HERE}"),
        (
            "{tool: work, input: {x: '${secrets.githb_token}'}}",
            "nodes.a.input.x: the graph lists no secret `githb_token`",
        ),
    ],
)
def test_a_secret_stands_nowhere_but_whole_in_the_input_of_a_tool(node: str, refusal: str) -> None:
    """Rule 48: what could show it, compare it or send it on is refused."""
    assert refusals(f"secrets: [github_token]\nnodes: {{a: {node}}}") == [refusal]


@pytest.mark.parametrize(
    "node",
    [
        "{tool: work, input: {x: 'Bearer ${secrets.github_token}'}}",
        "{tool: work, when: \"${secrets.github_token == 'x'}\"}",
        "{gate: \"${secrets.github_token == 'x'}\"}",
    ],
)
def test_a_secret_stands_in_no_text_and_no_condition(node: str) -> None:
    """Rule 48: no expression may read one."""
    assert len(refusals(f"secrets: [github_token]\nnodes: {{a: {node}}}")) == 1


def test_a_secret_stands_in_no_output() -> None:
    """Rule 48: outputs are for everybody who may see the run."""
    assert refusals("secrets: [t]\nnodes: {a: {value: 1}}\noutputs: {t: '${secrets.t}'}") == [f"outputs.t: {NOT_HERE}"]
