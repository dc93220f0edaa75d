"""Scopes opening and ending inside the state: copies of lists of nodes come and go, and their holders move on.

Part of `evolve`: changes the state in place and evaluates no expression.
"""

from __future__ import annotations

from interlock.core.events import Error, ScopeOutcome
from interlock.core.evolving.accounts import GRAPH
from interlock.core.evolving.calls import call_moved
from interlock.core.evolving.settling import end_if_done, queue_if_free, stop_scope
from interlock.core.evolving.under_way import step_at
from interlock.core.lifecycle import NodeStatus
from interlock.core.node_facts import node_facts
from interlock.core.paths import inner_key, node_at, node_of_step, path_of
from interlock.core.plan import EachWork, GraphWork, LoopWork, Node, Plan
from interlock.core.state import Account, Calling, Matter, Opened, RunState, Scope
from interlock.core.values import Value

ROOT_KEY = ""


def open_scope(
    plan: Plan, state: RunState, key: str, body: int, *, parent: str = "", owner: int = -1, index: int = 0
) -> Scope:
    """A new copy of a list of nodes. What waits for nothing in it is ready at once."""
    nodes = plan.scopes[body].nodes
    scope = Scope(
        key=key,
        body=body,
        status=bytearray(len(nodes)),
        flags=bytearray(len(nodes)),
        fired=[0] * len(nodes),
        dead=[0] * len(nodes),
        unmet=[node.requirements for node in nodes],
        unsettled=len(nodes),
        parent=parent,
        owner=owner,
        index=index,
    )
    state.scopes[key] = scope
    for node in nodes:
        queue_if_free(state, scope, node)
    end_if_done(state, scope)
    return scope


def open_root(plan: Plan, state: RunState, inputs: Value) -> Scope:
    """The graph itself, with the limits that hold for the whole run."""
    scope = open_scope(plan, state, ROOT_KEY, 0)
    scope.inputs = inputs
    limit_graph(plan, state, scope, within=plan.root.timeout)
    if plan.root.budget and plan.root.budget.wall is not None:
        state.wall_limit = plan.root.budget.wall
    return scope


def limit_graph(plan: Plan, state: RunState, scope: Scope, *, within: int | None) -> None:
    """A graph's own deadline and its limits begin with its scope."""
    body = plan.scopes[scope.body]
    if within is not None:
        state.timers.set(scope.key, "timeout", state.at + within)
    if body.budget and body.budget.counts:
        scope.accounts[GRAPH] = Account(body.budget)


def open_inner(plan: Plan, state: RunState, holder: Scope, node: Node, index: int) -> None:
    """A scope of a node that holds scopes: the next item, the next round, the body of a graph."""
    work, held = node.work, holder.live[node.index]
    assert isinstance(held, Opened)
    assert isinstance(work, EachWork | LoopWork | GraphWork)
    held.next = index + 1
    held.open += 1
    key = inner_key(path_of(plan, holder, node.index), plan.scopes[work.body], index)
    scope = open_scope(plan, state, key, work.body, parent=holder.key, owner=node.index, index=index)
    if plan.scopes[work.body].kind == "graph":
        scope.inputs = held.inputs
        limit_graph(plan, state, scope, within=plan.scopes[work.body].timeout)
    poke(plan, state, holder, node)


def open_called_graph(plan: Plan, state: RunState, step: str, name: str, inputs: Value) -> None:
    """The graph that an agent has called: a scope inside that step."""
    place = node_at(plan, state, node_of_step(step))
    assert place is not None
    holder, node = place
    body = plan.called_graphs[name]
    scope = open_scope(plan, state, f"{step}/", body, parent=holder.key, owner=node.index)
    scope.inputs = inputs
    limit_graph(plan, state, scope, within=plan.scopes[body].timeout)


def open_finally(plan: Plan, state: RunState, scope: Scope, outcome: ScopeOutcome) -> None:
    """The graph's status is known: what it declared to do in any case runs, once."""
    body = plan.scopes[scope.body].finally_
    assert body is not None
    leave_compensation(state, scope)
    scope.outcome = outcome
    scope.finishing = True
    scope.end_queued = False
    open_scope(plan, state, inner_key(scope.key, plan.scopes[body], 0), body, parent=scope.key)


def leave_compensation(state: RunState, scope: Scope) -> None:
    """Nothing more is taken back here: the scope comes to its `finally`, or ends."""
    if scope.is_taking_back:
        scope.is_taking_back = False
        state.compensating -= 1


