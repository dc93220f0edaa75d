"""Nodes that hold scopes (an `each`, a `loop`, a graph or block): they open, go on copy by copy, and end.

Rules 19 and 23 to 25.
"""

from __future__ import annotations

from typing import assert_never

from interlock.core import events as e
from interlock.core import plan as p
from interlock.core.deciding.giving import given
from interlock.core.deciding.in_hand import Deciding
from interlock.core.deciding.reading import Reader, round_value
from interlock.core.expressions import EvaluationError
from interlock.core.paths import inner_key
from interlock.core.state import Opened
from interlock.core.values import Value, is_list, is_map

EACH_ITEMS_MAX = 10_000


def open_node(on: Deciding, because: tuple[str, ...]) -> e.Command:
    """It begins: the list of an `each` and the inputs of a graph are fixed here."""
    match on.node.work:
        case p.EachWork() as work:
            return _open_each(on, work, because)
        case p.GraphWork(name=str()) as work:
            return _open_graph(on, work, because)
        case _:
            return on.command(e.NodeOpened(within=on.node.timeout, because=because))


def _open_graph(on: Deciding, work: p.GraphWork, because: tuple[str, ...]) -> e.Command:
    written: Value = {} if on.node.input is None else on.reader().template(on.node.input)
    inputs, problems = given(on.plan.scopes[work.body], written)
    if problems:
        return on.invalid(f"graph {work.name} was not given what it takes: {'; '.join(problems)}")
    return on.command(e.NodeOpened(inputs=on.pack(inputs), within=on.node.timeout, because=because))


def _open_each(on: Deciding, work: p.EachWork, because: tuple[str, ...]) -> e.Command:
    items = on.reader().template(work.items)
    whole = on.reader().loaded(items)
    if not is_list(whole):
        return on.invalid(f"`each` wants a list and was given {_kind(whole)}")
    if len(whole) > EACH_ITEMS_MAX:
        return on.invalid(f"`each` was given {len(whole)} items, and at most {EACH_ITEMS_MAX} are allowed")
    return on.command(e.NodeOpened(items=on.pack(items), count=len(whole), within=on.node.timeout, because=because))


def _kind(value: Value) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case str():
            return "text"
        case _:
            return "a map"


def go_on(on: Deciding) -> e.Command:
    """What a node that holds scopes does next: another copy, or its end."""
    held, node = on.live, on.node
    assert isinstance(held, Opened)
    if held.cancelling:
        return on.command(e.NodeCancelled())
    if held.closing:
        return _closed(on, held)
    match node.work:
        case p.EachWork() as work:
            return _next_item(on, held, work)
        case p.LoopWork() as work:
            return _next_round(on, held, work)
        case p.GraphWork() as work:
            return _graph_ended(on, held) if held.next else _open_copy(on, work.body, 0)
        case _:
            raise AssertionError(f"a {node.kind} holds no scopes")


def _open_copy(on: Deciding, body: int, index: int) -> e.Command:
    key = inner_key(on.path, on.plan.scopes[body], index)
    return e.Command(key, e.ScopeOpened(index), on.matter.cause)


def _closed(on: Deciding, held: Opened) -> e.Command:
    """Its scopes have stopped: it ends as the cause of the closing says."""
    match held.closing:
        case "quorum" | "complete":
            return on.command(
                e.NodeSucceeded(composed=True, labels=("completed",) if held.closing == "complete" else ())
            )
        case "failed" | "timeout":
            return on.failed(held.error or e.Error("failed", "it was closed", on.path))
        case "":
            raise AssertionError("it is not closing")
        case _ as never:
            assert_never(never)


def _next_item(on: Deciding, held: Opened, work: p.EachWork) -> e.Command:
    if held.error is not None:
        return _close_or_fail(on, held, held.error)
    if work.quorum is not None and held.succeeded >= work.quorum:
        if held.open:
            return on.command(e.NodeClosing("quorum"))
        return on.command(e.NodeSucceeded(composed=True))
    if held.next < held.count:
        return _open_copy(on, work.body, held.next)
    if work.quorum is not None:
        message = f"{held.succeeded} of {held.count} items succeeded, and {work.quorum} were wanted"
        return on.failed(e.Error("failed", message, on.path))
    return on.command(e.NodeSucceeded(composed=True))


def _close_or_fail(on: Deciding, held: Opened, error: e.Error) -> e.Command:
    return on.command(e.NodeClosing("failed", error)) if held.open else on.failed(error)


def _next_round(on: Deciding, held: Opened, work: p.LoopWork) -> e.Command:
    """The first round, or what the round that has just ended decides."""
    if held.next == 0:
        return _open_copy(on, work.body, 0)
    outcome = held.outcome
    assert outcome is not None
    if outcome.status != "succeeded":
        return on.failed(outcome.error or e.Error("failed", "the round failed", on.path))
    try:
        is_done = work.until is not None and _after_round(on, held, work).holds(work.until)
    except EvaluationError as problem:
        return on.invalid(problem)
    if is_done:
        return on.command(e.NodeSucceeded(composed=True))
    if held.next < work.max:
        return _open_copy(on, work.body, held.next)
    if work.at_max == "accept":
        return on.command(e.NodeSucceeded(composed=True, labels=("capped",)))
    return on.failed(e.Error("exhausted", f"cap: {work.max} rounds and `until` is not true", on.path))


def _after_round(on: Deciding, held: Opened, work: p.LoopWork) -> Reader:
    """What `until` sees: the names of the body, and the round's own variable."""
    values: dict[str, Value] = {node.name: {} for node in on.plan.scopes[work.body].nodes}
    ended = held.round if is_map(held.round) else {}
    variables = {work.round: round_value(held.next - 1, held.last), "nodes": held.facts or {}}
    return on.reader(values | ended | variables)


def _graph_ended(on: Deciding, held: Opened) -> e.Command:
    outcome = held.outcome
    assert outcome is not None
    match outcome.status:
        case "succeeded":
            return on.command(e.NodeSucceeded(composed=True))
        case "cancelled":
            return on.command(e.NodeCancelled())
        case "failed" | "rolled_back":
            return on.failed(outcome.error or e.Error("failed", "the graph failed", on.path))
