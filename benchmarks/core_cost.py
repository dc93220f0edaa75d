"""What the core costs: microseconds a node for everything it does, and what checking a large graph takes.

    make bench-core

No store, no event loop: a graph is compiled, then driven with results that come at once. The time a node must stay flat
from 100 to 50,000 nodes, in a chain, a fan and a random graph. Random graphs are the same every time.
"""

from __future__ import annotations

import random
import resource
import time
from collections.abc import Callable
from typing import Any

from interlock.authoring.yaml_document import read_document
from interlock.core import events as e
from interlock.core import requests as r
from interlock.core.catalogue import Catalogue
from interlock.core.compile import compile_graph
from interlock.core.limits import Limits
from interlock.core.plan import Plan, ToolContract
from interlock.core.settle import admit_all, settle
from interlock.core.state import RunState

SIZES = (100, 1_000, 10_000, 50_000)
CHECKED = 20_000
TOOLS = {"work": ToolContract(name="work", effect="read")}
Nodes = dict[str, dict[str, Any]]


def chain(size: int) -> Nodes:
    """One after the other."""
    return {f"n{k}": {"tool": "work", "after": [f"n{k - 1}"] if k else []} for k in range(size)}


def fan(size: int) -> Nodes:
    """All beside each other, and one that waits for them."""
    leaves: Nodes = {f"n{k}": {"tool": "work"} for k in range(size - 1)}
    return leaves | {"join": {"tool": "work", "after": list(leaves)}}


def tangle(size: int) -> Nodes:
    """Each after up to three of the fifty before it."""
    chance = random.Random(size)  # noqa: S311 - the same graph every time
    nodes: Nodes = {}
    for k in range(size):
        before = sorted({chance.randrange(max(0, k - 50), k) for _ in range(3)}) if k else []
        nodes[f"n{k}"] = {"tool": "work", "after": [f"n{other}" for other in before]}
    return nodes


def compiled(nodes: Nodes) -> Plan:
    """The plan of a graph of any size."""
    document = {"graph": "cost", "language": 1, "nodes": nodes}
    found = compile_graph(document, Catalogue(TOOLS), limits=Limits(nodes_max=10**6))
    assert found.plan is not None, found.errors[:3]
    return found.plan


def drive(plan: Plan) -> int:
    """Run the graph to its end, and say how many events that took."""
    state, at = RunState("run"), 1_000_000
    arrivals: list[tuple[r.Request, str]] = [(r.StartRun(inputs={}), "")]
    while not state.has_ended:
        state = admit_all(plan, state, arrivals, at=at).state
        settled = settle(plan, state, at=at)
        state, at = settled.state, at + 1_000
        arrivals = [
            (r.Result(path=event.path, result=e.NodeResult(event.body.effect, "done", {"k": 1})), "")
            for event in settled.events
            if isinstance(event.body, e.NodeStarted)
        ]
    return state.seq


def main() -> None:
    """Print both tables."""
    print("microseconds a node, everything (admit, decide, evolve):\n")
    print("| nodes | chain | fan | random |\n|---|---|---|---|")
    for size in SIZES:
        cells = [f"{_cost(shape, size):.1f}" for shape in (chain, fan, tangle)]
        print(f"| {size:,} | " + " | ".join(cells) + " |")
    print(f"\nchecking {CHECKED:,} nodes, each with an expression:\n")
    print("| | seconds | MB at most |\n|---|---|---|")
    for label, seconds in _checked().items():
        print(f"| {label} | {seconds:.2f} | {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} |")


def _cost(shape: Callable[[int], Nodes], size: int) -> float:
    plan = compiled(shape(size))
    took: list[float] = []
    for _ in range(3):
        began = time.process_time()
        drive(plan)
        took.append(time.process_time() - began)
    return min(took) / size * 1e6


def _checked() -> dict[str, float]:
    lines = ["graph: large", "language: 1", "nodes:", "  n0: {tool: work}"]
    lines += [f'  n{k}: {{tool: work, after: n{k - 1}, input: {{x: "${{n{k - 1}.y}}"}}}}' for k in range(1, CHECKED)]
    text = "\n".join(lines)
    began = time.process_time()
    document = read_document(text)
    read = time.process_time()
    assert isinstance(document.data, dict)
    assert compile_graph(document.data, Catalogue(TOOLS)).plan is not None
    return {"reading the YAML": read - began, "compiling": time.process_time() - read}


if __name__ == "__main__":
    main()
