"""Runs as the Orchestration Builder told of them: its events, its moments, its statuses. Pure functions of the log."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from interlock.core import events as e
from interlock.core.paths import split_step
from interlock.core.plan import Plan
from interlock.core.values import Value
from interlock.engine.telling.history import RunView
from interlock.showing.instants import instant
from interlock.store.sealing import Header
from interlock.wire.workflows import (
    WorkflowEvent,
    WorkflowRun,
    WorkflowSnapshot,
    WorkflowState,
    WorkflowStatus,
    WorkflowWait,
)

STATUSES: Final[Mapping[str, WorkflowStatus]] = {
    "pending": "running",
    "running": "running",
    "waiting": "waiting",
    "paused": "paused",
    "compensating": "running",
    "succeeded": "completed",
    "failed": "failed",
    "cancelled": "failed",
    "rolled_back": "failed",
}
REJECT: Final = "reject"
REFUSED: Final = "refused"
"""What a failure is called that a policy wanted."""


def workflow_run(view: RunView, plan: Plan) -> WorkflowRun:
    """A run as it stands."""
    return WorkflowRun(
        run_id=view.run,
        correlation_id=view.run,
        workflow_id=view.graph,
        status=STATUSES[view.status],
        outputs=view.outputs,
        error=None if view.error is None else view.error.message,
        waiting_for=[
            WorkflowWait(
                node_id=wait.path,
                approval_key=approval_key(plan, wait.path),
                question="" if wait.question is None else wait.question.text,
            )
            for wait in view.waits
            if wait.is_for_people
        ],
        seq=view.seq,
        simulated=view.costs.simulated_calls > 0,
    )


def approval_key(plan: Plan, path: str) -> str | None:
    """The key by which an approval is asked for: a label of its node."""
    scope = plan.root
    index = scope.index.get(path)
    return None if index is None else next(iter(scope.nodes[index].labels), None)


def snapshot_id(run: str, seq: int) -> str:
    """How a moment is named: `RUN@12`."""
    return f"{run}@{seq}"


def workflow_state(view: RunView, *, record_holds: bool | None) -> WorkflowState:
    """A run as it was after an event."""
    given = {node.path: node.output for node in view.nodes.values() if node.status == "succeeded"}
    return WorkflowState(
        snapshot_id=snapshot_id(view.run, view.seq),
        run_id=view.run,
        workflow_id=view.graph,
        seq=view.seq,
        status=STATUSES[view.status],
        context={"inputs": view.inputs, **given},
        record_holds=record_holds,
    )


class WorkflowEventsTold:
    """Takes the events of a run from its first on, and tells each in the words of the Orchestration Builder."""

    def __init__(self, plan: Plan, run: str) -> None:
        self._run = run
        self._kinds = {node.name: node.kind for node in plan.root.nodes}

    def told(self, kept: e.Event | Header) -> Iterator[WorkflowEvent]:
        """What one more event comes to, the next of the log."""
        for kind, payload in self._matters(kept) if isinstance(kept, e.Event) else (("erased", {}),):
            yield WorkflowEvent(
                id=f"{self._run}:{kept.seq}",
                type=kind,
                payload=payload,
                ts=instant(kept.at),
                correlation_id=self._run,
                causation_id=f"{self._run}:{kept.cause}" if kept.cause else None,
                idempotency_key=f"{self._run}:{kept.seq}:{kind}",
            )

    def snapshots(self, kept: e.Event | Header) -> Iterator[WorkflowSnapshot]:
        """The moments that one more event comes to: after each that is told."""
        for event in self.told(kept):
            yield WorkflowSnapshot(
                snapshot_id=snapshot_id(self._run, kept.seq),
                seq=kept.seq,
                ts=event.ts,
                after=event.type,
                node_id=kept.path or None,
            )

    def _matters(self, event: e.Event) -> Iterator[tuple[str, dict[str, Value]]]:
        node: dict[str, Value] = {"node_id": event.path}
        match event.body:
            case e.RunStarted() as body:
                yield "workflow.started", {"workflow_id": body.graph, "inputs": body.inputs}
            case e.RunEnded(outcome=outcome) if outcome.status == "succeeded":
                yield "workflow.completed", {"outputs": outcome.out}
            case e.RunEnded(outcome=outcome):
                yield "workflow.failed", {"status": outcome.status, "error": _message(outcome.error)}
            case e.NodeWaiting(reason="person", question=question) if question is not None:
                yield "human.wait", node | {"question": question.text, "choices": list(question.choices)}
            case e.AnswerGiven() as body:
                said = "human.rejected" if body.choice == REJECT else "human.approved"
                yield said, node | {"choice": body.choice, "by": event.actor, "reason": body.why}
            case e.NodeResult(status="done") as body:
                yield from self._completed(event.path, body.out, simulated=body.simulated)
            case e.ResultAdopted() as body:
                yield from self._completed(event.path, body.out, simulated=False)
            case e.NodeSucceeded(adopted=0) as body:
                yield from self._completed(event.path, body.out, simulated=False)
            case e.NodeFailed(error=error):
                denied = error.kind == REFUSED
                yield "policy.denied" if denied else "node.failed", node | {"error": error.message, "kind": error.kind}
            case e.DecisionMade(error=e.Error() as error) as body:
                yield "policy.denied", node | {"tool": body.name, "rule": body.decision.rule, "error": error.message}
            case _:
                pass

    def _completed(self, path: str, out: Value, *, simulated: bool) -> Iterator[tuple[str, dict[str, Value]]]:
        """A task or an agent that is done. What people are asked is told as they answer, and gates as they fail."""
        kind = self._kinds.get(path)
        if kind is None or kind in {"human", "gate"} or split_step(path) is not None:
            return
        told = "agent.completed" if kind == "agent" else "task.completed"
        yield told, {"node_id": path, "output": out, "simulated": simulated}


def _message(error: e.Error | None) -> str | None:
    return None if error is None else error.message
