"""Every example of the documentation does what its page says."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.examples import Command, commands_in, failures_on
from tests.docs.page import Block, name_of, pages, read_page
from tests.docs.showing import ids_in, matches, with_real_ids


@pytest.mark.parametrize("path", pages(), ids=name_of)
def test_every_example_of_a_page_does_what_the_page_says(path: Path, tmp_path: Path) -> None:
    """An example is the part of a page that is copied first. What is read first is typed as every reader types it."""
    assert failures_on(read_page(path), folder=tmp_path, warm=name_of(path) != "README.md") == []


def test_an_example_that_fails_is_told_with_its_line(tmp_path: Path) -> None:
    """A checker that never complains would let every page rot."""
    page = tmp_path / "page.md"
    page.write_text(
        "```python file=greeting.py\nWORD = 'hello'\n```\n"
        "```python\nfrom greeting import WORD\n\nassert WORD == 'hello'\n```\n"
        "```console\n$ python -c 'import greeting; print(greeting.WORD)'\ngoodbye\n```\n"
        "```console\n$ python -c 'raise SystemExit(3)'\n$ git init\n```\n"
        "```python fragment\nreturn 1\n```\n"
    )

    told = failures_on(read_page(page), folder=tmp_path)

    assert told == [
        "line 9: $ python -c 'import greeting; print(greeting.WORD)'\nthe page shows:\ngoodbye\nit prints:\nhello\n",
        "line 13: $ python -c 'raise SystemExit(3)'\nends with 3:\n",
    ]


def test_a_graph_that_is_refused_is_told_with_its_line_among_many(tmp_path: Path) -> None:
    """Graphs are checked together, and a page may say that one is wrong."""
    page = tmp_path / "page.md"
    page.write_text(
        "```yaml\ngraph: good\nnodes: {a: {value: 1}}\n```\n"
        "```yaml\ngraph: bad\nnodes: {a: {value: '${b}'}}\n```\n"
        "```yaml invalid\ngraph: called-bad\nnodes: {a: {value: 1}}\n```\n"
    )

    told = failures_on(read_page(page), folder=tmp_path)

    assert [problem.splitlines()[0] for problem in told] == [
        "line 9: the page calls this graph invalid, and `interlock graph check` accepts it",
        "line 5: this graph is refused:",
    ]


def test_a_console_block_is_its_commands_and_what_each_prints() -> None:
    """The page shows a session as it looks on the screen, so nothing but the prompt marks a command."""
    block = Block("console", (), "$ interlock run hello \\\n    -i name=Ada\nrun 1\n\ndone\n$ interlock runs\n", 4)

    commands = commands_in(block)

    assert commands == [
        Command("interlock run hello     -i name=Ada", "run 1\n\ndone", 4),
        Command("interlock runs", "", 4),
    ]


@pytest.mark.parametrize(
    ("printed", "expected"),
    [
        ("run 7f3a succeeded\n", "run … succeeded"),
        ("first\nsecond\nthird\nlast\n", "first\n…\nlast"),
        ("first\nlast\n", "first\n…\nlast"),
        ("padded   \n", "padded"),
        ("a (b) [c]\n", "a (b) [c]"),
    ],
)
def test_an_ellipsis_stands_for_what_differs_from_run_to_run(printed: str, expected: str) -> None:
    """Ids and times are new each time; everything else on the page has to be what the reader will see."""
    assert matches(printed, expected)


@pytest.mark.parametrize(
    ("printed", "expected"),
    [("run 1 failed\n", "run … succeeded"), ("one\ntwo\n", "one"), ("a\nb\n", "a … b"), ("x\n", "X")],
)
def test_what_the_page_shows_is_all_that_is_printed(printed: str, expected: str) -> None:
    """A page that leaves out a line says so with an ellipsis."""
    assert not matches(printed, expected)


def test_an_id_that_a_page_shows_stands_for_the_one_that_was_printed() -> None:
    """A reader gets another id than the page shows, and types theirs from then on."""
    printed, shown = "run x7abcdefghjk: see x7abcdefghjk\n", "run w5nmkpqrstvx: see w5nmkpqrstvx"

    ids = ids_in(printed, shown, {}) or {}

    assert ids == {"w5nmkpqrstvx": "x7abcdefghjk"}
    assert with_real_ids("interlock show w5nmkpqrstvx", ids) == "interlock show x7abcdefghjk"
    assert ids_in(printed, shown, ids) == ids
    assert ids_in("run k3abcdefghjk: see x7abcdefghjk\n", shown, {}) is None
