"""The rules about one name at one point, made ready to be asked again and again.

Most of a movement is the same whenever a graph moves by that name; its path and its arguments are not. What the rules
say of the rest is kept, so that for each movement only what looks at those two is asked. Nothing else is decided here:
asking all rules one by one would say the same.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from operator import attrgetter
from typing import Final, TypeAlias

from interlock.core.verdicts import Movement, Verdict
from interlock.governance.conditions import Condition
from interlock.governance.policy_document import VerdictWord
from interlock.governance.rules import Rule, hold

KEPT_MAX: Final = 64
_CHANGING: Final = frozenset({"path", "arguments"})
"""The fields of which nearly every movement has its own: each item of an `each` has another path."""

_Conditions: TypeAlias = tuple[Condition, ...]
_LeftToAsk: TypeAlias = tuple[tuple[_Conditions, VerdictWord, Verdict], ...]


class RulesOfName:
    """Rules in the order in which they are asked, each with its verdict, and the verdict where none of them holds."""

    __slots__ = ("_if_none_holds", "_kept", "_rules", "_what_is_steady")

    def __init__(self, point: str, rules: Sequence[tuple[Rule, Verdict]], if_none_holds: Verdict) -> None:
        self._rules = [_parted(rule, point, verdict) for rule, verdict in rules]
        self._if_none_holds = if_none_holds
        self._what_is_steady = _getter({each.field for steady, *_ in self._rules for each in steady})
        self._kept: dict[Hashable, _LeftToAsk] = {}

    def verdict_on(self, movement: Movement) -> Verdict:
        """What the first rule says that holds."""
        for conditions, word, verdict in self._left_to_ask(movement):
            if not conditions or hold(conditions, movement, word):
                return verdict
        return self._if_none_holds

    def _left_to_ask(self, movement: Movement) -> _LeftToAsk:
        """The rules that hold as far as what is steady goes, up to the first that holds altogether."""
        steady = self._what_is_steady(movement)
        left = self._kept.get(steady)
        if left is None:
            if len(self._kept) >= KEPT_MAX:
                self._kept.clear()
            left = self._kept[steady] = self._asked_of_what_is_steady(movement)
        return left

    def _asked_of_what_is_steady(self, movement: Movement) -> _LeftToAsk:
        left: list[tuple[_Conditions, VerdictWord, Verdict]] = []
        for steady, changing, word, verdict in self._rules:
            if hold(steady, movement, word):
                left.append((changing, word, verdict))
                if not changing:
                    break
        return tuple(left)


def _parted(rule: Rule, point: str, verdict: Verdict) -> tuple[_Conditions, _Conditions, VerdictWord, Verdict]:
    """A rule's conditions: those that look at what is steady, and the others."""
    conditions = rule.conditions[point]
    steady = tuple(each for each in conditions if each.field not in _CHANGING)
    changing = tuple(each for each in conditions if each.field in _CHANGING)
    return steady, changing, rule.verdict, verdict


def _getter(fields: set[str]) -> Callable[[Movement], Hashable]:
    return attrgetter(*sorted(fields)) if fields else _nothing


def _nothing(movement: Movement) -> Hashable:
    return None
