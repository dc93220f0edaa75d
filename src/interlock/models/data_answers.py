"""Answers that are data. Many models put them into a code fence, whatever they are told: the data is what is inside."""

from __future__ import annotations

import re
from typing import Final

_FENCED: Final = re.compile(r"\s*```[A-Za-z]*[ \t]*\r?\n(?P<inside>.*?)\r?\n?```\s*", re.DOTALL)


def unfenced(text: str) -> str:
    """The text without a fence around the whole of it."""
    if not text.lstrip().startswith("```"):
        return text
    match = _FENCED.fullmatch(text)
    return text if match is None else match["inside"]
