"""Sinks as a table, and below it what is held back from them and how it is sent again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from interlock.cli.narrow_table import Column, print_table
from interlock.cli.next_steps import command_line
from interlock.cli.output import plain
from interlock.engine.relaying.sink_reports import Lag, SinkReport
from interlock.engine.telling.events_in_words import span

if TYPE_CHECKING:
    from rich.console import Console

HELD_SHOWN_MAX: Final = 10

_COLUMNS: Final = (
    Column("sink"),
    Column("to", may_be_cut=True, leaves=1),
    Column("told"),
    Column("behind"),
    Column("last told", leaves=2),
    Column(""),
)


def print_sinks(console: Console, reports: Sequence[SinkReport], *, store: str | None, now: int) -> None:
    """The table; what is held back is listed below it with the command that sends it again."""
    from rich.text import Text

    lines = [
        [
            Text(report.name),
            Text(plain(report.to)),
            Text(f"{report.progress.told:,}"),
            Text(_behind(report.lag, now), style="yellow" if report.lag.events else ""),
            Text(report.progress.last or "nothing"),
            Text(_state(report), style="red" if report.progress.failures else "yellow"),
        ]
        for report in reports
    ]
    print_table(console, _COLUMNS, lines)
    for report in reports:
        _print_trouble(console, report, store, now)
        _print_held(console, report, store)


def _behind(lag: Lag, now: int) -> str:
    if not lag.events:
        return "0"
    age = "" if lag.oldest_at is None else f", {span(max(0, now - lag.oldest_at))}"
    return f"{lag.events:,}{' or more' if lag.is_more else ''}{age}"


def _state(report: SinkReport) -> str:
    if report.progress.is_gone:
        return "gone"
    if report.progress.failures:
        return "failing"
    runs = len(report.held)
    return f"{runs:,} run{'s' * (runs != 1)} held back" if runs else ""


def _print_trouble(console: Console, report: SinkReport, store: str | None, now: int) -> None:
    progress = report.progress
    if not progress.failures:
        return
    since = span(max(0, now - progress.failing_since))
    console.print(f"{report.name} has been failing for {since}: {plain(progress.error)}", markup=False, soft_wrap=True)
    if progress.is_gone:
        console.print("it is left alone; should it be there again, try it", style="dim", markup=False)
        console.print(f"  {command_line('sinks', 'deliver', report.name, store=store)}", markup=False, soft_wrap=True)


def _print_held(console: Console, report: SinkReport, store: str | None) -> None:
    if not report.held:
        return
    console.print(f"held back from {report.name}, because an event was refused:", markup=False)
    for run, held in list(report.held.items())[:HELD_SHOWN_MAX]:
        events = held.upto - held.seq + 1
        told = f"  {run} from event {held.seq} on ({events:,} so far): {plain(held.why)}"
        console.print(told, markup=False, soft_wrap=True)
    if len(report.held) > HELD_SHOWN_MAX:
        console.print(f"  and {len(report.held) - HELD_SHOWN_MAX:,} more runs", markup=False)
    console.print("once it takes them, send them again", style="dim", markup=False)
    console.print(f"  {command_line('sinks', 'resend', report.name, store=store)}", markup=False, soft_wrap=True)
