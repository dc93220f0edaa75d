"""Runs recorded without an engine: a graph, what the world and people say to it, and the events that follow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from interlock.core import requests as r
from interlock.core.compile import Catalogue, compile_graph
from interlock.core.events import Error, Event, NodeResult, NodeStarted, UndoResult, UndoStarted
from interlock.core.plan import Plan, ToolContract
from interlock.core.settle import admit_all, settle
from interlock.core.state import RunState

SECOND = 1_000_000


class RecordedRun:
    """A run of a graph, moved on by hand. Each word to it comes one second after the last."""

    def __init__(self, nodes: Mapping[str, Any], *, tools: tuple[ToolContract, ...] = (), **graph: Any) -> None:  # noqa: ANN401 - what a document holds
        self.plan = plan_of({"graph": "told", "nodes": nodes, **graph}, *tools)
        self.state = RunState("run1")
        self.events: list[Event] = []
        self.now = 0

    def receives(self, request: r.Request, *, by: str = "") -> None:
        """Something comes from outside, and what follows from it is decided."""
        self.now += SECOND
        arrived = admit_all(self.plan, self.state, [(request, by)], at=self.now)
        assert arrived.refused == (None,), arrived.refused
        settled = settle(self.plan, arrived.state, at=self.now)
        self.state = settled.state
        self.events += [*arrived.events, *settled.events]

    def starts(self, inputs: Mapping[str, Any] | None = None, *, by: str = "ann") -> None:
        """The run begins."""
        self.receives(r.StartRun(inputs=dict(inputs or {}), by=by), by=by)

    def returns(self, path: str, out: object = None, **said: Any) -> None:  # noqa: ANN401 - fields of the result
        """The node's attempt is done."""
        self.receives(r.Result(path=path, result=NodeResult(self.effect(path), "done", out, **said)))

    def fails(self, path: str, message: str = "broken", **said: Any) -> None:  # noqa: ANN401 - fields of the result
        """The node's attempt has failed."""
        error = Error("failed", message)
        self.receives(r.Result(path=path, result=NodeResult(self.effect(path), "failed", error=error, **said)))

    def loses(self, path: str) -> None:
        """Nobody knows what became of the node's attempt."""
        lost = Error("lost", "its worker went")
        self.receives(r.Result(path=path, result=NodeResult(self.effect(path), "unknown", error=lost)))

    def takes_back(self, path: str) -> None:
        """The undo of a node is done."""
        undo = f"{path}!undo"
        self.receives(r.UndoneResult(path=undo, result=UndoResult(self.effect(undo), "done")))

    def time_passes(self, seconds: int) -> None:
        """The clock goes on, and what is due fires."""
        self.now += (seconds - 1) * SECOND
        self.receives(r.TimePassed())

    def effect(self, path: str) -> str:
        """The id of the effect that a path was last started with."""
        started = [
            event.body.effect
            for event in self.events
            if event.path == path and isinstance(event.body, NodeStarted | UndoStarted)
        ]
        return started[-1]


def plan_of(document: Mapping[str, Any], *tools: ToolContract) -> Plan:
    """The plan of a graph that has no problems."""
    compiled = compile_graph(document, Catalogue({tool.name: tool for tool in tools}))
    assert compiled.plan is not None, compiled.errors
    return compiled.plan
