"""A second judge, for comparison: rules about tools as the reference page tells them, without a thought for speed.

It shares nothing with the one that is used: it reads what was written rather than what was made of it, takes patterns
for regular expressions, and finds out whether two of them can meet by trying words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final, TypeAlias

from interlock.core.values import is_list, is_map
from interlock.core.verdicts import Movement

Holds: TypeAlias = bool | None
"""None: the call does not say enough to tell."""

RISKS: Final = ("low", "medium", "high")
TRIED: Final = ("", "q", "a", "../a", "src/a", "src/q", "x.org", "y.x.org", "q.x.org")
"""Words enough to find out whether two patterns of the small world of the properties can meet."""
STANDING: Final = {"ask": "tool", "tainted": True, "risk_at_least": "high"}


def plain_verdict(rules: Sequence[dict[str, Any]], call: Movement) -> tuple[str, str]:
    """The verdict on the call of a tool, and the rule that says so: the rules are called `house#r0` and so on."""
    named = [
        *((f"house#r{number}", rule) for number, rule in enumerate(rules)),
        ("interlock#tainted_high_risk", STANDING),
    ]
    for verdict in ("deny", "ask", "allow"):
        for name, rule in named:
            if verdict in rule and decides(rule, call, is_grant=verdict == "allow"):
                return verdict, name
    return "deny", "interlock#no_rule_allows"


def decides(rule: dict[str, Any], call: Movement, *, is_grant: bool) -> bool:
    """A grant holds where all that it asks is so; what stops, where nothing that it asks is not so."""
    if "name" in rule and not one_fits(rule["name"], call.name):
        return False
    asked = [*of_who(rule.get("who", {}), call), *of_call(rule, call, is_grant=is_grant), *of_arguments(rule, call)]
    asked += of_needs(rule, call, is_grant=is_grant)
    return all(asked) if is_grant else False not in asked


def of_who(who: dict[str, Any], call: Movement) -> Iterator[Holds]:
    """What is asked about who asks, and where."""
    if "is" in who:
        yield (call.agent != "") == (who["is"] == "agent")
    if "agent" in who:
        yield call.agent != "" and one_fits(who["agent"], call.agent)
    for field in ("graph", "path", "by"):
        if field in who:
            word = getattr(call, field)
            yield one_fits(who[field], word) if word else None


def of_call(rule: dict[str, Any], call: Movement, *, is_grant: bool) -> Iterator[Holds]:
    """What is asked about the call itself."""
    if "tainted" in rule:
        yield call.tainted == rule["tainted"]
    if "effect" in rule:
        yield None if call.effect is None else call.effect in rule["effect"]
    risk = RISKS.index(call.risk)
    if is_grant:
        yield risk <= RISKS.index(rule.get("risk_at_most", "low"))
    if "risk_at_least" in rule:
        yield risk >= RISKS.index(rule["risk_at_least"])


def of_needs(rule: dict[str, Any], call: Movement, *, is_grant: bool) -> Iterator[Holds]:
    """What is asked about what the tool needs: a grant has to give all of it, what stops has to meet some of it."""
    for kind in ("hosts", "reads", "writes"):
        if is_grant or kind in rule:
            yield of_need(rule.get(kind, []), needed(call, kind), is_grant=is_grant)
    if is_grant and rule.get("external"):
        return
    if is_grant or "external" in rule:
        wanted = rule.get("external", False)
        yield None if call.permissions is None else call.permissions.external == wanted


def of_need(named: Sequence[str], needs: Sequence[str] | None, *, is_grant: bool) -> Holds:
    """One kind of needs, where they are known."""
    if is_grant and "*" in named:
        return True
    if needs is None:
        return None
    if is_grant:
        return all(one_fits(named, need) for need in needs)
    return any(fits(need, word) and fits(stopped, word) for need in needs for stopped in named for word in TRIED)


def needed(call: Movement, kind: str) -> Sequence[str] | None:
    """What the tool needs of a kind; None if nobody knows, or if it leads out of the workspace."""
    needs = None if call.permissions is None else getattr(call.permissions, kind)
    return None if needs is None or any(need.startswith("../") for need in needs) else needs


def of_arguments(rule: dict[str, Any], call: Movement) -> Iterator[Holds]:
    """What is asked about arguments: only what is of the type that was written is compared."""
    if "holding" in rule:
        fields: dict[str, Any] = call.arguments or {}
        texts = [*fields, *(value for value in fields.values() if isinstance(value, str))]
        yield None if call.arguments is None else any(one_fits(rule["holding"], text) for text in texts)
    given: dict[str, Any] = call.arguments if is_map(call.arguments) else {}
    bounds: dict[str, Any] = rule.get("arguments", {})
    for name, wanted in bounds.items():
        value = given.get(name)
        if is_map(wanted):
            yield value <= wanted["at_most"] if is_number(value) else None
        else:
            yield of_argument(value, wanted if is_list(wanted) else [wanted])


def of_argument(value: Any, wanted: Sequence[Any]) -> Holds:  # noqa: ANN401 - JSON data
    """Whether an argument is one of some values."""
    alike = [each for each in wanted if type(each) is type(value) or (is_number(each) and is_number(value))]
    if not alike:
        return None
    return one_fits(alike, value) if isinstance(value, str) else value in alike


def is_number(value: Any) -> bool:  # noqa: ANN401 - JSON data
    """Whether it is a number, which true and false are not."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def one_fits(patterns: Sequence[str], word: str) -> bool:
    """Whether one of the patterns stands for the word."""
    return any(fits(each, word) for each in patterns)


def fits(pattern: str, word: str) -> bool:
    """Whether a pattern stands for a word: a star for anything."""
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), word, re.DOTALL) is not None
