"""Cycles among the nodes of a scope: named in the order in which they wait. Linear, and as deep as a graph is long."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

_TOLD_MAX: Final = 12


def find_cycles(sources_of: Sequence[Sequence[int]]) -> list[list[int]]:
    """One cycle for each knot of nodes that wait for one another: each waits for the one before it."""
    left = _without_order(sources_of)
    cycles: list[list[int]] = []
    seen: set[int] = set()
    for start in sorted(left):
        walk: list[int] = []
        position: dict[int, int] = {}
        at = start
        while at not in seen:
            seen.add(at)
            position[at] = len(walk)
            walk.append(at)
            at = next(source for source in sources_of[at] if source in left)
        if at in position:
            cycles.append(_from_lowest(walk[position[at] :][::-1]))
    return cycles


def told_cycle(names: Sequence[str]) -> str:
    """A cycle in words, each waiting for the one before it; of a long one the ends."""
    if len(names) > _TOLD_MAX:
        half = _TOLD_MAX // 2
        names = [*names[:half], f"({len(names) - 2 * half} more)", *names[-half:]]
    return " -> ".join([*names, names[0]])


def order(sources_of: Sequence[Sequence[int]]) -> list[int]:
    """The nodes so that each comes after all that it waits for; those that cannot be ordered are missing."""
    targets_of: list[list[int]] = [[] for _ in sources_of]
    missing = [len(sources) for sources in sources_of]
    for target, sources in enumerate(sources_of):
        for source in sources:
            targets_of[source].append(target)
    ordered = [index for index, count in enumerate(missing) if count == 0]
    for index in ordered:  # grows while it is walked
        for target in targets_of[index]:
            missing[target] -= 1
            if missing[target] == 0:
                ordered.append(target)
    return ordered


def _without_order(sources_of: Sequence[Sequence[int]]) -> set[int]:
    return set(range(len(sources_of))).difference(order(sources_of))


def _from_lowest(cycle: list[int]) -> list[int]:
    """The cycle from its earliest node on, so that it is told alike wherever it was found."""
    at = cycle.index(min(cycle))
    return cycle[at:] + cycle[:at]
