"""A run's effects as a table: what was intended, what came of it, and what can be done where nobody knows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from interlock.cli.narrow_table import Column, print_table
from interlock.cli.next_steps import command_line
from interlock.cli.output import plain
from interlock.engine.telling.history import RunView
from interlock.store.rows import LedgerRow

if TYPE_CHECKING:
    from rich.console import Console

_COLUMNS: Final = (
    Column("status"),
    Column("path", may_be_cut=True),
    Column("what", may_be_cut=True, leaves=2),
    Column("attempt", leaves=1),
    Column("effect"),
)
_STYLES: Final = {"done": "green", "failed": "red", "unknown": "bold yellow", "not_done": "dim", "intended": "cyan"}


def print_effects(console: Console, rows: Sequence[LedgerRow], view: RunView, *, store: str | None) -> None:
    """The table, and below it how the unknown ones are settled."""
    from rich.text import Text

    if not rows:
        console.print(f"run {view.run} has had no effects", markup=False)
        return
    lines: list[list[Text]] = []
    for row in rows:
        attempt = str(row.attempt) if row.attempt else ""
        status = Text(row.status.replace("_", " "), style=_STYLES[row.status])
        lines.append([status, *map(Text, (row.path, plain(f"{row.kind} {row.name}"), attempt, row.effect))])
    print_table(console, _COLUMNS, lines)
    waiting = [wait.effect for wait in view.waits if wait.reason == "reconcile"]
    for effect in waiting:
        settle = command_line("settle", view.run, effect, store=store)
        console.print(f"nobody knows what became of {effect}; find out, and say so:", markup=False, soft_wrap=True)
        console.print(f"  {settle} --done JSON --why '…'", markup=False, soft_wrap=True)
        console.print(f"  {settle} --not-done --why '…'", markup=False, soft_wrap=True)
