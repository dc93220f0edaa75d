"""Known graphs as a table for people, and for programs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from interlock.cli.narrow_table import Column, print_table
from interlock.cli.output import plain
from interlock.embedded.graph_folder import KnownGraph

if TYPE_CHECKING:
    from rich.console import Console

_COLUMNS: Final = (
    Column("graph"),
    Column("for", may_be_cut=True, leaves=2),
    Column("from", may_be_cut=True, leaves=1),
)


def graph_as_json(graph: KnownGraph) -> dict[str, Any]:
    """One graph of the list."""
    return {
        "graph": graph.name,
        "description": graph.description,
        "source": source_of(graph),
        "place": graph.place,
    }


def source_of(graph: KnownGraph) -> str:
    """Whose it is."""
    return "packaged" if graph.is_packaged else "project"


def print_graphs(console: Console, graphs: Sequence[KnownGraph]) -> None:
    """The table. Where one that comes along lies is of no use to people."""
    from rich.text import Text

    if not graphs:
        console.print("no graphs: put some into the folder `graphs`", markup=False)
        return
    lines = [
        [
            Text(plain(each.name)),
            Text(plain(each.description)),
            Text(source_of(each) if each.is_packaged else plain(each.place), style="dim" if each.is_packaged else ""),
        ]
        for each in graphs
    ]
    print_table(console, _COLUMNS, lines)
