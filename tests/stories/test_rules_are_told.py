"""Every rule of the graph language has a story that tells it."""

from __future__ import annotations

import re
from pathlib import Path

HERE = Path(__file__).parent
CITED = re.compile(r"[Rr]ules? ((?:\d+(?:, | and | to )?)+)(?! of the design)")


def rules_told() -> set[int]:
    """The numbers of all rules that the docstrings of stories cite."""
    return {rule for path in HERE.glob("test_*.py") for rule in _rules_in(path.read_text(encoding="utf-8"))}


def _rules_in(text: str) -> set[int]:
    docstrings = re.findall(r'-> None:\n    """(.*?)"""', text, re.DOTALL)
    return {rule for docstring in docstrings for cited in CITED.findall(docstring) for rule in _numbers(cited)}


def _numbers(cited: str) -> set[int]:
    """`7`, `16 and 35`, `43 to 47`."""
    ranges = re.findall(r"(\d+) to (\d+)", cited)
    between = {number for first, last in ranges for number in range(int(first), int(last) + 1)}
    return between | {int(number) for number in re.findall(r"\d+", cited)}


def test_every_rule_has_a_story() -> None:
    """What a graph means is decided by 48 rules; one that no story tells could be broken unseen."""
    assert sorted(set(range(1, 49)) - rules_told()) == []
