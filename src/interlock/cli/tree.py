"""A run as a tree of nodes, for a terminal: one line a node, what it does or waits for, and how long it took.

Pure: it makes lines of a `RunView`. Where there are more than fit, what lives or failed is shown before what is done.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from interlock.cli.agent_rows import agent_line, agent_rows
from interlock.cli.tree_drawing import Row
from interlock.engine.telling.agents_at_work import AgentView
from interlock.engine.telling.events_in_words import instant, short, skip_reason, span
from interlock.engine.telling.history import NodeView, RunView
from interlock.engine.waits import Wait

COPIES_SHOWN_MAX: Final = 8
"""How many items of an `each` or rounds of a `loop` are shown, unless all are asked for."""

_AT_ONCE: Final = {"value", "choose", "fuse"}
"""Kinds that are settled in the moment in which they begin: how long that took is no news."""


def tree_rows(view: RunView, *, now: int, is_full: bool = False) -> list[Row]:
    """The nodes of a run in the order of the document, each below what holds it, and agents with what they do."""
    tree = _Tree(held=_by_holder(view.nodes.values()), agents=view.agents, now=now, is_full=is_full)
    return list(tree.rows_below("", 0))


# --- which rows ------------------------------------------------------------------------------------------------------


Held: TypeAlias = dict[str, list[NodeView]]
"""The nodes that each node holds, by its path; those of the graph itself under no path."""


def _by_holder(nodes: Iterable[NodeView]) -> Held:
    held: Held = {}
    for node in nodes:
        held.setdefault(node.holder, []).append(node)
    for inner in held.values():
        inner.sort(key=lambda node: (node.path.startswith("finally/"), node.place, node.kind == "undo"))
    return held


@dataclass(frozen=True, kw_only=True)
class _Tree:
    """What the rows are made of."""

    held: Held
    agents: dict[str, AgentView]
    now: int
    is_full: bool

    def rows_below(self, holder: str, depth: int) -> Iterator[Row]:
        """The nodes that a node holds."""
        yield from self.rows_of(self.held.get(holder, ()), depth)

    def rows_of(self, nodes: Iterable[NodeView], depth: int) -> Iterator[Row]:
        """Nodes, each with what it holds."""
        for node in nodes:
            agent = self.agents.get(node.path)
            yield _row(node, depth, self.now, agent)
            if node.kind in {"each", "loop"}:
                yield from self._rows_of_copies(node, depth + 1)
            elif agent is not None:
                yield from self._rows_of_agent(agent, depth + 1)
            else:
                yield from self.rows_below(node.path, depth + 1)

    def _rows_of_agent(self, agent: AgentView, depth: int) -> Iterator[Row]:
        inside = self.held.get(agent.path, [])
        return agent_rows(agent, self.agents, inside, depth=depth, is_full=self.is_full, rows_of=self.rows_of)

    def _rows_of_copies(self, node: NodeView, depth: int) -> Iterator[Row]:
        copies: dict[int, list[NodeView]] = {}
        for inner in self.held.get(node.path, ()):
            copies.setdefault(inner.place[0], []).append(inner)
        shown = list(copies) if self.is_full else _copies_worth_showing(copies)
        word = "round" if node.kind == "loop" else "item"
        for number in shown:
            inside = copies[number]
            is_single = any(inner.path == f"{node.path}:{number}" for inner in inside)
            if not is_single:
                yield Row(depth, _status_of_copy(inside), f"{word} {number + 1}")
            yield from self.rows_of(inside, depth if is_single else depth + 1)
        if len(shown) < len(copies):
            yield Row(depth, "", f"… {len(copies) - len(shown)} more {word}s")


def _copies_worth_showing(copies: dict[int, list[NodeView]]) -> list[int]:
    """Those in which something lives or failed; then the latest."""
    loud = [number for number, inside in copies.items() if _status_of_copy(inside) not in {"succeeded", "skipped"}]
    quiet = [number for number in copies if number not in set(loud)]
    chosen = loud[:COPIES_SHOWN_MAX]
    missing = COPIES_SHOWN_MAX - len(chosen)
    return sorted([*chosen, *(quiet[-missing:] if missing else [])])


def _status_of_copy(inside: Sequence[NodeView]) -> str:
    found = {node.status for node in inside}
    order = ("failed", "running", "waiting", "cancelled", "pending", "succeeded")
    return next((status for status in order if status in found), "skipped")


# --- what a row says -------------------------------------------------------------------------------------------------


def _row(node: NodeView, depth: int, now: int, agent: AgentView | None) -> Row:
    took = span(node.lasted(now) or 0) if node.started_at is not None and node.kind not in _AT_ONCE else ""
    worked = agent_line(agent) if agent is not None else ""
    what = " · ".join(part for part in (worked, node_line(node, now=now)) if part)
    return Row(depth, node.status, _label(node), what, took, node.path)


def _label(node: NodeView) -> str:
    return node.name.replace("!undo", " (undo)")


def node_line(node: NodeView, *, now: int) -> str:
    """What a node does, gave or waits for, on one line."""
    parts = [*_flags(node), _state(node, now)]
    return " · ".join(part for part in parts if part)


def _flags(node: NodeView) -> Iterator[str]:
    if node.is_cancelling:
        yield "is asked to stop"
    if node.is_compensated:
        yield "taken back"


def _state(node: NodeView, now: int) -> str:
    match node.status:
        case "pending":
            return ""
        case "running" | "waiting":
            waits = [wait_line(wait, now=now) for wait in node.waits]
            return " · ".join(part for part in (_progress(node), *waits) if part)
        case "failed":
            return _failed(node)
        case "skipped":
            return skip_reason(node.because)
        case "cancelled":
            return "cancelled"
        case "succeeded":
            return _succeeded(node)


def _progress(node: NodeView) -> str:
    parts = [f"attempt {node.attempts}"] if node.attempts > 1 else []
    if node.copies and node.kind == "each":
        parts.append(f"{node.copies.ended} of {node.copies.total} items")
        if node.copies.failed:
            parts.append(f"{node.copies.failed} failed")
    if node.copies and node.kind == "loop":
        parts.append(f"round {max(1, node.copies.begun)} of at most {node.copies.total}")
    return " · ".join(parts)


def _failed(node: NodeView) -> str:
    if node.error is None:
        return "failed"
    inside = f" (in {node.error.path})" if node.error.path not in {"", node.path} else ""
    attempts = f" after {node.attempts} attempts" if node.attempts > 1 else ""
    return f"{node.error.message}{attempts}{inside}"


def _succeeded(node: NodeView) -> str:
    parts: list[str] = []
    if node.adopted:
        parts.append("taken over")
    if node.attempts > 1:
        parts.append(f"attempt {node.attempts}")
    if node.decision is not None and node.decision.chosen:
        parts.append(f"{node.decision.point}: {node.decision.chosen}")
    elif node.labels:
        parts.append(", ".join(node.labels))
    if node.copies and node.kind in {"each", "loop"}:
        parts.append(f"{node.copies.ended} {'items' if node.kind == 'each' else 'rounds'}")
    elif node.output is not None and node.decision is None:
        parts.append(short(node.output))
    return " · ".join(parts)


def wait_line(wait: Wait, *, now: int) -> str:
    """What is waited for, and until when."""
    match wait.reason:
        case "budget" if wait.question is None:
            return "waits until what is held for other calls is given back"
        case "person" | "approval" | "budget":
            return _asked(wait) + _deadline(wait, now)
        case "hold":
            return f"held: {wait.decision.why if wait.decision else 'a check did not pass'}{_deadline(wait, now)}"
        case "failure":
            return f"failed and held: {wait.error.message if wait.error else ''}"
        case "reconcile":
            called = f"`{wait.tool}`" if wait.tool else "the call"
            given = f" with {short(wait.input)}" if wait.input is not None else ""
            return f"nobody knows whether {called}{given} took place (effect {wait.effect})"
        case "event":
            return f"waits for event {wait.event}{_deadline(wait, now)}"
        case "time":
            return f"waits until {instant(wait.due)}, {_in(wait.due, now)}" if wait.due else "waits"
        case "retry":
            again = f"tries again {_in(wait.due, now)}" if wait.due else "tries again"
            return f"{again}, after: {wait.error.message}" if wait.error else again


def _asked(wait: Wait) -> str:
    if wait.question is None:
        return "asks a person"
    options = f" [{' | '.join(wait.question.choices)}]" if wait.question.choices else " [a form]"
    quorum = f", {len(wait.answered_by)} of {wait.question.quorum} answers" if wait.question.quorum > 1 else ""
    return f"asks: {wait.question.text}{options}{quorum}"


def _deadline(wait: Wait, now: int) -> str:
    return f", {_in(wait.due, now)} at most" if wait.due else ""


def _in(due: int | None, now: int) -> str:
    return f"in {span(due - now)}" if due and due > now else "now"
