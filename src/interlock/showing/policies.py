"""Policies as programs are shown them."""

from __future__ import annotations

from typing import Any

from msgspec import UNSET, UnsetType, to_builtins

from interlock.core.verdicts import Movement
from interlock.governance.explaining import Considered, Explanation
from interlock.governance.policy import Policy, strongest_first
from interlock.wire import policies as wire


def rules(policy: Policy) -> list[dict[str, Any]]:
    """The rules in the order in which they decide, as they are written."""
    return [
        {"rule": rule.name, "verdict": rule.verdict, "origin": rule.origin, **rule.written}
        for rule in strongest_first(policy.rules)
    ]


def explanation(told: Explanation, movement: Movement, *, note: str | UnsetType = UNSET) -> wire.PolicyExplanation:
    """What the policy says of a movement, and why."""
    verdict = told.verdict
    return wire.PolicyExplanation(
        verdict=verdict.verdict,
        rule=verdict.rule,
        policy=verdict.policy,
        why=verdict.why,
        to=verdict.to,
        rules=[_considered(each, decides=each is told.deciding) for each in told.considered],
        movement=to_builtins(movement),
        note=note,
    )


def _considered(considered: Considered, *, decides: bool) -> wire.ConsideredRule:
    return wire.ConsideredRule(
        rule=considered.rule.name,
        verdict=considered.rule.verdict,
        origin=considered.rule.origin,
        holds=considered.holds,
        decides=decides,
        unmet=[
            wire.UnmetCondition(key=each.key, wanted=each.wanted, found=each.found, unknown=each.is_unknown)
            for each in considered.unmet
        ],
    )
