"""The graphs that a fleet runs, and how each of their runs has to end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

Nodes = dict[str, Any]


class Expected(NamedTuple):
    """A graph, and the status with which its runs end."""

    graph: Mapping[str, Any]
    status: str = "succeeded"


def _call(tool: str, n: int, **keys: object) -> Nodes:
    return {"tool": tool, "input": {"n": n}, **keys}


def _chain(*tools: str) -> Nodes:
    """One call after the other."""
    after = {n: [f"n{n - 1}"] if n else [] for n in range(len(tools))}
    return {f"n{n}": _call(name, n, after=after[n]) for n, name in enumerate(tools)}


def _graph(name: str, nodes: Nodes) -> Mapping[str, Any]:
    return {"graph": name, "language": 1, "nodes": nodes}


CHAIN: Final = _graph("chain", _chain("pay", "write", "stamp", "render", "pay", "write", "pay"))
FAN: Final = _graph(
    "fan",
    {
        "paid": {
            "each": "${[0, 1, 2, 3, 4, 5, 6, 7]}",
            "parallel": 4,
            "do": {"tool": "pay", "input": {"n": "${item}"}},
        },
        "rendered": {"each": "${paid}", "parallel": 8, "do": {"tool": "render", "input": {"n": "${item}"}}},
        "stamped": _call("stamp", 9, after="rendered"),
    },
)
TIMERS: Final = _graph(
    "timers",
    {
        "before": _call("pay", 0),
        "soon": {"wait": "1s", "after": "before"},
        "between": _call("write", 1, after="soon"),
        "later": {"wait": "3s", "after": "between"},
        "after": _call("pay", 2, after="later"),
    },
)
QUESTION: Final = _graph(
    "question",
    {
        "before": _call("write", 0),
        "ask": {"human": "Go on?", "choices": ["yes", "no"], "after": "before"},
        "after": _call("pay", 1, after={"ask": {"on": "yes"}}),
    },
)
EVENT: Final = _graph(
    "event",
    {"before": _call("pay", 0), "go": {"wait": {"event": "go"}}, "after": _call("stamp", 1, after=["before", "go"])},
)
ENDLESS: Final = _graph(
    "endless",
    {
        "waits": {"wait": {"event": "never"}},
        "works": {
            "loop": {"first": _call("pay", 0), "second": _call("render", 1, after="first")},
            "until": "${false}",
            "max": 1_000,
        },
    },
)
STEPS: Final = _graph("steps", {"books": _call("book", 0), "after": _call("write", 1, after="books")})
RETRIES: Final = _graph(
    "retries",
    {
        "tries": _call("flaky", 0, retry={"attempts": 12, "backoff": "100ms", "max_backoff": "500ms"}),
        "after": _call("pay", 1, after="tries"),
    },
)
ROLLBACK: Final = _graph(
    "rollback",
    {
        "paid": _call("pay", 0, undo={"tool": "refund", "input": {"n": 0}}),
        "written": _call("write", 1, after="paid", undo={"tool": "erase", "input": {"n": 1}}),
        "stamped": _call("stamp", 2, after="written", undo={"tool": "refund", "input": {"n": 2}}),
        "check": {"gate": ["${stamped > 2}"], "otherwise": "rollback"},
        "never": _call("pay", 3, after="check"),
    },
)
ROUNDS: Final = _graph(
    "rounds",
    {
        "rounds": {
            "loop": {"paid": _call("pay", 0), "rendered": _call("render", 1, after="paid")},
            "until": "${round.index == 2}",
            "max": 5,
        }
    },
)

EXPECTED: Final[Mapping[str, Expected]] = {
    str(one.graph["graph"]): one
    for one in (
        Expected(CHAIN),
        Expected(FAN),
        Expected(TIMERS),
        Expected(QUESTION),
        Expected(EVENT),
        Expected(ENDLESS, "cancelled"),
        Expected(STEPS),
        Expected(RETRIES),
        Expected(ROLLBACK, "rolled_back"),
        Expected(ROUNDS),
    )
}
ONCE: Final = frozenset({"pay", "stamp", "refund", "reserve"})
"""What must happen once, by the name under which it stands in a run's ledger."""
