"""Reads a Markdown page into what can be checked of it: its anchors, its links and its fenced blocks.

It does not judge them: `links.py` follows the links, `examples.py` runs the blocks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from operator import attrgetter
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Link:
    """Where a page points, as it is written there."""

    target: str
    line: int


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, the words that follow it, and the text inside."""

    language: str
    words: tuple[str, ...]
    text: str
    line: int

    @property
    def file(self) -> str | None:
        """The name under which the page's reader would save it: ```` ```yaml file=graphs/hello.yaml ````."""
        return next((word.removeprefix("file=") for word in self.words if word.startswith("file=")), None)


@dataclass(frozen=True)
class Page:
    """One Markdown file, in the order it is read."""

    path: Path
    anchors: frozenset[str]
    links: tuple[Link, ...]
    blocks: tuple[Block, ...]


def pages() -> list[Path]:
    """Every Markdown page of the repository that speaks to its readers."""
    return sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "examples").rglob("*.md")])


def name_of(path: Path) -> str:
    """The page as a reader names it: its path in the repository."""
    return path.relative_to(ROOT).as_posix()


def read_page(path: Path) -> Page:
    """Parse one page; a page that is not UTF-8 raises."""
    tokens = MarkdownIt("commonmark").enable("table").parse(path.read_text(encoding="utf-8"))
    return Page(
        path, frozenset(_anchors(tokens)), tuple(sorted(_links(tokens), key=attrgetter("line"))), tuple(_blocks(tokens))
    )


def _anchors(tokens: list[Token]) -> Iterator[str]:
    seen: dict[str, int] = {}
    for opening, title in pairwise(tokens):
        if opening.type != "heading_open":
            continue
        anchor = _anchor_of(
            "".join(part.content for part in title.children or () if part.type in {"text", "code_inline"})
        )
        repeats = seen.get(anchor, 0)
        seen[anchor] = repeats + 1
        yield f"{anchor}-{repeats}" if repeats else anchor
    for html, _ in _html(tokens):
        yield from re.findall(r"""<a\s[^>]*?(?:id|name)=["']([^"']+)""", html)


def _anchor_of(title: str) -> str:
    """The anchor that code hosts derive from a heading."""
    return re.sub(r"[^\w\- ]", "", title.strip().lower()).replace(" ", "-")


def _links(tokens: list[Token]) -> Iterator[Link]:
    for token in tokens:
        for part in token.children or ():
            target = part.attrGet("href") if part.type == "link_open" else part.attrGet("src")
            if target is not None:
                yield Link(str(target), _line(token))
    for html, line in _html(tokens):
        yield from (Link(target, line) for target in re.findall(r"""\s(?:href|src|srcset)=["']([^"']+)""", html))


def _blocks(tokens: list[Token]) -> Iterator[Block]:
    for token in tokens:
        if token.type == "fence" and token.info.strip():
            language, *words = token.info.split()
            yield Block(language, tuple(words), token.content, _line(token))


def _html(tokens: list[Token]) -> Iterator[tuple[str, int]]:
    for token in tokens:
        for part in (token, *(token.children or ())):
            if part.type in {"html_block", "html_inline"}:
                yield part.content, _line(token)


def _line(token: Token) -> int:
    # A link inside a paragraph is placed at the paragraph's first line: the parser knows no better.
    return token.map[0] + 1 if token.map else 0
