"""How a tool's result is told to a model: wrapped, with where it came from, as data and no word of who gives the task.

The mark makes the wrapping one that the text inside cannot know beforehand, and text that imitates it is defused. That
does not keep a model from obeying what it reads: what does is that a run which has read such text is tainted, and asks
before it does anything risky. That is judged elsewhere.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from typing import Final

from interlock.core.values import Value

MARK_LENGTH: Final = 16
_WORD: Final = "tool-result"
_IMITATED: Final = re.compile(r"<(?=\s*(?:/\s*)?tool[\s_-]*result)", re.IGNORECASE)
"""No two parts of it stand for the same blanks: what outsiders write must not take long to look at."""


def told_to_model(result: Value, *, tool: str, source: str, mark: str) -> str:
    """The result as text, between delimiters that carry a digest of `mark`. The same for the same arguments, always."""
    digest = hashlib.sha256(f"{tool}\0{mark}".encode()).hexdigest()[:MARK_LENGTH]
    inside = _defused(result if isinstance(result, str) else _as_json(result), digest)
    return (
        f'<{_WORD} mark="{digest}" tool="{_attribute(tool)}" source="{_attribute(source)}" trust="none">\n'
        f"{inside}\n"
        f'</{_WORD} mark="{digest}">'
    )


def _as_json(result: Value) -> str:
    return json.dumps(result, ensure_ascii=False, sort_keys=True, default=str)


def _defused(text: str, digest: str) -> str:
    """The text with what looks like a delimiter made to look like none, also where it is dressed in other letters."""
    text = text.replace(digest, "…")
    if text.isascii():
        return _IMITATED.sub("&lt;", text)
    plain = "".join(_plain_letter(letter) for letter in text)
    places = {match.start() for match in _IMITATED.finditer(plain)}
    return "".join("&lt;" if at in places else letter for at, letter in enumerate(text)) if places else text


def _plain_letter(letter: str) -> str:
    """One letter for one, so that places stay what they are: `＜` is `<`, and what is not seen is a blank."""
    if letter.isascii():
        return letter
    if unicodedata.category(letter) == "Cf":
        return " "
    plain = unicodedata.normalize("NFKC", letter)
    return plain if len(plain) == 1 else letter


def _attribute(text: str) -> str:
    return re.sub(r"[^\w./:-]", "_", text)[:200]
