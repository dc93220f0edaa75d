"""Tools as a table, one tool as a page, and what has changed about tools of somebody else as a diff."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final

from interlock.cli.narrow_table import Column, print_table
from interlock.cli.output import json_text, plain, plain_lines
from interlock.core.spending import shown_usd
from interlock.showing.tools import tool_state
from interlock.tools.approving import Change, Review
from interlock.tools.needs_in_words import needs_in_words
from interlock.tools.pinning import NOT_APPROVED, differences
from interlock.tools.tool import Tool

if TYPE_CHECKING:
    from rich.console import Console

_COLUMNS: Final = (
    Column("tool"),
    Column("from", may_be_cut=True, leaves=3),
    Column("effect", leaves=4),
    Column("risk"),
    Column("may", may_be_cut=True, leaves=1),
    Column("", leaves=2),
)
_STYLE_OF_LINE: Final = {"+": "green", "-": "red"}
_TOLD: Final = {
    "new": "nobody has approved it yet",
    "changed": "it changed since it was approved",
    "gone": "it is gone",
}


def print_tools(console: Console, tools: Sequence[Tool]) -> None:
    """The table; those in quarantine are listed below it with what to do."""
    from rich.text import Text

    lines = [
        [
            Text(plain(tool.name)),
            Text(plain(tool.source)),
            Text(tool.contract.effect),
            Text(tool.terms.risk, style={"high": "red", "medium": "yellow"}.get(tool.terms.risk, "")),
            Text(plain(needs_in_words(tool.terms))),
            Text(tool_state(tool), style="red" if tool.quarantined else "dim"),
        ]
        for tool in tools
    ]
    print_table(console, _COLUMNS, lines)
    for tool in tools:
        if tool.quarantined:
            console.print(plain(f"{tool.name}: {tool.quarantined}"), style="yellow", markup=False, soft_wrap=True)


def print_unseen(console: Console, sources: Iterable[str]) -> None:
    """The sources of which nothing is known before they are asked, with what to do."""
    for source in sources:
        console.print(plain(f"{source}: nothing of it {NOT_APPROVED}"), style="yellow", markup=False, soft_wrap=True)


def print_tool(console: Console, tool: Tool) -> None:
    """Everything about one tool."""
    contract, terms = tool.contract, tool.terms
    facts = {
        "from": f"{tool.source}, {tool.place}",
        "state": f"{tool_state(tool)}" + (f": {tool.quarantined}" if tool.quarantined else ""),
        "effect": contract.effect,
        "risk": terms.risk,
        "may": needs_in_words(terms),
        "limit": "" if terms.rate_per_minute is None else f"{terms.rate_per_minute} calls a minute",
        "costs": shown_usd(terms.usd) + " a call" if terms.usd else "",
        "undo": terms.undo,
        "secrets": ", ".join(tool.secrets),
    }
    console.print(plain(tool.name), style="bold", markup=False)
    for name, fact in facts.items():
        if fact:
            console.print(f"  {name:8} {plain(fact)}", markup=False, soft_wrap=True)
    if contract.description:
        console.print("\n" + plain_lines(contract.description), markup=False, soft_wrap=True)
    for name, schema in (("input", contract.input), ("output", contract.output)):
        if schema is not None:
            console.print(f"\n{name}", style="dim", markup=False)
            console.print(json_text(schema), markup=False, soft_wrap=True)


# --- what has changed ------------------------------------------------------------------------------------------------


def change_as_json(change: Change) -> dict[str, Any]:
    """A change for programs."""
    return {
        "tool": change.name,
        "source": change.source,
        "turn": change.turn,
        "pin": change.after.pin if change.after else None,
        "approved_pin": change.before.pin if change.before else None,
        "diff": differences(change.before, change.after),
    }


def print_review(console: Console, review: Review) -> None:
    """Every change with its diff, and what could not be found out."""
    for change in review.changes:
        print_change(console, change)
    for problem in review.problems:
        console.print(plain(problem), style="red", markup=False, soft_wrap=True)
    if not review.changes and not review.problems:
        console.print("everything is what was approved", markup=False)
    elif review.changes:
        console.print("approve what you have read", style="dim", markup=False)
        console.print("  interlock tools approve --all", markup=False)


def print_change(console: Console, change: Change) -> None:
    """A change as a person judges it: which tool, what it could do, and each line that is not what it was."""
    console.print(f"{plain(change.name)} of {plain(change.source)}: {_TOLD[change.turn]}", style="bold", markup=False)
    if change.tool is not None:
        tool = change.tool
        needs = needs_in_words(tool.terms)
        told = f"  effect {tool.contract.effect}, risk {tool.terms.risk}" + (f"; it may {needs}" if needs else "")
        console.print(plain(told), markup=False, soft_wrap=True)
    for line in differences(change.before, change.after):
        console.print(f"  {line}", style=_STYLE_OF_LINE.get(line[:1], ""), markup=False, soft_wrap=True)
