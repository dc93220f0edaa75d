"""Graphs and blocks inside a run: a scope of the same log (rules 5 and 25)."""

from __future__ import annotations

import pytest

from tests.stories.graphs import refusals
from tests.stories.story import Story

REVIEW = """
graph: review
inputs: {text: string, strict: {type: boolean, default: true}}
nodes:
  read: {tool: work, input: {text: "${inputs.text}", strict: "${inputs.strict}"}}
  judge: {tool: other, after: read}
outputs: {ok: "${judge.ok}"}
"""
MAIN = """
nodes:
  first: {graph: review, input: {text: hello}}
  second: {graph: review, input: {text: "${first.ok}", strict: false}}
"""


def test_a_graph_runs_inside_with_its_own_inputs_and_gives_its_outputs() -> None:
    """Rule 25: same run, same log; its paths begin with the node's."""
    run = Story(MAIN, graphs={"review": REVIEW}).starts()

    run.does("first/read").does("first/judge", {"ok": "yes", "more": 1})

    assert run.given("first/read") == {"text": "hello", "strict": True}
    assert run.given("second/read") == {"text": "yes", "strict": False}
    assert run.in_flight == ["second/read"]


def test_without_outputs_it_gives_the_values_of_the_nodes_nobody_follows() -> None:
    """Rule 25: what nothing inside uses is what it was for."""
    sub = "graph: sub\nnodes: {a: {value: 1}, b: {value: '${a + 1}'}, c: {value: 3}}"

    run = Story("nodes: {s: {graph: sub}}", graphs={"sub": sub}).starts()

    assert run.outputs == {"s": {"b": 2, "c": 3}}


def test_inputs_that_the_graph_does_not_take_fail_the_node() -> None:
    """Rule 25: what could not be known when it was compiled is judged when it opens."""
    run = Story(
        "nodes: {ask: {tool: work}, s: {graph: review, input: {text: '${ask}'}}}", graphs={"review": REVIEW}
    ).starts()

    run.does("ask", 7)

    assert run.error.path == "s"
    assert run.error.message.startswith("graph review was not given what it takes: ")


def test_a_block_is_no_wall() -> None:
    """Rules 5 and 25: it sees outwards, as the bodies of `each` and `loop` do, and what it sees it waits for."""
    run = Story("""
    inputs: {n: integer}
    nodes:
      a: {tool: work}
      part: {graph: {nodes: {b: {tool: other, input: {a: "${a}", n: "${inputs.n}"}}}, outputs: {b: "${b}"}}}
    """).starts(n=5)

    before = run.status("part")
    run.does("a", 1).does("part/b", 2)

    assert before == "pending"
    assert run.given("part/b") == {"a": 1, "n": 5}
    assert run.outputs == {"part": {"b": 2}}


def test_a_graph_is_a_wall() -> None:
    """Rule 5: only its inputs are seen from inside, so it means the same wherever it is called."""
    sub = "graph: sub\nnodes: {b: {value: '${a}'}}"

    assert refusals("nodes: {a: {value: 1}, s: {graph: sub}}", graphs={"sub": sub}) == [
        "nodes.s.graph: in graph `sub`, at nodes.b.value: `a` is not a name that can be used here"
    ]


def test_graphs_that_name_one_another_in_a_circle_are_refused() -> None:
    """Rule 25: what a run costs could not be bounded."""
    graphs = {
        "ping": "graph: ping\nnodes: {x: {graph: pong}}",
        "pong": "graph: pong\nnodes: {x: {graph: ping}}",
    }

    found = refusals("nodes: {s: {graph: ping}}", graphs=graphs)

    assert found == ["nodes.s.graph: graphs name one another in a circle: ping -> pong -> ping"]


def test_graphs_name_one_another_at_most_32_deep() -> None:
    """Rule 25: a bound that is part of the language."""
    graphs = {f"g{n}": f"graph: g{n}\nnodes: {{x: {{graph: g{n + 1}}}}}" for n in range(1, 33)}
    graphs["g33"] = "graph: g33\nnodes: {x: {value: 1}}"

    assert refusals("nodes: {s: {graph: g2}}", graphs=graphs) == []
    assert refusals("nodes: {s: {graph: g1}}", graphs=graphs) == [
        "graph: graphs name one another 33 deep, and at most 32 are allowed"
    ]


def test_a_graph_cancelled_from_outside_ends_when_nothing_in_it_lives() -> None:
    """Rules 35 and 36: its scopes stop, then it is cancelled."""
    run = Story("nodes: {s: {graph: review, input: {text: x}}}", graphs={"review": REVIEW}).starts()

    run.cancels("s")
    before = run.status("s")
    run.does("s/read")

    assert before == "running"
    assert run.ends == {"s/read": "cancelled", "s": "cancelled"}


@pytest.mark.parametrize(
    ("node", "refusal"),
    [
        ("{graph: revew}", "nodes.s.graph: there is no graph `revew`"),
        (
            "{graph: {nodes: {a: {value: 1}}}, input: {x: 1}}",
            "nodes.s.input: a block takes no input: it sees what is around it",
        ),
        ("{graph: review}", "nodes.s: the input lacks `text`"),
    ],
)
def test_a_graph_that_is_called_wrongly_is_refused(node: str, refusal: str) -> None:
    """What is found when the graph is compiled cannot go wrong in a run."""
    assert refusals(f"nodes: {{s: {node}}}", graphs={"review": REVIEW}) == [refusal]
