"""How rules and what they say are shown: as a table, as lines that tell why, and as JSON for programs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from interlock.cli.output import plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console

    from interlock.governance.explaining import Considered, Explanation, Unmet
    from interlock.governance.policy import Policy
    from interlock.governance.rules import Rule

_STYLES: Final = {"allow": "green", "ask": "yellow", "deny": "red"}
_TOLD_APART: Final = ("allow", "deny", "ask", "description")
_WITH_KEYS_INSIDE: Final = ("who", "arguments")


def print_rules(out: Console, policy: Policy) -> None:
    """A line for each rule, the strongest first."""
    from rich.text import Text

    from interlock.cli.narrow_table import Column, print_table
    from interlock.governance.policy import strongest_first

    columns = (
        Column("verdict"),
        Column("at"),
        Column("rule"),
        Column("when", may_be_cut=True),
        Column("stands in", may_be_cut=True, leaves=1),
    )
    rows = [
        [
            Text(rule.verdict, style=_STYLES[rule.verdict]),
            Text(", ".join(rule.points)),
            Text(rule.name),
            Text(plain(_when(rule))),
            Text(plain(rule.origin), style="dim"),
        ]
        for rule in strongest_first(policy.rules)
    ]
    print_table(out, columns, rows)


def _when(rule: Rule) -> str:
    """The rule's conditions as they are written, on one line."""
    written = {key: value for key, value in rule.written.items() if key not in _TOLD_APART}
    return " ".join(f"{key}={_value(value)}" for key, value in _flattened(written))


def _flattened(written: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """`who` and `arguments` with the keys inside them, as `who.agent`."""
    for key, value in written.items():
        if key in _WITH_KEYS_INSIDE:
            yield from ((f"{key}.{inner}", each) for inner, each in value.items())
        else:
            yield key, value


def _value(value: Any) -> str:  # noqa: ANN401 - JSON data
    """What is written, in few words: `read or once`, `at_most 100`."""
    match value:
        case str():
            return value
        case {"one_of": words}:
            return _value(words)
        case dict():
            return " ".join(f"{key} {_value(each)}" for key, each in value.items())  # pyright: ignore[reportUnknownVariableType] - JSON data
        case list() | tuple():
            return " or ".join(map(_value, value))  # pyright: ignore[reportUnknownArgumentType] - JSON data
        case _:
            return json.dumps(value, ensure_ascii=False, default=str)


# --- why -------------------------------------------------------------------------------------------------------------


def print_explanation(out: Console, explanation: Explanation) -> None:
    """The verdict first, then each rule in the order in which they are asked."""
    verdict = explanation.verdict
    out.print(verdict.verdict, style=f"bold {_STYLES[verdict.verdict]}", end="")
    to = f", asking {verdict.to}" if verdict.to else ""
    out.print(plain(f" by {verdict.rule}{to}: {verdict.why}"), markup=False, soft_wrap=True)
    for each in explanation.considered:
        out.print(plain(f"  {_mark(each)} {each.rule.verdict} {each.rule.name}"), markup=False, end="")
        out.print(plain(_why(each, explanation)), style="dim", markup=False, soft_wrap=True)


def _mark(considered: Considered) -> str:
    return "✓" if considered.holds else "·"


def _why(considered: Considered, explanation: Explanation) -> str:
    told = f": {'; '.join(map(_told, considered.unmet))}" if considered.unmet else ""
    if considered is explanation.deciding:
        return f" decides{told}"
    return f" holds, and is overruled{told}" if considered.holds else told


def _told(unmet: Unmet) -> str:
    wanted = _value(unmet.wanted) if unmet.wanted not in ([], None) else "nothing"
    if unmet.is_unknown:
        return f"{unmet.key} wants {wanted}, and the movement does not say"
    return f"{unmet.key} wants {wanted}, and it is {_value(unmet.found) or 'not said'}"
