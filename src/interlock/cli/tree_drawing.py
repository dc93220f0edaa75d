"""A tree of lines on a terminal: how each is marked, which are kept where room is short, and how wide each part is.

Pure: what the lines say is told to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from interlock.cli.output import plain

if TYPE_CHECKING:
    from rich.text import Text

_GAP: Final = 2


@dataclass(frozen=True)
class Mark:
    """How a status is drawn, with and without more than ASCII."""

    sign: str
    ascii: str
    style: str


MARKS: Final[dict[str, Mark]] = {
    "pending": Mark("○", "-", "dim"),
    "running": Mark("●", "*", "cyan"),
    "waiting": Mark("◐", "?", "yellow"),
    "paused": Mark("◐", "?", "yellow"),
    "compensating": Mark("↶", "<", "magenta"),
    "succeeded": Mark("✓", "+", "green"),
    "failed": Mark("✗", "x", "red"),
    "skipped": Mark("–", "-", "dim"),
    "cancelled": Mark("⊘", "/", "dim"),
    "rolled_back": Mark("↶", "<", "magenta"),
}


@dataclass(frozen=True)
class Row:
    """One line of the tree."""

    depth: int
    status: str
    name: str
    what: str = ""
    took: str = ""
    path: str = ""

    def saying(self, what: str) -> Row:
        """The same row, with more to say."""
        return replace(self, what=f"{self.what} · {what}" if self.what else what)

    @property
    def is_quiet(self) -> bool:
        """Whether it can be left out where room is short."""
        return self.status in {"pending", "succeeded", "skipped", ""}


def fitted(rows: Sequence[Row], room: int) -> list[Row]:
    """As many rows as fit: those that are not quiet, with what they stand below, before all others."""
    if len(rows) <= room:
        return list(rows)
    kept = _needed(rows)
    for index in range(len(rows)):
        if len(kept) >= room - 1:
            break
        kept.add(index)
    shown = [rows[index] for index in sorted(kept)][: room - 1]
    return [*shown, Row(0, "", f"… {len(rows) - len(shown)} more")]


def tree_lines(rows: Sequence[Row], *, width: int, is_ascii: bool) -> list[Text]:
    """The rows as they are printed into so many columns: a name keeps its room, what is said of it is cut."""
    from rich.text import Text

    names = [_named(row, is_ascii=is_ascii) for row in rows]
    took_width = max((len(row.took) for row in rows), default=0)
    name_width = min(max((name.cell_len for name in names), default=0), max(16, width // 2))
    whats = [Text(plain(row.what), style=_style_of(row)) for row in rows]
    what_width = max((what.cell_len for what in whats), default=0)
    what_width = max(0, min(what_width, width - name_width - took_width - 2 * _GAP))
    lines: list[Text] = []
    for row, name, what in zip(rows, names, whats, strict=True):
        name.truncate(name_width, overflow="ellipsis", pad=True)
        what.truncate(what_width, overflow="ellipsis", pad=True)
        gap = " " * _GAP
        lines.append(Text(no_wrap=True).append_text(name).append(gap).append_text(what).append(gap))
        lines[-1].append(f"{row.took:>{took_width}}", style="dim")
    return lines


def _named(row: Row, *, is_ascii: bool) -> Text:
    from rich.text import Text

    mark = MARKS.get(row.status, Mark(" ", " ", "dim"))
    name = Text(f"{'  ' * row.depth}{mark.ascii if is_ascii else mark.sign} ", style=mark.style)
    return Text().append_text(name).append(row.name, style="" if row.status else "dim")


def _style_of(row: Row) -> str:
    return MARKS[row.status].style if row.status in {"failed", "waiting"} else "dim"


def _needed(rows: Sequence[Row]) -> set[int]:
    """The rows that are not quiet, and those above them that say where they stand."""
    needed: set[int] = set()
    for index, row in enumerate(rows):
        if row.is_quiet:
            continue
        needed.add(index)
        depth = row.depth
        for above in range(index - 1, -1, -1):
            if rows[above].depth < depth:
                depth = rows[above].depth
                needed.add(above)
            if depth == 0:
                break
    return needed
