"""The verdicts of a log, for whoever decides it anew: the policy of then is asked of the record, and of nobody else."""

from __future__ import annotations

from typing import Literal

from interlock.core import events as e
from interlock.core.deciding.permitting import POLICY
from interlock.core.state import RunState
from interlock.core.verdicts import Movement, Point, Verdict


class RecordedVerdicts:
    """Answers at each point as one recorded event says that the policy did."""

    def __init__(self, state: RunState, event: e.Event) -> None:
        self._said = _said_in(event.body, state.policy)

    def __call__(self, movement: Movement) -> Verdict | None:
        """What was said at that point; None where nobody was asked."""
        return self._said.get(movement.point)


def _said_in(body: e.Body, policy: str) -> dict[Point, Verdict]:
    match body:
        case e.NodeStarted():
            return _of_call(body, body.policy or policy)
        case e.NodeOpened():
            return _of_edges(body.rules, body.policy or policy)
        case e.NodeWaiting() | e.NodeSucceeded():
            return _of_edges(body.rules, body.policy or policy) | _of_decision(body.decision)
        case e.NodeFailed():
            return _of_decision(body.decision)
        case _:
            return {}


def _of_call(body: e.NodeStarted, policy: str) -> dict[Point, Verdict]:
    """The rule of the call is the last one; before it stands that of the edges, where the node was come to."""
    if body.emits:
        return _of_edges(body.rules, policy)
    if not body.rules:
        return {}
    said = _of_edges(body.rules[:-1], policy)
    said["tool"] = Verdict("ask" if body.approved else "allow", body.rules[-1], policy)
    return said


def _of_edges(rules: tuple[str, ...], policy: str) -> dict[Point, Verdict]:
    return {"edge": Verdict("allow", rules[0], policy)} if rules else {}


def _of_decision(decision: e.Decision | None) -> dict[Point, Verdict]:
    """Of a movement that was stopped, what was said at each point; of a gate, what was said of it."""
    if decision is None or not decision.rule:
        return {}
    why, digest = decision.why, decision.digest
    if decision.point == POLICY:
        return dict(_said_of(option, decision) for option in decision.options)
    said: dict[str, Literal["allow", "ask"]] = {"promote": "allow", "hold": "ask"}
    return {"gate": Verdict(said.get(decision.chosen, "deny"), decision.rule, digest, why)}


def _said_of(option: e.Option, decision: e.Decision) -> tuple[Point, Verdict]:
    point: Point = "edge" if option.name == "edge" else "tool"
    why = decision.why if option.note == decision.rule else ""
    return point, Verdict(option.score, option.note, decision.digest, why)
