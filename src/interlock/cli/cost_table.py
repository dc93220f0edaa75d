"""What calls have cost, as tables for people and objects for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interlock.cli.narrow_table import Column, print_table
from interlock.cli.output import JsonListing, plain
from interlock.core.spending import shown_usd
from interlock.engine.telling.cost_groups import CostReport
from interlock.engine.telling.spending import CallCost, Costs
from interlock.showing.costs import call_cost
from interlock.showing.json import plain_data

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

GROUPS_SHOWN_MAX: Final = 100
"""How many groups people are told, the dearest first; programs are told all."""
NAMELESS: Final = "-"
"""How the group of the calls is told that have none of what they are grouped by."""

_AMOUNTS: Final = (
    Column("cost"),
    Column("calls"),
    Column("turns", leaves=3),
    Column("tokens"),
    Column("in", leaves=2),
    Column("out", leaves=2),
    Column("cached", leaves=1),
)
_STATUS_STYLES: Final = {
    "done": "green",
    "failed": "red",
    "lost": "bold yellow",
    "not_made": "dim",
    "under_way": "cyan",
}


def costs_line(costs: Costs) -> str:
    """What calls have cost, on one line: `$0.0123 · 1,200 tokens (1,000 in, 200 out) · 5 calls`."""
    parts = [shown_usd(costs.usd)] if costs.usd else []
    if costs.tokens:
        parts.append(f"{costs.tokens:,} tokens{_read_and_written(costs)}")
    parts.append(f"{costs.calls:,} call{'s' * (costs.calls != 1)}{_of_models(costs)}")
    return " · ".join((*parts, *_remarks(costs)))


def _read_and_written(costs: Costs) -> str:
    if not (costs.input or costs.output):
        return ""
    cached = f", {costs.cached:,} of it cached" if costs.cached else ""
    return f" ({costs.input:,} in{cached}, {costs.output:,} out)"


def _of_models(costs: Costs) -> str:
    return f", {costs.turns:,} of models" if costs.turns else ""


def _remarks(costs: Costs) -> list[str]:
    """What has to be known to take the figures for what they are."""
    remarks: list[str] = []
    if costs.held_usd or costs.held_tokens:
        money = f"{shown_usd(costs.held_usd)} and " if costs.held_usd else ""
        remarks.append(f"{money}{costs.held_tokens:,} tokens held for calls under way")
    if costs.lost:
        remarks.append(f"{costs.lost:,} lost, counted as what was held")
    if costs.simulated_calls:
        money = f", {shown_usd(costs.simulated_usd)} of it" if costs.simulated_usd else ""
        remarks.append(f"{costs.simulated_calls:,} simulated{money}")
    return remarks


# --- groups ----------------------------------------------------------------------------------------------------------


def print_report(console: Console, report: CostReport) -> None:
    """The groups, the dearest first, and what they come to."""
    from rich.text import Text

    shown = list(report.groups.items())[:GROUPS_SHOWN_MAX]
    if shown:
        rows = [[Text(plain(name) or NAMELESS), *_amounts(costs)] for name, costs in shown]
        print_table(console, (Column(report.by, may_be_cut=True), *_AMOUNTS), rows)
    if len(report.groups) > len(shown):
        console.print(
            f"… and {len(report.groups) - len(shown):,} more, none dearer: --json tells them all", style="dim"
        )
    console.print(f"{_runs(report.runs)}: {costs_line(report.total)}", markup=False, soft_wrap=True)
    if report.erased:
        console.print(f"  of {_runs(report.erased)} it is not known any more: what happened was erased", style="yellow")


def _runs(count: int) -> str:
    return f"{count:,} run{'s' * (count != 1)}"


def _amounts(costs: Costs) -> list[Text]:
    from rich.text import Text

    counts = (costs.calls, costs.turns, costs.tokens, costs.input, costs.output, costs.cached)
    return [Text(shown_usd(costs.usd)), *(Text(f"{count:,}") for count in counts)]


# --- calls -----------------------------------------------------------------------------------------------------------

_CALLS: Final = (
    Column("status"),
    Column("path", may_be_cut=True),
    Column("what", may_be_cut=True),
    Column("agent", may_be_cut=True, leaves=2),
    Column("cost"),
    Column("tokens"),
    Column("in", leaves=1),
    Column("out", leaves=1),
)


class CallLines:
    """A table of calls: it is printed once all are known."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._rows: list[list[Text]] = []
        self._total = Costs()

    def add(self, call: CallCost) -> None:
        """One more call."""
        from rich.text import Text

        self._total += call.costs
        again = f" (try {call.tries})" if call.tries > 1 else ""
        simulated = " (simulated)" if call.costs.simulated_calls else ""
        costs = call.costs
        held = call.status == "under_way"
        told = (
            call.path,
            f"{call.kind} {plain(call.name)}{again}{simulated}",
            call.agent,
            f"{shown_usd(costs.held_usd)} held" if held else shown_usd(costs.usd),
            f"{costs.held_tokens:,} held" if held else f"{costs.tokens:,}",
            f"{costs.input:,}",
            f"{costs.output:,}",
        )
        status = Text(call.status.replace("_", " "), style=_STATUS_STYLES[call.status])
        self._rows.append([status, *map(Text, told)])

    def end(self) -> None:
        """There are no more."""
        if self._rows:
            print_table(self._console, _CALLS, self._rows)
        self._console.print(costs_line(self._total), markup=False, soft_wrap=True)


class CallObjects:
    """The same for programs, written as they come."""

    def __init__(self, run: str) -> None:
        self._calls = JsonListing({"run": run}, "calls")

    def add(self, call: CallCost) -> None:
        """One more call."""
        self._calls.add(plain_data(call_cost(call)))

    def end(self) -> None:
        """There are no more."""
        self._calls.end()
