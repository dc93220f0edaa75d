"""Tables in terminals of any width: what matters most is always whole."""

from __future__ import annotations

import io

from rich.console import Console
from rich.text import Text

from interlock.cli.narrow_table import Column, print_table

COLUMNS = (
    Column("run"),
    Column("graph", may_be_cut=True),
    Column("started", leaves=1),
    Column("why", may_be_cut=True, leaves=2),
)
ROWS = (
    ("nqdbxh6w3prj", "git-to-prod-of-the-front-end", "2026-11-21 12:18", "the release was rejected by ada"),
    ("e4zwdce7dw9r", "hello", "2026-11-20 08:00", ""),
)


def printed(width: int) -> list[str]:
    """The table in a terminal of this width."""
    paper = io.StringIO()
    print_table(Console(file=paper, width=width), COLUMNS, [[Text(cell) for cell in row] for row in ROWS])
    return paper.getvalue().splitlines()


def test_a_wide_terminal_shows_everything() -> None:
    """Nothing is cut that has room."""
    assert printed(100) == [
        "run           graph                         started           why",
        "nqdbxh6w3prj  git-to-prod-of-the-front-end  2026-11-21 12:18  the release was rejected by ada",
        "e4zwdce7dw9r  hello                         2026-11-20 08:00",
    ]


def test_what_may_be_cut_is_cut_before_a_column_is_left_out() -> None:
    """A beginning says more than nothing."""
    assert printed(70) == [
        "run           graph                     started           why",
        "nqdbxh6w3prj  git-to-prod-of-the-fron…  2026-11-21 12:18  the release…",
        "e4zwdce7dw9r  hello                     2026-11-20 08:00",
    ]


def test_columns_are_left_out_in_their_order() -> None:
    """The time of the start can be asked for elsewhere; why a run failed is what one looks for."""
    assert printed(50) == [
        "run           graph                   why",
        "nqdbxh6w3prj  git-to-prod-of-the-fr…  the release…",
        "e4zwdce7dw9r  hello",
    ]


def test_what_identifies_a_row_is_whole_in_the_narrowest_terminal() -> None:
    """An id that is cut can be copied nowhere."""
    assert printed(18) == [
        "run           gra…",
        "nqdbxh6w3prj  git…",
        "e4zwdce7dw9r  hel…",
    ]
