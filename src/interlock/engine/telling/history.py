"""A run as its events tell it: facts for people and pages, built by folding the log beside the core's own state.

The state forgets what no decision needs any more; a `History` keeps what people ask for: every node that ever began,
also in scopes that have ended, with times, attempts, decisions and values. Values stay references where they are large.
It reads nothing but the plan and the events it is given, and decides nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, Literal, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from interlock.core import events as e
from interlock.core.evolve import evolve
from interlock.core.evolving.under_way import attempt_in_flight
from interlock.core.lifecycle import NodeStatus, is_settled
from interlock.core.paths import UNDO_SUFFIX, node_at, node_of_step, path_of
from interlock.core.plan import EachWork, LoopWork, Node, Plan, ToolWork
from interlock.core.state import Note, Opened, RunState, Scope, StatusWord, status_of
from interlock.core.values import Value
from interlock.engine.telling.agents_at_work import AgentsAtWork, AgentView
from interlock.engine.telling.spending import NO_COSTS, CallCosts, Costs
from interlock.engine.waits import Wait, asked_inside, waits_of

NodeWord: TypeAlias = Literal["pending", "running", "waiting", "succeeded", "failed", "skipped", "cancelled"]

_WORDS: Final[dict[int, NodeWord]] = {
    NodeStatus.PENDING: "pending",
    NodeStatus.RUNNING: "running",
    NodeStatus.WAITING: "waiting",
    NodeStatus.SUCCEEDED: "succeeded",
    NodeStatus.FAILED: "failed",
    NodeStatus.SKIPPED: "skipped",
    NodeStatus.CANCELLED: "cancelled",
}


class Copies(Struct, frozen=True):
    """How far a node that holds scopes is: items of an `each`, rounds of a `loop`, the body of a graph."""

    total: int
    """How many there are; of a `loop`, how many there may be."""
    begun: int = 0
    ended: int = 0
    failed: int = 0


class NodeView(Struct, frozen=True, kw_only=True):
    """One execution of a node, or (kind `undo`) the taking back of one."""

    path: str
    kind: str
    status: NodeWord
    holder: str = ""
    """The path of the node that holds the scope it stands in; empty at the top."""
    place: tuple[int, int] = (0, 0)
    """The number of its copy in the holder, and of the node in the document: their order is the author's."""
    tool: str = ""
    attempts: int = 0
    started_at: int | None = None
    ended_at: int | None = None
    input: Value = None
    output: Value = None
    error: e.Error | None = None
    labels: tuple[str, ...] = ()
    decision: e.Decision | None = None
    because: tuple[str, ...] = ()
    waits: tuple[Wait, ...] = ()
    copies: Copies | None = None
    adopted: int = 0
    """The number of the parent run's event whose result it took over instead of running again; 0: it ran."""
    is_cancelling: bool = False
    is_compensated: bool = False

    @property
    def name(self) -> str:
        """The last segment of its path."""
        return self.path.rpartition("/")[2]

    @property
    def has_ended(self) -> bool:
        """Whether it has its last status."""
        return self.status in {"succeeded", "failed", "skipped", "cancelled"}

    def lasted(self, now: int) -> int | None:
        """Microseconds from its first start to its end, or to now while it lives."""
        return None if self.started_at is None else max(0, (self.ended_at or now) - self.started_at)


class RunView(Struct, frozen=True, kw_only=True):
    """A run with all its nodes: those that began in the order in which they did, then those that still can."""

    run: str
    graph: str
    status: StatusWord
    seq: int
    """The number of the last event that is told here."""
    at: int
    mode: str = "normal"
    graph_hash: str = ""
    bundle: str = ""
    kind: e.Start = "start"
    parent: str = ""
    key: str = ""
    labels: dict[str, str] = {}
    started_by: str = ""
    started_at: int = 0
    ended_at: int | None = None
    inputs: Value = None
    outputs: Value = None
    error: e.Error | None = None
    flags: tuple[str, ...] = ()
    """What it is about to do, while it does: `cancelling`, `failing`, `rolling back`, `finishing`."""
    not_undone: tuple[str, ...] = ()
    left_standing: tuple[str, ...] = ()
    events_left: int = 0
    nodes: dict[str, NodeView] = {}
    agents: dict[str, AgentView] = {}
    """What its agents have done, by where they work: the path of a node, or of a step inside one."""
    costs: Costs = NO_COSTS
    """What its calls have cost so far."""
    node_costs: dict[str, Costs] = {}
    """The same of those that are over, by the node that they were made in."""

    @property
    def has_ended(self) -> bool:
        """Whether it has its last status."""
        return self.ended_at is not None

    @property
    def waits(self) -> tuple[Wait, ...]:
        """Everything it waits for, in the order of its nodes."""
        return tuple(wait for node in self.nodes.values() for wait in node.waits)


def run_view(plan: Plan, run: str, events: Iterable[e.Event]) -> RunView:
    """A run as it is after these events, which begin with its first."""
    history = History(plan, run)
    for event in events:
        history.take(event)
    return history.view()


