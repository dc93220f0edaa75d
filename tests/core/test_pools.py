"""Pools of workers, as graphs and tools name them."""

from __future__ import annotations

import pytest

from interlock import tool
from interlock.core.agent_contract import AgentContract
from interlock.core.catalogue import Catalogue
from interlock.core.compile import Compiled, compile_graph
from interlock.core.plan import ToolContract
from interlock.tools.errors import BadTool
from interlock.tools.tool import tool_of
from tests.core.compiling import data_of, errors, planned

PAINTER = AgentContract(name="painter", tools=("render", "look"))
BOSS = AgentContract(name="boss", tools=("agent:painter",))


def painted(text: str, pools: dict[str, str]) -> Compiled:
    """A graph beside an agent that renders, and one that calls it."""
    tools = {name: ToolContract(name=name, effect="read") for name in ("render", "look")}
    return compile_graph(data_of(text), Catalogue(tools, agents={"painter": PAINTER, "boss": BOSS}, pools=pools))


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


@pytest.mark.parametrize("agent", ["painter", "boss"])
def test_an_agent_that_would_call_a_tool_outside_its_pool_is_refused(agent: str) -> None:
    """It makes its calls where it is itself: past the pool's workers, and past how many calls it may have at once."""
    compiled = painted(f"nodes: {{a: {{agent: {agent}}}}}", {"render": "gpu", "look": "default"})

    assert [(problem.place, problem.message, problem.advice) for problem in compiled.errors] == [
        (
            ("nodes", "a", "agent"),
            "the agent `painter` would call `render` in the pool `default`, and that is of the pool `gpu`",
            "write `pool: gpu` at the node, or give the agent a graph that calls `render`: `graph:NAME`",
        )
    ]


def test_an_agent_in_the_pool_of_its_tools_may_call_them_and_any_of_the_default_pool() -> None:
    """The advice is good."""
    assert painted("nodes: {a: {agent: boss, pool: gpu}}", {"render": "gpu", "look": "default"}).errors == ()


def test_an_agent_that_nobody_knows_the_pools_for_is_not_refused() -> None:
    """A bundle holds no pools: what was accepted once is opened in every process."""
    assert painted("nodes: {a: {agent: boss}}", {}).errors == ()
