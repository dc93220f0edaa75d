"""What hangs on what in a compiled graph: edges, joins, fallbacks and cancelling (rules 8 to 20)."""

from __future__ import annotations

import pytest

from interlock.core.plan import OUTCOMES, Edge, Join, Node, Plan, Role
from tests.core.compiling import planned

ANY_OUTCOME = frozenset(OUTCOMES)


def node(plan: Plan, name: str) -> Node:
    """A node of the graph."""
    return plan.root.nodes[plan.root.index[name]]


def edges_between(plan: Plan) -> list[tuple[str, str]]:
    """All edges of the graph, by name."""
    nodes = plan.root.nodes
    return [(source.name, nodes[edge.target].name) for source in nodes for edge in source.edges]


def edges_to(plan: Plan, name: str) -> list[Edge]:
    """The edges that lead to a node."""
    target = node(plan, name).index
    return [edge for source in plan.root.nodes for edge in source.edges if edge.target == target]


def test_a_mentioned_name_is_waited_for() -> None:
    """Whoever reads a value need not also say that it waits for it (rule 9)."""
    plan = planned("nodes: {a: {tool: look}, b: {tool: look, input: {x: '${a.x}', y: 'and ${a.y + 1}'}}}")

    assert edges_to(plan, "b") == [Edge(source=0, target=1)]
    assert (node(plan, "b").control, node(plan, "b").requirements) == (1, 0)


def test_after_wins_over_a_mention_of_the_same_node() -> None:
    """There is one edge for each pair of nodes: what `after` says of it is what the author thought of."""
    plan = planned("nodes: {a: {tool: look}, b: {tool: look, after: {a: {on: failed}}, when: '${has(a.x)}'}}")

    assert edges_to(plan, "b") == [Edge(source=0, target=1, on=frozenset({"failed"}), handles=True)]


def test_with_another_join_what_is_mentioned_is_a_requirement() -> None:
    """Or `join: first` would fire on the shared ancestor whose value the node merely reads (rule 9)."""
    plan = planned(
        "nodes: {shared: {tool: look}, a: {tool: look}, b: {tool: look},"
        " c: {tool: look, after: [a, b], join: first, input: {x: '${shared}'}}}"
    )

    assert edges_to(plan, "c") == [
        Edge(source=0, target=3, role=Role.REQUIREMENT),
        Edge(source=1, target=3),
        Edge(source=2, target=3),
    ]
    assert (node(plan, "c").control, node(plan, "c").requirements) == (2, 1)


def test_a_mentioned_outcome_is_waited_for_however_the_node_ends() -> None:
    """`nodes.x` needs x settled, and neither its success nor its value (rule 6)."""
    plan = planned("nodes: {a: {tool: look}, b: {value: '${nodes.a.outcome}'}}")

    assert edges_to(plan, "b") == [Edge(source=0, target=1, on=ANY_OUTCOME)]


def test_a_mentioned_outcome_handles_no_failure() -> None:
    """Looking at how a node ended is not the same as having dealt with it."""
    plan = planned("nodes: {a: {tool: look}, b: {value: '${nodes.a.outcome}'}}")

    assert [edge.handles for edge in edges_to(plan, "b")] == [False]


def test_a_body_that_looks_outwards_makes_the_node_around_it_wait() -> None:
    """What stands outside must have settled before the body is opened, however deep the mention stands."""
    plan = planned(
        "nodes: {a: {tool: look}, b: {tool: look}, l: {loop: {x: {each: [1], do: {tool: look, input: {v: '${a.v}'}}}},"
        " until: '${b.done}', max: 2}}"
    )

    assert edges_between(plan) == [("a", "l"), ("b", "l")]


def test_what_is_mentioned_inside_of_a_body_is_waited_for_there() -> None:
    """An inner node is nothing that the scope around could wait for."""
    plan = planned("nodes: {g: {graph: {nodes: {x: {tool: look}, y: {value: '${x}'}}, outputs: {y: '${y}'}}}}")

    assert edges_between(plan) == []
    assert [edge.target for edge in plan.scopes[1].nodes[0].edges] == [1]


def test_finally_sees_the_graph_s_nodes_and_waits_for_none() -> None:
    """When it runs all has settled, well or badly."""
    plan = planned("nodes: {a: {tool: look}}\nfinally: {f: {tool: look, input: {x: '${a}', y: '${nodes.a.outcome}'}}}")

    assert plan.root.finally_ == 1
    assert (plan.scopes[1].kind, plan.scopes[1].nodes[0].control) == ("finally", 0)


