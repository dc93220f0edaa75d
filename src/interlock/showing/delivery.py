"""Runs as the Agentic Delivery OS told of tasks: their states, the result of a query, and the chain that led to it.

There quality was a constant. Here it is what the evaluation found, and nothing where it found nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal, TypeAlias

from interlock.core.plan import AgentWork, Plan
from interlock.core.values import Value, is_map
from interlock.engine.agents.memory.entries import SESSION_LABEL
from interlock.engine.telling.agents_at_work import AgentView
from interlock.engine.telling.history import NodeView, RunView
from interlock.engine.telling.spending import NO_COSTS, CallCost
from interlock.showing.instants import instant
from interlock.store.rows import RunRow
from interlock.wire import delivery as wire

StepWord: TypeAlias = Literal["pending", "running", "waiting", "success", "error", "skipped"]

GRAPH: Final = "delivery"
"""The graph that answers queries."""
SPECIFIED_BY: Final = "product"
"""The node with which the specification is ready."""
DOLLAR: Final = 1_000_000
MS: Final = 1_000
CALLS: Final = frozenset({"tool", "agent", "graph"})
_MODES: Final[Mapping[str, wire.DeliveryMode]] = {"normal": "NORMAL", "degraded": "DEGRADED", "minimal": "MINIMAL"}
_ENDED: Final[Mapping[str, wire.DeliveryState]] = {
    "succeeded": "COMPLETED",
    "failed": "FAILED",
    "cancelled": "FAILED",
    "rolled_back": "FAILED",
}
_STEPS: Final[Mapping[str, StepWord]] = {"succeeded": "success", "failed": "error", "cancelled": "error"}


def delivery_state(view: RunView) -> wire.DeliveryState:
    """Where a task stands. A person is waited for as in a pause."""
    if view.status in _ENDED:
        return _ENDED[view.status]
    if view.status == "paused" or any(wait.is_for_people for wait in view.waits):
        return "PAUSED"
    begun = [node for node in view.nodes.values() if node.started_at is not None]
    specified = view.nodes.get(SPECIFIED_BY)
    if specified is not None and not specified.has_ended:
        return "IDLE"
    if specified is not None and all(node.path == SPECIFIED_BY for node in begun):
        return "SPEC_READY"
    return "RUNNING" if begun else "IDLE"


def delivery_row_state(row: RunRow) -> wire.DeliveryState:
    """The same, as far as a list tells it."""
    if row.status in _ENDED:
        return _ENDED[row.status]
    if row.status == "paused" or row.waiting:
        return "PAUSED"
    return "RUNNING" if row.seq > 1 else "IDLE"


def delivery_result(view: RunView) -> wire.DeliveryResult:
    """What came of a query, as far as it has come."""
    outputs: Mapping[str, Any] = view.outputs if is_map(view.outputs) else {}
    return wire.DeliveryResult(
        run_id=view.run,
        session_id=view.labels.get(SESSION_LABEL),
        task_type=view.graph,
        state=delivery_state(view),
        mode=_MODES[view.mode],
        query=_field(view.inputs, "query"),
        answer=outputs.get("answer"),
        quality_score=_number(outputs.get("quality")),
        passed=_truth(outputs.get("passed")),
        cost=view.costs.usd / DOLLAR,
        latency=((view.ended_at or view.at) - view.started_at) // MS,
        success=view.status == "succeeded" if view.has_ended else None,
        error=None if view.error is None else view.error.message,
        simulated=view.costs.simulated_calls > 0,
    )


def delivery_run(view: RunView, plan: Plan) -> wire.DeliveryRun:
    """A run with its goal, its plan, and what each step came to, with the evidence for it."""
    specified = view.nodes.get(SPECIFIED_BY)
    return wire.DeliveryRun(
        result=delivery_result(view),
        goal=_field(None if specified is None else specified.output, "goal"),
        plan=[node.name for node in plan.root.nodes],
        steps=[_step(view, node, plan) for node in view.nodes.values()],
    )


def delivery_row(row: RunRow) -> wire.DeliveryRunRow:
    """A run in a list."""
    return wire.DeliveryRunRow(
        run_id=row.run,
        session_id=row.labels.get(SESSION_LABEL),
        task_type=row.graph,
        state=delivery_row_state(row),
        created_at=instant(row.started_at),
    )


def delivery_task(view: RunView) -> wire.DeliveryTask:
    """A task as it stands, with what a person is asked."""
    return wire.DeliveryTask(
        task_id=view.run,
        state=delivery_state(view),
        mode=_MODES[view.mode],
        asks=[wait.question.text for wait in view.waits if wait.is_for_people and wait.question is not None],
    )


def delivery_trace_summary(view: RunView) -> wire.DeliveryTraceSummary:
    """A task in numbers."""
    works = view.agents.values()
    steps = [step for work in works for step in work.steps]
    called = [node.tool for node in view.nodes.values() if node.kind == "tool" and node.attempts]
    return wire.DeliveryTraceSummary(
        task_id=view.run,
        state=delivery_state(view),
        steps=sum(node.started_at is not None for node in view.nodes.values()),
        steps_failed=sum(node.status == "failed" for node in view.nodes.values()),
        agents=_each_once([work.agent for work in works]),
        tools=_each_once([*called, *(step.name for step in steps if step.kind == "tool")]),
        models=_each_once([step.name for step in steps if step.kind == "model"]),
        cost=view.costs.usd / DOLLAR,
        latency_ms=((view.ended_at or view.at) - view.started_at) // MS,
        simulated=view.costs.simulated_calls > 0,
    )


def delivery_charge(run: str, call: CallCost) -> wire.DeliveryCharge:
    """One call, and what it cost."""
    return wire.DeliveryCharge(
        task_id=run,
        node=call.path,
        kind=call.kind,
        name=call.name,
        agent=call.agent,
        at=instant(call.at),
        cost=call.costs.usd / DOLLAR,
        tokens=call.costs.tokens,
        simulated=call.costs.simulated_calls > 0,
    )


def delivery_forecast(costs: Sequence[int]) -> wire.DeliveryForecast:
    """What the next is likely to cost, by what others have cost in millionths of a dollar: the middle one of them."""
    ordered = sorted(costs)
    if not ordered:
        return wire.DeliveryForecast(based_on=0, low=None, likely=None, high=None)
    low, likely, high = (each / DOLLAR for each in (ordered[0], ordered[len(ordered) // 2], ordered[-1]))
    return wire.DeliveryForecast(based_on=len(ordered), low=low, likely=likely, high=high)


def _step(view: RunView, node: NodeView, plan: Plan) -> wire.DeliveryStep:
    work = view.agents.get(node.path)
    lasted = node.lasted(view.at)
    return wire.DeliveryStep(
        node=node.path,
        kind=node.kind,
        agent=work.agent if work is not None else _agent_of(plan, node.path),
        status=_status(node),
        models=_called(work, frozenset({"model"})),
        tools=[node.tool] if node.kind == "tool" and node.tool else _called(work, CALLS),
        cost_impact=view.node_costs.get(node.path, NO_COSTS).usd / DOLLAR,
        latency_ms=None if lasted is None else lasted // MS,
        evidence=node.output,
        error=None if node.error is None else node.error.message,
        why="" if node.decision is None else f"{node.decision.chosen}: {node.decision.why}",
    )


def _status(node: NodeView) -> StepWord:
    match node.status:
        case "pending" | "running" | "waiting" | "skipped" as word:
            return word
        case ended:
            return _STEPS[ended]


def _agent_of(plan: Plan, path: str) -> str | None:
    index = plan.root.index.get(path)
    work = None if index is None else plan.root.nodes[index].work
    return work.agent if isinstance(work, AgentWork) else None


def _called(work: AgentView | None, kinds: frozenset[str]) -> list[str]:
    return [] if work is None else _each_once([step.name for step in work.steps if step.kind in kinds])


def _each_once(names: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(filter(None, names)))


def _field(value: Value, name: str) -> Value:
    return value.get(name) if is_map(value) else None


def _number(value: Value) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _truth(value: Value) -> bool | None:
    return value if isinstance(value, bool) else None
