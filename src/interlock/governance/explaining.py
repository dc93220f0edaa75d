"""Why a policy says what it says: of every rule at a point whether it held, and if not, what stood in its way.

For people who write policies. It asks the same rules as `judge` does, one by one, and decides nothing itself.
"""

from __future__ import annotations

from typing import Any, Final

from msgspec import Struct

from interlock.core.values import Value, is_map
from interlock.core.verdicts import Movement, Verdict
from interlock.governance.conditions import Condition
from interlock.governance.policy import Policy, strongest_first
from interlock.governance.rules import Rule
from interlock.governance.well_formed import fault_in

_LEFT_OUT: Final[dict[str, Any]] = {"risk_at_most": "low", "hosts": [], "reads": [], "writes": [], "external": False}
"""What a grant means by a key that it does not write."""


class Unmet(Struct, frozen=True):
    """A condition that is not true: it keeps a grant from holding, and what stops only where it is false."""

    key: str
    wanted: Value
    found: Value
    is_unknown: bool
    """Whether the movement did not say enough to tell."""


class Considered(Struct, frozen=True):
    """A rule at the movement's point. One that holds and did not decide was overruled by a stronger or earlier one."""

    rule: Rule
    holds: bool
    unmet: tuple[Unmet, ...] = ()


class Explanation(Struct, frozen=True):
    """A verdict, and every rule at its point in the order in which they are asked."""

    verdict: Verdict
    considered: tuple[Considered, ...]

    @property
    def deciding(self) -> Considered | None:
        """The rule that decided; None where none did."""
        return next((each for each in self.considered if each.holds), None)


def explain(policy: Policy, movement: Movement) -> Explanation:
    """What the policy says of a movement, and why."""
    verdict = policy.judge(movement)
    if fault_in(movement):
        return Explanation(verdict, ())
    rules = strongest_first(rule for rule in policy.rules if movement.point in rule.points)
    return Explanation(verdict, tuple(_considered(rule, movement) for rule in rules))


def _considered(rule: Rule, movement: Movement) -> Considered:
    if not rule.is_about(movement.name):
        unmet = Unmet("name", _wanted(rule, "name"), movement.name, is_unknown=False)
        return Considered(rule, holds=False, unmet=(unmet,))
    unmet = (_unmet(condition, rule, movement) for condition in rule.conditions[movement.point])
    return Considered(rule, rule.holds(movement), tuple(each for each in unmet if each is not None))


def _unmet(condition: Condition, rule: Rule, movement: Movement) -> Unmet | None:
    holds = condition.holds(movement)
    if holds:
        return None
    wanted, found = _wanted(rule, condition.key), condition.found(movement)
    return Unmet(condition.key, wanted, found, is_unknown=holds is None)


def _wanted(rule: Rule, key: str) -> Value:
    """What is written under a key, as `who.agent`."""
    holder, _, inner = key.partition(".")
    written = rule.written.get(holder, _LEFT_OUT.get(holder))
    return written.get(inner) if inner and is_map(written) else written
