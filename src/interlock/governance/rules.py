"""A rule ready to be asked: what it says, of what, and its conditions; made of what a person wrote.

A grant gives what it names and no more: risk above low, hosts, files and changes outside have to be written. What
stops (`deny`, `ask`) speaks of all that it does not leave out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from msgspec import Struct

from interlock.core.verdicts import Movement
from interlock.governance.arguments import Wanted, argument_is, wanted_values
from interlock.governance.conditions import (
    Condition,
    agent_matches,
    asked_by,
    comes_from,
    is_one_of,
    is_tainted,
    lies_between,
    word_matches,
)
from interlock.governance.held_text import holds_text
from interlock.governance.needs import NeedKind, changes_outside, host_name, needs_covered, needs_touched
from interlock.governance.patterns import Patterns, any_matches, pattern
from interlock.governance.policy_document import ArgumentBounds, RuleSpec, VerdictWord, Who
from interlock.governance.well_formed import RISKS, SAFETY_TIERS

_NEEDS_OF_POINT: Final[dict[str, tuple[NeedKind, ...]]] = {"tool": ("hosts", "reads", "writes"), "model": ("hosts",)}


class Rule(Struct, frozen=True):
    """One rule of a policy in force."""

    name: str
    """`FILE#RULE`, as verdicts name it."""
    verdict: VerdictWord
    points: tuple[str, ...]
    names: Patterns | None
    """None: it is about whatever stands at its points."""
    conditions: dict[str, tuple[Condition, ...]]
    """By point: of a model a rule asks less than of a tool."""
    to: str
    description: str
    written: dict[str, Any]
    """The rule as JSON, in its canonical spelling: what the policy's digest is made of."""
    origin: str
    """Where it stands: a file and a line."""

    @property
    def exact_names(self) -> tuple[str, ...] | None:
        """The names that it is about, where it names every one of them; None where a pattern is among them."""
        if self.names is None or not all(each.is_exact for each in self.names):
            return None
        return tuple(each.text for each in self.names)

    def is_about(self, name: str) -> bool:
        """Whether it is about what has this name."""
        return self.names is None or any_matches(self.names, name)

    def holds(self, movement: Movement) -> bool:
        """Whether it decides a movement of its point and name."""
        return hold(self.conditions[movement.point], movement, self.verdict)


def hold(conditions: Sequence[Condition], movement: Movement, verdict: VerdictWord) -> bool:
    """Whether conditions are enough for a verdict: a grant is proved, what stops is not refuted."""
    if verdict == "allow":
        for condition in conditions:  # noqa: SIM110 - a generator would cost more than the conditions
            if condition.holds(movement) is not True:
                return False
        return True
    for condition in conditions:  # noqa: SIM110 - as above
        if condition.holds(movement) is False:
            return False
    return True


def compiled_rule(name: str, spec: RuleSpec, *, origin: str) -> Rule:
    """The rule that was written."""
    return Rule(
        name=name,
        verdict=spec.verdict,
        points=tuple(spec.points),
        names=None if spec.name is None else _patterns(spec.name),
        conditions={point: tuple(_conditions(spec, point)) for point in spec.points},
        to=spec.to or "",
        description=spec.description,
        written=spec.model_dump(mode="json", by_alias=True, exclude_none=True, exclude_defaults=True),
        origin=origin,
    )


def _conditions(spec: RuleSpec, point: str) -> Iterator[Condition]:
    """The cheap and telling ones first."""
    is_grant = spec.verdict == "allow"
    if spec.who is not None:
        yield from _conditions_of_who(spec.who)
    if spec.tainted is not None:
        yield is_tainted(wanted=spec.tainted)
    if spec.effect is not None:
        yield is_one_of("effect", tuple(spec.effect))
    if spec.access is not None:
        yield is_one_of("access", tuple(spec.access))
    yield from _conditions_of_rank(spec, point)
    if spec.from_ is not None:
        yield comes_from(_patterns(spec.from_), wants_all=is_grant)
    yield from _conditions_of_needs(spec, point, is_grant=is_grant)
    if spec.holding is not None:
        yield holds_text(_patterns(spec.holding))
    for name, bounds in sorted((spec.arguments or {}).items()):
        yield argument_is(name, _wanted(bounds))


def _conditions_of_who(who: Who) -> Iterator[Condition]:
    if who.is_ is not None:
        yield asked_by(who.is_)
    if who.agent is not None:
        yield agent_matches(_patterns(who.agent))
    for field in ("tenant", "graph", "by", "path"):
        words: tuple[str, ...] | None = getattr(who, field)
        if words is not None:
            yield word_matches(f"who.{field}", field, _patterns(words))


def _conditions_of_rank(spec: RuleSpec, point: str) -> Iterator[Condition]:
    risks, tiers = len(RISKS), len(SAFETY_TIERS)
    if spec.verdict == "allow" and point == "tool":
        yield lies_between("risk_at_most", "risk", RISKS, range(RISKS[spec.risk_at_most or "low"] + 1))
    if spec.risk_at_least is not None:
        yield lies_between("risk_at_least", "risk", RISKS, range(RISKS[spec.risk_at_least], risks))
    if spec.safety_at_least is not None:
        span = range(SAFETY_TIERS[spec.safety_at_least], tiers)
        yield lies_between("safety_at_least", "safety", SAFETY_TIERS, span)
    if spec.safety_below is not None:
        yield lies_between("safety_below", "safety", SAFETY_TIERS, range(SAFETY_TIERS[spec.safety_below]))


def _conditions_of_needs(spec: RuleSpec, point: str, *, is_grant: bool) -> Iterator[Condition]:
    for kind in _NEEDS_OF_POINT.get(point, ()):
        written: tuple[str, ...] | None = getattr(spec, kind)
        named = _patterns(map(host_name, written or ()) if kind == "hosts" else written or ())
        if is_grant:
            yield needs_covered(kind, named)
        elif written is not None:
            yield needs_touched(kind, named)
    if point == "tool" and (is_grant or spec.external is not None):
        yield changes_outside(wanted=bool(spec.external), is_grant=is_grant)


def _wanted(bounds: ArgumentBounds) -> Wanted:
    if bounds.one_of is not None:
        return wanted_values(bounds.one_of)
    return Wanted((), (), (), at_least=bounds.at_least, at_most=bounds.at_most)


def _patterns(words: Iterable[str]) -> Patterns:
    return tuple(pattern(word) for word in words)
