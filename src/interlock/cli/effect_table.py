"""A run's effects as a table: what was intended, what came of it, and what can be done where nobody knows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from msgspec import structs

from interlock.cli.next_steps import command_line
from interlock.cli.output import plain
from interlock.engine.history import RunView
from interlock.store.rows import LedgerRow

if TYPE_CHECKING:
    from rich.console import Console

_STYLES: Final = {"done": "green", "failed": "red", "unknown": "bold yellow", "not_done": "dim", "intended": "cyan"}


def in_order(rows: Iterable[LedgerRow]) -> list[LedgerRow]:
    """As they were intended, but those of which nobody knows first."""
    return sorted(rows, key=lambda row: (row.status != "unknown", row.intended_seq))


def effect_as_json(row: LedgerRow) -> dict[str, Any]:
    """An effect for programs."""
    return structs.asdict(row)


def print_effects(console: Console, rows: Sequence[LedgerRow], view: RunView, *, store: Path | None) -> None:
    """The table, and below it how the unknown ones are settled."""
    from rich.table import Table
    from rich.text import Text

    if not rows:
        console.print(f"run {view.run} has had no effects", markup=False)
        return
    table = Table(box=None, pad_edge=False, header_style="dim")
    for title in ("status", "path", "what", "attempt", "effect"):
        table.add_column(title, no_wrap=True, overflow="ellipsis" if title != "effect" else "fold")
    for row in rows:
        attempt = str(row.attempt) if row.attempt else ""
        status = Text(row.status.replace("_", " "), style=_STYLES[row.status])
        table.add_row(status, Text(row.path), Text(plain(f"{row.kind} {row.name}")), attempt, row.effect)
    console.print(table)
    waiting = [wait.effect for wait in view.waits if wait.reason == "reconcile"]
    for effect in waiting:
        settle = command_line("settle", view.run, effect, store=store)
        console.print(f"nobody knows what became of {effect}; find out, and say so:", markup=False, soft_wrap=True)
        console.print(f"  {settle} --done JSON --why '…'", markup=False, soft_wrap=True)
        console.print(f"  {settle} --not-done --why '…'", markup=False, soft_wrap=True)
