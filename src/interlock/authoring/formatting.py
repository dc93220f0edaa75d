"""Formatting a graph's text: one layout and one order of keys, with every comment and every meaning kept.

Only blanks, empty lines and the order of the graph's own keys change: quotes, words and comments stay as they are. What
came out is read again and compared, and a text that would not say the same is left alone.
"""

from __future__ import annotations

import json
import re
from itertools import pairwise
from typing import Final

from interlock.authoring.errors import CannotFormatError, InvalidDocumentError
from interlock.authoring.key_order import in_key_order
from interlock.authoring.layout import laid_out
from interlock.authoring.report import render_problems
from interlock.authoring.source_text import stand_in
from interlock.authoring.yaml_document import Document, read_document
from interlock.authoring.yaml_events import scanned
from interlock.core.values import Value

_COMMENT: Final = re.compile(r"#[^\r\n]*")


def format_yaml(text: str, *, source: str = "graph.yaml") -> str:
    """The canonical text of a graph; of a canonical text, the same.

    Raises `InvalidDocumentError` where it cannot be read, `CannotFormatError` where formatting would do damage.
    """
    document = read_document(text, source=source)
    if document.problems:
        rendered = render_problems(document.problems, document)
        raise InvalidDocumentError(source, document.problems, rendered=rendered)
    formatted = document.lines.text
    for change in (laid_out, in_key_order):
        changed = change(formatted)
        if changed != formatted:
            _check_says_the_same(changed, document)
        formatted = changed
    return formatted


def _check_says_the_same(text: str, document: Document) -> None:
    again = read_document(text, source=document.source)
    if again.problems or _with_order(again.data) != _with_order(document.data):
        raise CannotFormatError(document.source, "its layout carries meaning that a new layout would change")
    if sorted(_comments(text)) != sorted(_comments(document.lines.text)):
        raise CannotFormatError(document.source, "a comment stands where a new layout would change it")


def _with_order(data: dict[str, Value]) -> dict[str, str]:
    """Data in which the order of maps counts, but for the keys of the graph itself."""
    return {key: json.dumps(value) for key, value in data.items()}


def _comments(text: str) -> list[str]:
    """Every comment, but for those in the first line of a block, which is part of it."""
    parsed = stand_in(text)
    return [
        text[left.end_mark.index + found.start() : left.end_mark.index + found.end()].rstrip()
        for left, right in pairwise(scanned(parsed))
        for found in _COMMENT.finditer(parsed[left.end_mark.index : right.start_mark.index])
    ]
