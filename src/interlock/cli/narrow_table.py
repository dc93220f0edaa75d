"""Tables of one line a row that fit a terminal: where room is short some columns are cut, and then some left out.

A library's table takes from every column alike, until the one that matters most is as narrow as nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

CUT_MIN: Final = 12
"""How many cells a column that is cut keeps while there is another way."""

_GAP: Final = 2


class Column(NamedTuple):
    """What may become of a column where room is short; one that may neither be cut nor left out is always whole."""

    title: str
    may_be_cut: bool = False
    leaves: int = 0
    """Which one leaves first (1), then (2) and so on; 0 stays."""


def print_table(console: Console, columns: Sequence[Column], rows: Sequence[Sequence[Text]]) -> None:
    """Print the rows below the columns' titles."""
    from rich.text import Text

    titles = [Text(column.title, style="dim") for column in columns]
    lines = [titles, *rows]
    needed = [max(cells[index].cell_len for cells in lines) for index in range(len(columns))]
    widths = fitted_widths(columns, needed, console.width)
    for cells in lines:
        line = Text(no_wrap=True, overflow="ignore")
        for width, cell in zip(widths, cells, strict=True):
            if width:
                line.append_text(_of_width(cell, width)).append(" " * _GAP)
        line.rstrip()
        console.print(line, soft_wrap=True)


def fitted_widths(columns: Sequence[Column], needed: Sequence[int], room: int) -> list[int]:
    """How wide each column gets; 0 where it is left out. What is cut gets the room that is left, from the left."""
    widths = [
        min(width, CUT_MIN) if column.may_be_cut else width for column, width in zip(columns, needed, strict=True)
    ]
    leaving = sorted((column.leaves, index) for index, column in enumerate(columns) if column.leaves)
    for _, index in leaving:
        if _total(widths) <= room:
            break
        widths[index] = 0
    spare = room - _total(widths)
    for index, column in enumerate(columns):
        if column.may_be_cut and widths[index]:
            more = max(1 - widths[index], min(needed[index] - widths[index], spare))
            widths[index] += more
            spare -= more
    return widths


def _total(widths: Sequence[int]) -> int:
    shown = [width for width in widths if width]
    return sum(shown) + _GAP * (len(shown) - 1)


def _of_width(cell: Text, width: int) -> Text:
    fitted = cell.copy()
    fitted.truncate(width, overflow="ellipsis", pad=True)
    return fitted
