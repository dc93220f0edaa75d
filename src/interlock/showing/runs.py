"""Runs as programs are shown them."""

from __future__ import annotations

from typing import cast

from msgspec import UNSET, UnsetType, structs

from interlock.core.events import Error
from interlock.engine.telling.agents_at_work import AgentView, StepView
from interlock.engine.telling.history import NodeView, RunView
from interlock.engine.telling.spending import Costs
from interlock.engine.waits import Wait
from interlock.showing.json import fields_shown
from interlock.store.rows import RunRow
from interlock.wire import costs as wire_costs
from interlock.wire import runs as wire


def run_row(row: RunRow) -> wire.RunRow:
    """A run as lists show it."""
    return wire.RunRow(
        run=row.run,
        graph=row.graph,
        status=cast("wire.RunStatus", row.status),  # the core wrote it: it is one of its words
        started_at=row.started_at,
        ended_at=row.ended_at,
        waiting=row.waiting,
        kind=row.kind,
        parent=row.parent,
        labels=row.labels,
        priority=row.priority,
        key=row.key,
        error=row.error,
        seq=row.seq,
        imported_from=row.imported_from,
    )


def run(view: RunView, version: str, *, actions: wire.Actions | UnsetType = UNSET) -> wire.Run:
    """A run with its outputs, nodes and agents; `version` is what its release is called, if there is one."""
    return wire.Run(
        run=view.run,
        graph=view.graph,
        version=version or UNSET,
        status=view.status,
        seq=view.seq,
        mode=view.mode,
        kind=view.kind,
        parent=view.parent,
        key=view.key,
        labels=view.labels,
        started_by=view.started_by,
        started_at=view.started_at,
        ended_at=view.ended_at,
        graph_hash=view.graph_hash,
        bundle=view.bundle,
        inputs=view.inputs,
        outputs=view.outputs,
        nodes=nodes(view),
        flags=list(view.flags),
        error=error(view.error) if view.error else UNSET,
        waiting=[wait(each) for each in view.waits] or UNSET,
        costs=costs(view.costs) if costs_anything(view) else UNSET,
        agents=agents(view) or UNSET,
        actions=actions,
    )


def costs_anything(view: RunView) -> bool:
    """Whether anything of the run costs money or tokens."""
    return bool(view.costs.turns or view.costs.usd or view.costs.held_usd)


def costs(spent: Costs) -> wire_costs.Costs:
    """What calls have cost, with every figure, also those that are nothing."""
    return wire_costs.Costs(**structs.asdict(spent))


def nodes(view: RunView) -> dict[str, wire.Node]:
    """Each node by its path."""
    return {path: node(each) for path, each in view.nodes.items()}


def node(view: NodeView) -> wire.Node:
    """A node's status, attempts and times, and its output or error."""
    return wire.Node(
        status=view.status,
        attempts=view.attempts,
        kind=view.kind,
        error=_brief(view.error) if view.error else UNSET,
        output=view.output if view.has_ended and view.error is None else UNSET,
        started_at=UNSET if view.started_at is None else view.started_at,
        ended_at=UNSET if view.ended_at is None else view.ended_at,
        copies=wire.Copies(**structs.asdict(view.copies)) if view.copies else UNSET,
    )


def error(told: Error) -> wire.Error:
    """Why something failed, and where."""
    return wire.Error(kind=told.kind, message=told.message, path=told.path)


def _brief(told: Error) -> wire.Error:
    """Of a node everybody knows where it is."""
    return wire.Error(kind=told.kind, message=told.message)


def wait(told: Wait) -> wire.Wait:
    """What is waited for, with what is needed to end it."""
    question = told.question
    return wire.Wait(
        path=told.path,
        reason=told.reason,
        since=told.since,
        due=told.due,
        question=question.text if question else UNSET,
        choices=list(question.choices) if question else UNSET,
        form=question.form if question else UNSET,
        event=told.event or UNSET,
        match=told.match if told.event else UNSET,
        effect=told.effect or UNSET,
        tool=(told.tool or None) if told.effect else UNSET,
        input=told.input if told.effect else UNSET,
        error=told.error.message if told.error else UNSET,
    )


def agents(view: RunView) -> dict[str, wire.AgentAtWork]:
    """Its agents by where they work."""
    return {path: agent(each) for path, each in view.agents.items()}


def agent(view: AgentView) -> wire.AgentAtWork:
    """What an agent has done and what that has cost."""
    steps = [_step(each) for each in view.steps]
    return wire.AgentAtWork(agent=view.agent, turns=view.turns, costs=costs(view.costs), steps=steps)


def _step(view: StepView) -> wire.AgentStep:
    return wire.AgentStep(**fields_shown(view))
