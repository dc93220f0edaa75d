"""A policy in force: rules in their order, a digest of what they say, and the judgement of movements.

The stronger verdict decides (deny, ask, allow), of two equally strong rules the earlier; where no rule holds, it is
denied. Judging is pure, whatever was judged before. Where rules come from is no matter here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from interlock.core.canonical import canonical
from interlock.core.spending import MicroUsd
from interlock.core.values import digest_of
from interlock.core.verdicts import POLICY_DIGEST_LENGTH, Movement, Verdict
from interlock.governance.policy_document import VERDICTS
from interlock.governance.rules import Rule
from interlock.governance.rules_of_name import RulesOfName
from interlock.governance.well_formed import fault_in

NO_RULE: Final = "interlock#no_rule_allows"
MALFORMED: Final = "interlock#malformed"
NOT_IN_FORCE: Final = "interlock#not_in_force"
UNJUDGED: Final = "interlock#unjudged"
"""What verdicts name where no rule that anybody wrote has decided."""

LANGUAGE: Final = 1
_NO_LIMITS: Final[Mapping[str, MicroUsd]] = MappingProxyType({})
NAMES_KEPT_MAX: Final = 1_024
NAME_LENGTH_KEPT_MAX: Final = 256


class Policy:
    """Rules that are in force together. Its `judge` is what an engine asks before every movement."""

    def __init__(self, rules: Sequence[Rule], limits: Mapping[str, MicroUsd] = _NO_LIMITS) -> None:
        self.limits = limits
        """What graphs and agents that name one of the policies may spend: a term of theirs when they are compiled."""
        self.rules = tuple(rules)
        """In their order, those of all points."""
        self.names = frozenset(rule.name.partition("#")[0] for rule in self.rules)
        """What stands after `policy:` in the files whose rules are in force."""
        self.digest = digest_of(canonical(self.as_data()))
        """The same for policies that say the same, wherever their files lie and in whatever order they were read."""
        self._named, self._general = _by_name(self.rules)
        self._at_hand: dict[tuple[str, str], RulesOfName] = {}

    @property
    def short_digest(self) -> str:
        """The digest as verdicts carry it."""
        return self.digest[:POLICY_DIGEST_LENGTH]

    def as_data(self) -> dict[str, Any]:
        """The policy as JSON: what its digest is made of, and what another judge can be given."""
        return {"language": LANGUAGE, "rules": [{"rule": rule.name, **rule.written} for rule in self.rules]}

    def judge(self, movement: Movement) -> Verdict:
        """What the policy says of a movement. Never raises: what cannot be judged is denied."""
        try:
            if fault := fault_in(movement):
                return self._denied(MALFORMED, f"the movement cannot be judged: {fault}")
            if movement.policies and (missing := self.missing(movement.policies)):
                return self._denied(NOT_IN_FORCE, f"its agent wants the policy `{missing[0]}`, which is not in force")
            return self._rules_for(movement).verdict_on(movement)
        except Exception as error:  # noqa: BLE001 - the boundary: whatever a movement holds, nothing is let pass by it
            return self._denied(UNJUDGED, f"judging it failed with {type(error).__name__}")

    def _denied(self, rule: str, why: str) -> Verdict:
        return Verdict("deny", rule, self.short_digest, why)

    def missing(self, wanted: Iterable[str]) -> list[str]:
        """Those of these policies that are not in force."""
        return [name for name in wanted if name not in self.names]

    # --- which rules may speak ---------------------------------------------------------------------------------------

    def rules_about(self, point: str, name: str) -> list[Rule]:
        """The rules that are about what stands at a point under a name: the strongest first, then in their order."""
        named = self._named.get((point, name), ())
        general = [each for each in self._general.get(point, ()) if each[1].is_about(name)]
        return [rule for _, rule in sorted([*named, *general], key=_strength)]

    def _rules_for(self, movement: Movement) -> RulesOfName:
        """The same, ready to be asked, and kept: a graph moves by the same names again and again."""
        key = (movement.point, movement.name)
        found = self._at_hand.get(key)
        if found is None:
            verdicts = [(rule, verdict_of(rule, self.short_digest)) for rule in self.rules_about(*key)]
            found = RulesOfName(movement.point, verdicts, self._nothing_allows(*key))
            if len(movement.name) <= NAME_LENGTH_KEPT_MAX:
                if len(self._at_hand) >= NAMES_KEPT_MAX:
                    self._at_hand.clear()
                self._at_hand[key] = found
        return found

    def _nothing_allows(self, point: str, name: str) -> Verdict:
        return self._denied(NO_RULE, f"no rule allows the {point} `{_shown(name)}` as it was asked for")


def verdict_of(rule: Rule, policy: str) -> Verdict:
    """What is said where a rule decides."""
    why = rule.description or f"the rule says `{rule.verdict}`"
    return Verdict(rule.verdict, rule.name, policy, why, rule.to)


def _shown(name: str) -> str:
    """A name as it may be kept: it may come from a model, be of any length, and hold half a character."""
    cut = name if len(name) <= NAME_LENGTH_KEPT_MAX else f"{name[:NAME_LENGTH_KEPT_MAX]}…"
    return cut.encode("utf-8", "replace").decode()


# --- rules by what they are about ------------------------------------------------------------------------------------

_Placed = tuple[int, Rule]


def _by_name(rules: Sequence[Rule]) -> tuple[dict[tuple[str, str], list[_Placed]], dict[str, list[_Placed]]]:
    """Rules that name what they are about, by point and name; and the others by point. Each with its place."""
    named: dict[tuple[str, str], list[_Placed]] = {}
    general: dict[str, list[_Placed]] = {}
    for placed in enumerate(rules):
        exact = placed[1].exact_names
        for point in placed[1].points:
            if exact is None:
                general.setdefault(point, []).append(placed)
            for name in exact or ():
                named.setdefault((point, name), []).append(placed)
    return named, general


def _strength(placed: _Placed) -> tuple[int, int]:
    return VERDICTS.index(placed[1].verdict), placed[0]


def strongest_first(rules: Iterable[Rule]) -> list[Rule]:
    """Rules in the order in which they decide: those of one strength as they stand."""
    return [rule for _, rule in sorted(enumerate(rules), key=_strength)]