class History:
    """A run being followed event by event. `view` may be asked for at any time."""

    def __init__(self, plan: Plan, run: str) -> None:
        self._plan = plan
        self._state = RunState(run)
        self._nodes: dict[str, NodeView] = {}
        self._started: e.RunStarted | None = None
        self._started_by = ""
        self._ended: e.RunEnded | None = None
        self._moved: e.RunMigrated | None = None
        self._agents = AgentsAtWork(plan)

    @property
    def seq(self) -> int:
        """The number of the last event that was taken."""
        return self._state.seq

    @property
    def calls(self) -> CallCosts:
        """The calls of the run, as far as it was followed."""
        return self._agents.calls

    def take(self, event: e.Event) -> None:
        """One more event, the next of the log."""
        self._agents.take(event)
        holder = self._holder_of_ending(event)
        self._state = evolve(self._plan, self._state, event)
        match event.body:
            case e.RunStarted() as body:
                self._started, self._started_by = body, event.actor
            case e.RunEnded() as body:
                self._ended = body
            case e.RunMigrated() as body:
                self._moved = body
            case e.ScopeOpened():
                self._see_holder(self._state.scopes[event.path], event)
            case e.ScopeEnded() if holder is not None:
                self._see(*holder, event)
            case _:
                self._see_path(event)

    def view(self) -> RunView:
        """The run as it is now."""
        state, started = self._state, self._started
        if started is None:
            return RunView(run=state.run, graph=self._plan.name, status="pending", seq=0, at=0)
        outcome = state.outcome
        return RunView(
            run=state.run,
            graph=started.graph,
            status=status_of(state),
            seq=state.seq,
            at=state.at,
            mode=state.mode,
            graph_hash=(self._moved or started).graph_hash,
            bundle=(self._moved or started).bundle,
            kind=started.kind,
            parent=started.parent,
            key=started.key,
            labels=started.labels,
            started_by=self._started_by,
            started_at=state.started_at,
            ended_at=state.at if outcome else None,
            inputs=started.inputs,
            outputs=outcome.out if outcome else None,
            error=outcome.error if outcome else None,
            flags=tuple(_flags(state)),
            not_undone=outcome.not_undone if outcome else (),
            left_standing=outcome.left_standing if outcome else (),
            events_left=self._ended.events_left if self._ended else 0,
            nodes=self._nodes | {node.path: node for node in self._pending()},
            agents=self._agents.views(),
            costs=self._agents.total(),
            node_costs=self._agents.of_nodes(),
        )

    # --- what an event changes ---

    def _see_path(self, event: e.Event) -> None:
        """The node that an event is about: by its own path, by that of a step inside it, or by that of its undo."""
        path = node_of_step(event.path)
        if path.endswith(UNDO_SUFFIX):
            self._see_undo(path, event)
            return
        found = node_at(self._plan, self._state, path)
        if found is None:
            return
        scope, node = found
        self._see(scope, node, event)
        if node.stands_in_for is not None and is_settled(scope.status[node.index]):
            # What a fallback gave is the value of the node that it stood in for.
            self._see(scope, self._plan.scopes[scope.body].nodes[node.stands_in_for], event)

    def _see(self, scope: Scope, node: Node, event: e.Event) -> None:
        path = path_of(self._plan, scope, node.index)
        before = self._nodes.get(path) or _pending_view(self._plan, self._state, scope, node, path)
        self._nodes[path] = _seen(before, scope, node, event)

    def _see_holder(self, scope: Scope, event: e.Event) -> None:
        if scope.owner >= 0:
            parent = self._state.scopes[scope.parent]
            self._see(parent, self._plan.scopes[parent.body].nodes[scope.owner], event)

    def _holder_of_ending(self, event: e.Event) -> tuple[Scope, Node] | None:
        """A scope is about to end: what never began in it was skipped, and its holder has one copy less to wait for."""
        if not isinstance(event.body, e.ScopeEnded | e.RunEnded):
            return None
        scope = self._state.scopes[event.path]
        for node in self._pending_in(scope):
            self._nodes[node.path] = replace(node, status="skipped", ended_at=event.at, because=("stopped",))
        if scope.owner < 0:
            return None
        parent = self._state.scopes[scope.parent]
        return parent, self._plan.scopes[parent.body].nodes[scope.owner]

    def _see_undo(self, path: str, event: e.Event) -> None:
        undone = self._nodes.get(path.removesuffix(UNDO_SUFFIX))
        before = self._nodes.get(path) or NodeView(
            path=path,
            kind="undo",
            status="pending",
            holder=undone.holder if undone else "",
            place=undone.place if undone else (0, 0),
        )
        after = _seen_undo(before, event) if event.path == path else before
        attempt = attempt_in_flight(self._plan, self._state, path)
        if attempt is not None:
            after = replace(after, waits=asked_inside(path, attempt, before.waits, event))
        self._nodes[path] = after
        if after.status == "succeeded" and undone is not None:
            self._nodes[undone.path] = replace(undone, is_compensated=True)

    # --- what has not begun ---

    def _pending(self) -> Iterator[NodeView]:
        if self._state.has_ended:
            return
        for scope in self._state.scopes.values():
            yield from self._pending_in(scope)

    def _pending_in(self, scope: Scope) -> Iterator[NodeView]:
        for node in self._plan.scopes[scope.body].nodes:
            if scope.status[node.index] == NodeStatus.PENDING:
                path = path_of(self._plan, scope, node.index)
                yield _pending_view(self._plan, self._state, scope, node, path)


