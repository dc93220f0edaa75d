"""What has changed between two definitions of a tool, line by line, as a person has to judge it.

Plain text. What a server wrote may hold anything, so control characters and those that reorder text are spelled out:
what is approved must be what is seen.
"""

from __future__ import annotations

import difflib
import json

from msgspec import structs

from interlock.tools.pinning.definition import Definition


def differences(before: Definition | None, after: Definition | None) -> list[str]:
    """The lines of a diff, each with `+`, `-` or a blank before it. Of a new tool every line is new."""
    old, new = _lines(before), _lines(after)
    if not old:
        return [f"+ {line}" for line in new]
    compared = difflib.unified_diff(old, new, lineterm="", n=2)
    # The first two lines name what is compared; behind them a line of a description may begin like one of those.
    return [f"{line[0]} {line[1:]}" for line in list(compared)[2:] if not line.startswith("@@")]


def _lines(definition: Definition | None) -> list[str]:
    if definition is None:
        return []
    said = structs.asdict(definition)
    description = said.pop("description").split("\n")
    told = [f"description: {seen(line)}" for line in description]
    return told + [seen(line) for line in json.dumps(said, indent=2, ensure_ascii=False, sort_keys=True).split("\n")]


def seen(text: str) -> str:
    """Text as it is judged: nothing in it is hidden, and nothing moves what stands around it."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_spelled(letter) for letter in text)


def _spelled(letter: str) -> str:
    return letter if letter.isprintable() else f"\\u{{{ord(letter):x}}}"
