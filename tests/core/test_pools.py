"""Pools of workers, as graphs and tools name them."""

from __future__ import annotations

import pytest

from interlock import tool
from interlock.tools.errors import BadTool
from interlock.tools.tool import tool_of
from tests.core.compiling import errors, planned


def test_a_node_names_the_pool_that_performs_its_calls() -> None:
    """A step that needs a large machine must not land on a small one."""
    plan = planned("nodes: {a: {tool: look, pool: gpu}, b: {tool: look, pool: {name: gpu, tags: [eu, a100]}}}")

    assert [(node.pool, node.tags) for node in plan.root.nodes] == [("gpu", ()), ("gpu", ("a100", "eu"))]


def test_a_pool_is_part_of_what_a_graph_means() -> None:
    """A run is pinned to where its calls may be made."""
    here, there = (planned(f"nodes: {{a: {{tool: look, pool: {pool}}}}}") for pool in ("here", "there"))

    assert here.graph_hash != there.graph_hash


@pytest.mark.parametrize(
    ("written", "place"),
    [("'two words'", "nodes.a.pool"), ("{tags: [eu]}", "nodes.a.pool"), ("7", "nodes.a.pool")],
)
def test_what_is_no_pool_is_refused(written: str, place: str) -> None:
    """A name that no worker can have would wait for ever."""
    assert [error.partition(":")[0] for error in errors(f"nodes: {{a: {{tool: look, pool: {written}}}}}")] == [place]


def test_a_tool_says_to_which_pool_it_belongs() -> None:
    """Whoever writes the tool knows what it needs."""

    @tool(pool="gpu")
    def train() -> None:
        """Train."""

    made = tool_of(train)
    assert made is not None
    assert made.pool == "gpu"


def test_a_tool_with_a_pool_that_is_no_name_is_refused() -> None:
    """At once, where it is declared."""

    def train() -> None:
        """Train."""

    with pytest.raises(BadTool, match="the pool 'two words' is no name"):
        tool(pool="two words")(train)
