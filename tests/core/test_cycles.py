"""Cycles and orders among nodes, given by the nodes that each waits for."""

from __future__ import annotations

from interlock.core.compiling.cycles import find_cycles, order, told_cycle


def test_a_cycle_is_told_in_the_order_in_which_its_nodes_would_run() -> None:
    """Reading along it, an author meets the edge that should not be there."""
    sources_of = [[2], [0], [1]]

    assert find_cycles(sources_of) == [[0, 1, 2]]


def test_each_knot_is_told_once_and_what_merely_hangs_on_it_is_not() -> None:
    """One wrong edge gives one problem, however many nodes stand behind it."""
    sources_of = [[1], [0], [1], [2], [5], [4], []]

    assert find_cycles(sources_of) == [[0, 1], [4, 5]]


def test_a_graph_without_cycles_has_an_order() -> None:
    """What is known of a node's sources is known before the node is looked at."""
    assert order([[1, 2], [], [1]]) == [1, 2, 0]


def test_a_very_long_chain_is_no_deeper_than_a_short_one() -> None:
    """The longest graph that is allowed must not exhaust the stack."""
    chain = [[index - 1] for index in range(1, 20_001)]

    assert find_cycles([[20_000], *chain]) == [list(range(20_001))]


def test_of_a_long_cycle_only_the_ends_are_told() -> None:
    """A message is for reading."""
    names = [f"n{index}" for index in range(20)]

    assert told_cycle(names) == (
        "n0 -> n1 -> n2 -> n3 -> n4 -> n5 -> (8 more) -> n14 -> n15 -> n16 -> n17 -> n18 -> n19 -> n0"
    )
