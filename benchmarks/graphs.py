"""The graphs of Interlock's rows."""

from __future__ import annotations

from typing import Any

import measuring as m


def chain(length: int) -> dict[str, Any]:
    """Steps one after the other."""
    nodes: dict[str, Any] = {}
    for number in range(length):
        nodes[f"n{number}"] = {"tool": "step", "input": {"i": number}, "after": [f"n{number - 1}"] if number else []}
    return {"graph": "chain", "language": 1, "nodes": nodes}


def fan(width: int) -> dict[str, Any]:
    """One step, many beside each other, and one that joins them."""
    leaves = [f"leaf{number}" for number in range(width)]
    nodes: dict[str, Any] = {"split": {"tool": "step", "input": {"i": 0}}}
    nodes |= {name: {"tool": "step", "input": {"i": 1}, "after": "split"} for name in leaves}
    nodes["join"] = {"tool": "step", "input": {"i": 2}, "after": leaves}
    return {"graph": "fan", "language": 1, "nodes": nodes}


def glance() -> dict[str, Any]:
    """One step, which tells when it was begun."""
    return {"graph": "glance", "language": 1, "nodes": {"n0": {"tool": "moment"}}, "outputs": {"at": "${n0}"}}


def conversation(rounds: int) -> dict[str, Any]:
    """A loop that reads the last messages of a list kept by reference, and appends one."""
    body = {
        "say": {
            "tool": "talk",
            "input": {"i": "${round.index}", "recent": f"${{tail(round.last.log, {m.LAST_READ})}}"},
        },
        "log": {"value": "${append(round.last.log, say)}"},
    }
    return {
        "graph": "conversation",
        "language": 1,
        "nodes": {"go": {"loop": body, "until": f"${{round.index == {rounds - 1}}}", "max": rounds}},
        "outputs": {"rounds": "${size(go.log)}"},
    }
