"""Which keys go together in a rule, and names that may not be: what the shape alone does not tell.

Every problem is found at once. A key that would be without effect is refused: who wrote it meant something by it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from interlock.core.problems import Place, Problem
from interlock.governance.policy_document import NAME_PATTERN, VERDICTS, PolicyDocument, RuleSpec

RULES_MAX: Final = 10_000

_POINTS_OF_KEY: Final = {
    "from": ("edge",),
    "effect": ("tool",),
    "risk_at_most": ("tool",),
    "risk_at_least": ("tool",),
    "hosts": ("tool", "model"),
    "reads": ("tool",),
    "writes": ("tool",),
    "external": ("tool",),
    "safety_at_least": ("model",),
    "safety_below": ("model",),
    "access": ("memory",),
    "tainted": ("tool", "model", "memory"),
    "holding": ("tool",),
    "arguments": ("tool",),
}
"""The points of which a key says something; what is not listed goes with all."""

_ONLY_OF_GRANTS: Final = {"risk_at_most": "risk_at_least", "safety_at_least": "safety_below"}
_ONLY_OF_STOPS: Final = {stops: grants for grants, stops in _ONLY_OF_GRANTS.items()}


def problems_of(document: PolicyDocument) -> Iterator[Problem]:
    """Everything that is wrong with a file whose shape is right."""
    if len(document.rules) > RULES_MAX:
        advice = "name several things with `*`, or in one list"
        yield Problem(place=("rules",), message=f"there are more than {RULES_MAX:,} rules in one file", advice=advice)
        return
    for name, rule in document.rules.items():
        yield from _problems_of_rule(name, rule)


def _problems_of_rule(name: str, rule: RuleSpec) -> Iterator[Problem]:
    place = ("rules", name)
    if not _is_name(name):
        advice = "begin with a letter; letters, digits, `_`, `.` and `-` may follow, 64 in all"
        yield Problem(place=place, message=f"`{name}` is no name of a rule", advice=advice, at_key=True)
    said = [verdict for verdict in VERDICTS if getattr(rule, verdict) is not None]
    if len(said) != 1:
        yield _not_one_verdict(name, said, place)
        return
    written = rule.model_dump(by_alias=True, exclude_none=True)
    for key in written:
        yield from _problems_of_key(key, rule, place)
    yield from _problems_of_bounds(rule, place)
    if rule.who is not None and rule.who.is_ == "node" and rule.who.agent is not None:
        message = "where a node asks there is no agent"
        yield Problem(place=(*place, "who", "agent"), message=message, advice="leave out `is` or `agent`", at_key=True)
    if rule.verdict == "allow" and "memory" in rule.points and rule.access is None:
        advice = "add `access: read`, `access: write` or both in a list"
        yield Problem(place=place, message=f"`{name}` does not say how memory is used", advice=advice, at_key=True)


def _is_name(name: str) -> bool:
    return re.fullmatch(NAME_PATTERN, name) is not None


def _not_one_verdict(name: str, said: list[str], place: Place) -> Problem:
    if said:
        message = f"`{name}` says {' and '.join(f'`{verdict}`' for verdict in said)} at once"
        return Problem(place=(*place, said[-1]), message=message, advice="make it two rules", at_key=True)
    advice = "add `allow: tool`, `deny: tool` or `ask: tool` (or run, edge, model, gate, memory)"
    return Problem(place=place, message=f"`{name}` does not say what it decides", advice=advice, at_key=True)


def _problems_of_key(key: str, rule: RuleSpec, place: Place) -> Iterator[Problem]:
    at = (*place, key)
    is_grant = rule.verdict == "allow"
    strange = [point for point in rule.points if point not in _POINTS_OF_KEY.get(key, rule.points)]
    if strange:
        message = f"`{key}` says nothing of {_said_point(strange[0])}"
        advice = f"it goes with {' and '.join(_POINTS_OF_KEY[key])}: make it a rule of its own"
        yield Problem(place=at, message=message, advice=advice, at_key=True)
    if not is_grant and key in _ONLY_OF_GRANTS:
        message = f"`{key}` bounds what is allowed, and this rule says `{rule.verdict}`"
        yield Problem(place=at, message=message, advice=f"write `{_ONLY_OF_GRANTS[key]}`", at_key=True)
    if is_grant and key in _ONLY_OF_STOPS:
        message = f"`{key}` belongs to what is denied or asked, and this rule says `allow`"
        yield Problem(place=at, message=message, advice=f"write `{_ONLY_OF_STOPS[key]}`", at_key=True)
    if is_grant and key == "holding":
        message = "`holding` belongs to what is denied or asked, and this rule says `allow`"
        yield Problem(place=at, message=message, advice="say by `arguments` what is allowed", at_key=True)
    if not is_grant and getattr(rule, key, None) == ():
        message = f"`{key}` names nothing, so the rule could never hold"
        yield Problem(place=at, message=message, advice='write `"*"` for any', at_key=True)
    if key == "to" and rule.verdict != "ask":
        message = f"`to` says who is asked, and this rule says `{rule.verdict}`"
        yield Problem(place=at, message=message, advice="leave it out, or write `ask`", at_key=True)


def _problems_of_bounds(rule: RuleSpec, place: Place) -> Iterator[Problem]:
    for name, bounds in (rule.arguments or {}).items():
        at = (*place, "arguments", name)
        has_bounds = bounds.at_least is not None or bounds.at_most is not None
        if has_bounds == (bounds.one_of is not None):
            message = f"`{name}` is compared with {'values and bounds at once' if has_bounds else 'nothing'}"
            yield Problem(place=at, message=message, advice="write a value, a list, or `{at_most: 100}`")
        elif bounds.at_least is not None and bounds.at_most is not None and bounds.at_least > bounds.at_most:
            yield Problem(place=at, message=f"no number is at least {bounds.at_least} and at most {bounds.at_most}")


def _said_point(point: str) -> str:
    return f"{'an' if point == 'edge' else 'a'} {point}"
