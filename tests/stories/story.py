"""A story: a graph in YAML, driven step by step through the pure core, with the world played by the test.

Everything is real but the world: the graph is compiled as a user's would be, requests are admitted, the core settles.
Time stands still unless the story says that it passes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from interlock.authoring.yaml_document import read_document
from interlock.core import events as e
from interlock.core import requests as r
from interlock.core.catalogue import Catalogue
from interlock.core.compile import compile_graph
from interlock.core.paths import node_at
from interlock.core.plan import EffectClass, Plan, ToolContract
from interlock.core.settle import admit_all, fold, settle
from interlock.core.state import Calling, RunState, Waiting, copy_state, node_status, status_of

SECOND = 1_000_000


def tool(name: str, effect: EffectClass = "read", *, reconciles: bool = False) -> ToolContract:
    """A tool's contract; its code is the story's business."""
    return ToolContract(name=name, effect=effect, can_reconcile=reconciles)


TOOLS = (tool("work"), tool("other"), tool("write", "idempotent"), tool("pay", "once"), tool("unpay", "idempotent"))


class Story:
    """One run, and what the test does to it."""

    def __init__(self, text: str, *, tools: tuple[ToolContract, ...] = TOOLS, graphs: Mapping[str, str] | None = None):
        self.plan = compiled(text, tools=tools, graphs=graphs or {})
        self.state = RunState("run")
        self.now = SECOND
        self.log: list[e.Event] = []

    # --- what happens ---

    def starts(self, **inputs: Any) -> Story:
        return self.receives(r.StartRun(inputs=inputs))

    def receives(self, request: r.Request, by: str = "ada") -> Story:
        """A request that is admitted; a refusal fails the test."""
        refused = self.offers(request, by)
        assert refused is None, refused
        return self

    def offers(self, request: r.Request, by: str = "ada") -> str | None:
        """A request that may be refused: the reason, or None."""
        arrived = admit_all(self.plan, self.state, [(request, by)], at=self.now)
        self.log += arrived.events
        settled = settle(self.plan, arrived.state, at=self.now)
        assert not settled.need
        self.log += settled.events
        self.state = settled.state
        refused = arrived.refused[0]
        return refused.reason if refused else None

    def does(self, path: str, out: Any = None, *labels: str) -> Story:
        """The effect in flight at a path is done."""
        return self.receives(r.Result(path=path, result=e.NodeResult(self.effect(path), "done", out, labels)))

    def fails(self, path: str, kind: e.ErrorClass = "failed", message: str = "it broke") -> Story:
        """The effect in flight at a path has failed, and is known to have."""
        error = e.Error(kind, message, path)
        return self.receives(r.Result(path=path, result=e.NodeResult(self.effect(path), "failed", error=error)))

    def is_lost(self, path: str, kind: e.ErrorClass = "lost") -> Story:
        """Nobody knows what became of the effect in flight at a path."""
        error = e.Error(kind, "nobody knows", path)
        return self.receives(r.Result(path=path, result=e.NodeResult(self.effect(path), "unknown", error=error)))

    def undoes(self, path: str, error: e.Error | None = None) -> Story:
        """What came of taking back what a node did."""
        undoing = self.state.scopes[self.state.undoing[f"{path}!undo"]].undoing
        assert undoing is not None
        result = e.UndoResult(undoing.attempt.effect, "failed" if error else "done", error)
        return self.receives(r.UndoneResult(path=f"{path}!undo", result=result))

    def answers(self, path: str, choice: str, by: str = "ada") -> Story:
        return self.receives(r.Answer(path=path, by=by, choice=choice), by)

    def waits_for(self, seconds: float) -> Story:
        """Time passes, and whatever is due fires."""
        self.now += round(seconds * SECOND)
        return self.receives(r.TimePassed())

    # --- what can be seen ---

    def effect(self, path: str) -> str:
        """The id of the effect in flight at a path."""
        live = self._live(path)
        assert isinstance(live, Calling), f"{path} is not in flight"
        return live.attempt.effect

    def _live(self, path: str) -> object:
        found = node_at(self.plan, self.state, path)
        assert found is not None, f"{path} is not open"
        return found[0].live.get(found[1].index)

    def waiting(self, path: str) -> Waiting:
        live = self._live(path)
        assert isinstance(live, Waiting), f"{path} does not wait"
        return live

    def status(self, path: str = "") -> str:
        """The status of the run, or of a node whose scope is open."""
        if not path:
            return status_of(self.state)
        found = node_at(self.plan, self.state, path)
        assert found is not None, f"{path} is not open"
        return node_status(found[0], found[1].index).word

    @property
    def in_flight(self) -> list[str]:
        """The paths of all effects in flight."""
        started = [event.path for event in self.log if isinstance(event.body, e.NodeStarted)]
        return [path for path in dict.fromkeys(started) if self._is_in_flight(path)]

    def _is_in_flight(self, path: str) -> bool:
        found = node_at(self.plan, self.state, path)
        return found is not None and isinstance(found[0].live.get(found[1].index), Calling)

    @property
    def outcome(self) -> e.ScopeOutcome:
        assert self.state.outcome is not None, f"the run has not ended: it is {status_of(self.state)}"
        return self.state.outcome

    @property
    def outputs(self) -> Any:
        assert self.outcome.status == "succeeded", self.outcome
        return self.outcome.out

    def told(self, *types: str) -> list[str]:
        """The log as `type path` lines, perhaps only events of some types."""
        return [f"{event.type} {event.path}".rstrip() for event in self.log if not types or event.type in types]

    def last(self, event_type: str) -> Any:
        """The body of the last event of a type."""
        return next(event.body for event in reversed(self.log) if event.type == event_type)

    def replayed(self) -> RunState:
        """The state by the log alone."""
        return fold(self.plan, RunState("run"), self.log)

    def copy(self) -> RunState:
        return copy_state(self.state)


def compiled(text: str, *, tools: tuple[ToolContract, ...] = TOOLS, graphs: Mapping[str, str] | None = None) -> Plan:
    """The plan of a graph that has no problem."""
    catalogue = Catalogue({each.name: each for each in tools}, {name: _data(body) for name, body in (graphs or {}).items()})
    found = compile_graph(_data(text), catalogue)
    assert found.plan is not None, [(problem.place, problem.message) for problem in found.errors]
    return found.plan


def _data(text: str) -> dict[str, Any]:
    document = read_document(text if text.lstrip().startswith("graph:") else f"graph: story\nlanguage: 1\n{text}")
    assert not document.problems, document.problems
    assert isinstance(document.data, dict)
    return document.data
