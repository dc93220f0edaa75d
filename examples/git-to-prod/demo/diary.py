"""Reading the diary that the tools write: which process made which call, and whether it came to its end."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from rich.table import Table


@dataclass(frozen=True)
class Call:
    """One call of a tool by one process."""

    run: str
    path: str
    effect: str
    process: int
    ended: bool


def read_calls(project: Path) -> list[Call]:
    """All calls, in the order in which they began."""
    file = project / "diary.jsonl"
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    calls: dict[tuple[str, int], Call] = {}
    for line in lines:
        told = json.loads(line)
        is_end = told.pop("what") == "ended"
        calls[told["effect"], told["process"]] = Call(**told, ended=is_end)
    return list(calls.values())


def table_of(calls: Iterable[Call], processes: list[int]) -> Table:
    """A row a node, a column a process: what each of them did."""
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0), header_style="dim")
    table.add_column("")
    for process in processes:
        table.add_column(f"process {process}")
    rows: dict[str, dict[int, str]] = {}
    for call in calls:
        rows.setdefault(call.path, {})[call.process] = "[green]done[/]" if call.ended else "[red]killed in it[/]"
    for path, cells in rows.items():
        table.add_row(path, *(cells.get(process, "") for process in processes))
    return table