@pytest.mark.parametrize(
    ("written", "join"),
    [
        ("all", Join("all")),
        ("any", Join("any")),
        ("first", Join("quorum", 1)),
        ("{quorum: 2}", Join("quorum", 2)),
    ],
)
def test_joins_are_resolved(written: str, join: Join) -> None:
    """`first` is a quorum of one: the core knows three joins, not four."""
    plan = planned(
        f"nodes: {{a: {{tool: look}}, b: {{tool: look}}, c: {{tool: look, after: [a, b], join: {written}}}}}"
    )

    assert node(plan, "c").join == join


def test_a_fuse_joins_its_candidates_and_requires_the_rest() -> None:
    """On a fuse the join counts `from`; `after` and mentions must fire besides (rule 20)."""
    plan = planned(
        "nodes: {a: {tool: look}, b: {tool: look}, c: {tool: look}, d: {value: 2},"
        " f: {fuse: best_of, from: [b, a], by: '${candidate.score * d}', after: c}}"
    )

    assert edges_to(plan, "f") == [
        Edge(source=0, target=4, handles=True, candidate=True),
        Edge(source=1, target=4, handles=True, candidate=True),
        Edge(source=2, target=4, role=Role.REQUIREMENT),
        Edge(source=3, target=4, role=Role.REQUIREMENT),
    ]
    assert node(plan, "f").join == Join("any")


def test_a_fallback_hangs_on_nothing_but_the_failure() -> None:
    """It starts only when the other fails, and may read what that one was waiting for anyway (rule 18)."""
    plan = planned(
        "nodes: {a: {tool: look}, dear: {tool: look, input: {x: '${a}'}, on_error: {fallback: cheap}},"
        " cheap: {tool: look, input: {x: '${a}', why: '${nodes.dear.error.message}'}}, z: {value: '${dear}'}}"
    )

    assert edges_between(plan) == [("a", "dear"), ("dear", "z")]
    assert (node(plan, "dear").fallback, node(plan, "cheap").stands_in_for) == (2, 1)


def test_what_nothing_follows_is_the_default_value() -> None:
    """A graph without `outputs` gives what its last nodes made; a fallback's value is that of the other node."""
    plan = planned(
        "nodes: {a: {tool: look}, b: {tool: look, after: a, on_error: {fallback: c}}, c: {tool: look}, d: {tool: look}}"
    )

    assert [plan.root.nodes[index].name for index in plan.root.unfollowed] == ["b", "d"]


def test_cancel_rest_takes_what_led_only_to_the_join() -> None:
    """What somebody else still needs is left alone (rule 11)."""
    plan = planned(
        "nodes: {shared: {tool: look}, only: {tool: look}, left: {tool: look, after: [shared, only]},"
        " right: {tool: look}, other: {tool: look, after: shared},"
        " win: {tool: look, after: [left, right], join: first, cancel_rest: true}}"
    )

    cancelled = [plan.root.nodes[index].name for index in node(plan, "win").cancels_rest]

    assert cancelled == ["only", "left", "right"]


def test_cancel_rest_takes_a_direct_source_though_others_need_it() -> None:
    """Who waits for a cancelled node sees a dead edge; the author asked for that."""
    plan = planned(
        "nodes: {a: {tool: look}, b: {tool: look}, c: {tool: look, after: a},"
        " win: {tool: look, after: [a, b], join: first, cancel_rest: true}}"
    )

    assert node(plan, "win").cancels_rest == (0, 1)


def test_cancel_rest_takes_the_fallback_of_what_it_cancels() -> None:
    """When the source has failed, its stand-in is what still lives of it."""
    plan = planned(
        "nodes: {a: {tool: look, on_error: {fallback: c}}, b: {tool: look}, c: {tool: look},"
        " win: {tool: look, after: [a, b], join: first, cancel_rest: true}}"
    )

    assert node(plan, "win").cancels_rest == (0, 1, 2)


def test_cancels_names_nodes_or_all_others() -> None:
    """Cancel-region and explicit termination are one key (rule 15)."""
    plan = planned("nodes: {a: {tool: look, cancels: [c, b]}, b: {tool: look}, c: {tool: look, cancels: '*'}}")

    assert [each.cancels for each in plan.root.nodes] == [(1, 2), (), (0, 1)]


def test_an_edge_s_condition_sees_its_source() -> None:
    """It is decided when the source settles, so nothing else can be relied on (rule 8)."""
    plan = planned("nodes: {a: {tool: look}, b: {tool: look, after: {a: {when: '${a.n > 1}'}}}}")

    condition = node(plan, "a").edges[0].when

    assert condition is not None
    assert condition.source == "a.n > 1"