# --- nodes -----------------------------------------------------------------------------------------------------------


def _pending_view(plan: Plan, state: RunState, scope: Scope, node: Node, path: str) -> NodeView:
    holder = ""
    if scope.owner >= 0:
        parent = state.scopes[scope.parent]
        holder = path_of(plan, parent, scope.owner)
    tool = node.work.tool if isinstance(node.work, ToolWork) else ""
    place = (scope.index, node.index)
    return NodeView(path=path, kind=node.kind, status="pending", holder=holder, place=place, tool=tool)


def _seen(before: NodeView, scope: Scope, node: Node, event: e.Event) -> NodeView:
    """A node as it is after an event about it or about what it holds."""
    body = event.body
    status = _WORDS[scope.status[node.index]]
    live = scope.live.get(node.index)
    note = scope.notes.get(node.index) or Note()
    attempt = getattr(live, "attempt", None)
    has_ended = is_settled(scope.status[node.index])
    began_now = before.started_at is None and isinstance(
        body, e.NodeStarted | e.NodeOpened | e.NodeWaiting | e.NodeSucceeded | e.NodeFailed
    )
    return replace(
        before,
        status=status,
        attempts=body.attempt if isinstance(body, e.NodeStarted) else max(before.attempts, int(began_now)),
        adopted=body.adopted if isinstance(body, e.NodeSucceeded) else before.adopted,
        started_at=event.at if began_now else before.started_at,
        ended_at=(before.ended_at or event.at) if has_ended else None,
        input=body.input if isinstance(body, e.NodeStarted) else _opened_with(before, body),
        output=scope.values.get(node.index) if has_ended else None,
        error=note.error if has_ended else _error_on_the_way(before, body, attempt),
        labels=note.labels,
        decision=_decision_of_node(body) or before.decision,
        because=_because(before, body),
        waits=() if has_ended else waits_of(before.path, live, before.waits, event),
        copies=_copies(before, node, live),
        is_cancelling=bool(getattr(live, "cancelling", False)),
    )


def _decision_of_node(body: e.Body) -> e.Decision | None:
    """What was decided about the node itself: of its steps others are told."""
    return None if isinstance(body, e.DecisionMade) else getattr(body, "decision", None)


def _opened_with(before: NodeView, body: e.Body) -> Value:
    if not isinstance(body, e.NodeOpened):
        return before.input
    return body.items if body.items is not None else body.inputs


def _error_on_the_way(before: NodeView, body: e.Body, attempt: object) -> e.Error | None:
    """Why the last attempt of a node that still lives was no success."""
    if isinstance(body, e.NodeStarted):
        return None
    return getattr(body, "error", None) or getattr(attempt, "error", None) or before.error


def _because(before: NodeView, body: e.Body) -> tuple[str, ...]:
    because: tuple[str, ...] | str = getattr(body, "because", ())
    if isinstance(because, str):
        because = (because,) if because else ()
    return because or before.because


def _copies(before: NodeView, node: Node, live: object) -> Copies | None:
    if not isinstance(live, Opened):
        return before.copies
    match node.work:
        case EachWork():
            total = live.count
        case LoopWork() as work:
            total = work.max
        case _:
            total = 1
    return Copies(total, live.next, live.next - live.open, len(live.errors))


def _seen_undo(before: NodeView, event: e.Event) -> NodeView:
    """The taking back of a node after an event about it."""
    match event.body:
        case e.UndoStarted() as body:
            return replace(
                before,
                status="running",
                tool=body.tool,
                attempts=body.attempt,
                started_at=before.started_at or event.at,
                input=body.input,
                waits=(),
            )
        case e.UndoResult(status="done") | e.EffectSettled(status="done"):
            return replace(before, status="succeeded", ended_at=event.at, waits=(), error=None)
        case e.UndoResult() as body:
            return replace(before, error=body.error)
        case e.UndoRetrying() as body:
            wait = Wait(path=before.path, reason="retry", since=event.at, due=event.at + body.delay)
            return replace(before, status="waiting", waits=(wait,))
        case e.UndoWaiting() as body:
            wait = Wait(path=before.path, reason="reconcile", since=event.at, effect=body.effect)
            return replace(before, status="waiting", waits=(wait,))
        case e.UndoFailed() as body:
            return replace(before, status="failed", ended_at=event.at, error=body.error, waits=())
        case _:
            return before


# --- the run ---------------------------------------------------------------------------------------------------------


def _flags(state: RunState) -> Iterator[str]:
    if state.outcome is not None:
        return
    root = state.scopes[""]
    if state.is_cancel_asked:
        yield "cancelling"
    elif root.stopping in {"failed", "blocked"}:
        yield "failing"
    if root.rollback and not state.compensating:
        yield "rolling back"
    if root.finishing:
        yield "finishing"