def drop_scope(plan: Plan, state: RunState, scope: Scope, outcome: ScopeOutcome) -> None:
    """A scope has ended: its value and what may have to be undone pass to the node that holds it."""
    del state.scopes[scope.key]
    state.timers.clear(scope.key, "timeout")
    leave_compensation(state, scope)
    parent = state.scopes[scope.parent]
    if scope.owner < 0:
        # What a `finally` did is not taken back with its graph, so it is named as standing.
        parent.standing.extend([*scope.standing, *(entry.path for entry in scope.undos)])
        parent.end_queued = True
        state.matters.add(Matter("end", parent.key, cause=state.seq))
        return
    node = plan.scopes[parent.body].nodes[scope.owner]
    held = parent.live[scope.owner]
    parent.not_undone.extend(scope.not_undone)
    if isinstance(held, Calling):
        _end_called_graph(plan, state, parent, scope, outcome)
        call_moved(state, held.attempt)
        return
    assert isinstance(held, Opened)
    held.open -= 1
    held.undos.extend(scope.undos)
    held.standing.extend(scope.standing)
    _take_outcome(plan, node, held, scope, outcome)
    poke(plan, state, parent, node)


def _end_called_graph(plan: Plan, state: RunState, parent: Scope, scope: Scope, outcome: ScopeOutcome) -> None:
    """The agent that called it goes on; what may have to be undone is so with the scope in which the agent works."""
    parent.undos.extend(scope.undos)
    parent.standing.extend(scope.standing)
    step = step_at(plan, state, scope.key.removesuffix("/"))
    assert step is not None
    step.status, step.out, step.error, step.tainted = "ended", outcome.out, outcome.error, state.is_tainted
    if outcome.status != "succeeded" and step.error is None:
        step.error = Error(
            "cancelled" if outcome.status == "cancelled" else "failed", f"the graph was {outcome.status}"
        )


def _take_outcome(plan: Plan, node: Node, held: Opened, scope: Scope, outcome: ScopeOutcome) -> None:
    held.outcome = outcome
    match node.work:
        case EachWork():
            _take_item(held, scope, outcome, is_single=plan.scopes[scope.body].single)
        case LoopWork() as work:
            held.round = scope_values(plan, scope)
            if work.until is not None and "nodes" in work.until.roots:
                names = plan.scopes[scope.body].nodes
                held.facts = {each.name: node_facts(plan, scope, each.index) for each in names}
        case _:
            pass


def _take_item(held: Opened, scope: Scope, outcome: ScopeOutcome, *, is_single: bool) -> None:
    """An item's value, and the errors to be listed: of an item that failed, or of one node that went on in spite.

    With `do` the node is the item: one that failed and goes on, was skipped or cancelled is none of a quorum.
    """
    if outcome.status == "succeeded":
        held.succeeded += not is_single or scope.status[0] == NodeStatus.SUCCEEDED
        held.results[scope.index] = outcome.out
        collected = next((note.error for note in scope.notes.values() if note.error is not None), None)
        if collected is not None:
            held.errors[scope.index] = collected
    elif outcome.status == "failed":
        error = outcome.error or Error("failed", "the item failed")
        held.errors[scope.index] = error
        held.error = held.error or error


def poke(plan: Plan, state: RunState, scope: Scope, node: Node) -> None:
    """Whether a node that holds scopes can go on: then that is a matter, and only then."""
    held = scope.live.get(node.index)
    if isinstance(held, Opened) and can_go_on(node, held):
        state.matters.add(Matter("next", scope.key, node.index, cause=state.seq))


def can_go_on(node: Node, held: Opened) -> bool:
    """Whether something about a node that holds scopes can be decided now."""
    if held.closing or held.cancelling:
        return held.open == 0
    match node.work:
        case EachWork() as work:
            if held.error is not None or (work.quorum is not None and held.succeeded >= work.quorum):
                return True
            return (held.next < held.count and held.open < work.parallel) or (
                held.open == 0 and held.next == held.count
            )
        case _:
            return held.open == 0


def close_inner(plan: Plan, state: RunState, scope: Scope, node: Node) -> None:
    """Every scope that a node still holds is asked to stop; with none, the node can go on to its end."""
    held = scope.live[node.index]
    is_closing = isinstance(held, Opened) and held.closing
    open_scopes = [inner for inner in state.scopes.values() if inner.parent == scope.key and inner.owner == node.index]
    for inner in open_scopes:
        stop_scope(state, inner, "closing" if is_closing else "cancelled")
    poke(plan, state, scope, node)


def scope_values(plan: Plan, scope: Scope) -> dict[str, Value]:
    """The values of a scope's nodes by name, in the order of the document; nodes without one are left out."""
    names = plan.scopes[scope.body].nodes
    return {names[index].name: scope.values[index] for index in sorted(scope.values)}


def is_pending(scope: Scope, index: int) -> bool:
    """Whether a node has not begun."""
    return scope.status[index] == NodeStatus.PENDING
