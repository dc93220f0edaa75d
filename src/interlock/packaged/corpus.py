"""The texts that come along to be searched: short ones on a few dozen subjects, several to a file.

A text begins with its title, `# Solar panels`. Its address is made of both: `corpus:energy/solar-panels`. Ranks none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from msgspec import Struct

_TITLE: Final = "# "
_NOT_IN_ADDRESS: Final = re.compile(r"[^a-z0-9]+")


class CorpusText(Struct, frozen=True):
    """A text with its title."""

    title: str
    url: str
    text: str


def read_corpus(folder: Path) -> tuple[CorpusText, ...]:
    """All texts of a folder, in the order of their files."""
    return tuple(text for file in sorted(folder.glob("*.md")) for text in _texts_in(file))


def _texts_in(file: Path) -> Iterator[CorpusText]:
    _, *parts = f"\n{file.read_text(encoding='utf-8')}".split(f"\n{_TITLE}")
    for part in parts:
        title, _, text = part.partition("\n")
        name = _NOT_IN_ADDRESS.sub("-", title.lower()).strip("-")
        yield CorpusText(title=title, url=f"corpus:{file.stem}/{name}", text=" ".join(text.split()))
