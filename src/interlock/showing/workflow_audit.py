"""The decision records of a run, as the Orchestration Builder kept them: one for each node, and one for each denial.

There `allowed` was always true and a denial left nothing. Here each says by which rules it went on or did not.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from interlock.core import events as e
from interlock.core.plan import AgentWork, Node, Plan, ToolWork
from interlock.engine.telling.agents_at_work import AgentView, StepView
from interlock.engine.telling.history import NodeView, RunView
from interlock.engine.telling.spending import NO_COSTS
from interlock.showing.instants import instant
from interlock.wire.workflows import WorkflowDecisionRecord

DOLLAR: Final = 1_000_000
MS: Final = 1_000
CALLS: Final = frozenset({"tool", "agent", "graph"})


class RulesAsked:
    """Takes the events of a run, and keeps by which rules each node went on, and who answered."""

    def __init__(self) -> None:
        self.rules: dict[str, tuple[str, ...]] = {}
        self.by: dict[str, str] = {}

    def take(self, event: e.Event) -> None:
        """One more event."""
        match event.body:
            case e.NodeStarted(rules=rules) | e.NodeWaiting(rules=rules) | e.NodeOpened(rules=rules) if rules:
                self.rules[event.path] = rules
            case e.NodeSucceeded(rules=rules) if rules:
                self.rules[event.path] = rules
            case e.AnswerGiven() | e.VerdictGiven() | e.RemedyGiven():
                self.by[event.path] = event.actor
            case _:
                pass


def decision_records(view: RunView, plan: Plan, asked: RulesAsked) -> Iterator[WorkflowDecisionRecord]:
    """The records of a run, in the order in which its nodes began."""
    scope = plan.root
    for node in view.nodes.values():
        if node.started_at is None and node.error is None:
            continue
        index = scope.index.get(node.path)
        written = None if index is None else scope.nodes[index]
        work = view.agents.get(node.path)
        yield _of_node(view, node, written, work, asked)
        for step in work.steps if work is not None else ():
            if step.status == "refused":
                yield _of_refusal(view, node, written, step)


def _of_node(
    view: RunView, node: NodeView, written: Node | None, work: AgentView | None, asked: RulesAsked
) -> WorkflowDecisionRecord:
    steps = work.steps if work is not None else ()
    denied = node.error is not None and node.error.kind == "refused"
    costs = view.node_costs.get(node.path, NO_COSTS)
    lasted = node.lasted(view.at)
    return WorkflowDecisionRecord(
        correlation_id=view.run,
        workflow_id=view.graph,
        workflow_hash=view.graph_hash,
        node_id=node.path,
        node_name=_name(node, written),
        node_kind=node.kind,
        allowed=not denied,
        reason="" if node.error is None else node.error.message,
        policies_applied=list(asked.rules.get(node.path, ())),
        input_snapshot=node.input,
        output_snapshot=node.output,
        model_info=list(dict.fromkeys(step.name for step in steps if step.kind == "model" and step.name)),
        tool_calls=[node.tool] if node.kind == "tool" else [step.name for step in steps if step.kind in CALLS],
        cost=costs.usd / DOLLAR,
        latency_ms=None if lasted is None else lasted // MS,
        timestamp=instant(node.started_at or view.started_at),
        by=asked.by.get(node.path, ""),
        simulated=costs.simulated_calls > 0,
    )


def _of_refusal(view: RunView, node: NodeView, written: Node | None, step: StepView) -> WorkflowDecisionRecord:
    """A call that an agent wanted and that was not made."""
    return WorkflowDecisionRecord(
        correlation_id=view.run,
        workflow_id=view.graph,
        workflow_hash=view.graph_hash,
        node_id=step.path,
        node_name=_name(node, written),
        node_kind="agent",
        allowed=False,
        reason="" if step.error is None else step.error.message,
        policies_applied=[step.rule] if step.rule else [],
        input_snapshot=None,
        output_snapshot=None,
        model_info=[],
        tool_calls=[step.name],
        cost=0.0,
        latency_ms=None,
        timestamp=instant(node.started_at or view.started_at),
        by="",
        simulated=step.simulated,
    )


def _name(node: NodeView, written: Node | None) -> str:
    match None if written is None else written.work:
        case AgentWork(agent=name) | ToolWork(tool=name):
            return name
        case _:
            return node.name
