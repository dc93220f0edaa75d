"""Graphs built in Python are run, named and mended like those in files."""

from __future__ import annotations

import pytest

from interlock import GraphBuilder, Interlock, InvalidGraphError, graph
from tests.embedded.workshop import Workshop


def double() -> GraphBuilder:
    """A graph that others may name."""
    g = graph("double", inputs={"n": "integer"})
    twice = g.value("twice", g.inputs.n * 2)
    g.outputs(n=twice)
    return g


def test_a_built_graph_is_run_in_one_line(store: str) -> None:
    """It is given as it is; nothing has to be written to a file first."""
    workshop = Workshop()
    g = graph("things", inputs={"things": "list", "most": "integer"})
    made = g.each("made", g.inputs.things, as_="thing")
    with made as each:
        each.do.tool("make", input={"thing": each.item})
    count = g.value("count", made.size())
    few = g.gate("few", count <= g.inputs.most)
    last = g.tool("last", "make", input={"thing": f"the last of {count}"}, after=few)
    g.outputs(made=made, last=last)

    result = Interlock(store, tools=workshop.tools).run(g, {"things": ["a", "b"], "most": 3})

    assert (result.status, result.outputs) == ("succeeded", {"made": ["a", "b"], "last": "the last of 2"})
    assert workshop.done[-1] == "make the last of 2"


def test_a_loop_reads_the_round_before(store: str) -> None:
    """The first round has none, and says what to take instead."""
    g = graph("growing")
    grown = g.loop("grown", max=9)
    with grown as loop:
        size = loop.value("size", loop.last.size.or_else(1) * 2)
        loop.value("log", loop.last.log.append(size))
        loop.until(size > 10)
    g.outputs(log=grown.log)

    assert Interlock(store).run(g).outputs == {"log": [2, 4, 8, 16]}


def test_built_graphs_name_one_another() -> None:
    """A program may hold all its graphs without a folder."""
    inner, outer = double(), graph("outer")
    doubled = outer.graph("doubled", inner.name, input={"n": 21})
    outer.outputs(n=doubled.n)

    assert Interlock(graphs={"double": inner, "outer": outer}).run("outer").outputs == {"n": 42}


def test_the_problems_of_a_built_graph_name_node_and_key() -> None:
    """There is no file with lines, so the place in the graph has to be found by its names."""
    g = double()
    g.value("thrice", g.inputs.m * 3)
    with g.block("block") as block:
        block.tool("made", "mkae", input={"thing": "a"})

    with pytest.raises(InvalidGraphError) as refused:
        Interlock(tools=Workshop().tools).run(g, {"n": 1})

    places = [".".join(map(str, problem.place)) for problem in refused.value.problems]
    assert sorted(places) == ["nodes.block.graph.nodes.made.tool", "nodes.thrice.value"]
    assert "double:nodes.thrice.value: error: `inputs` has no field `m`" in refused.value.rendered
