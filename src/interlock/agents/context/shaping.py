"""The words of `select` and `transform`: which items of a section stay, and what becomes of their text.

Each is a name, or a name with an argument: `last:3`, `fields:id,name`. All are pure, and none can take longer than it
takes to read the text: there are no patterns of the author's to match.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Final

import msgspec
from msgspec import Struct

from interlock.core.problems import nearest
from interlock.core.values import Value, is_list, is_map


class Item(Struct, frozen=True):
    """One thing in a section: what it is called, its text, and whether it tells of a failure."""

    name: str
    text: str
    failed: bool = False


Select = Callable[[Sequence[Item], str], Sequence[Item]]
Transform = Callable[[str, str], str]

_COUNT_MAX: Final = 1_000_000


def selected(items: Sequence[Item], words: Sequence[str]) -> list[Item]:
    """The items that every selector leaves."""
    left = items
    for word in words:
        name, _, argument = word.partition(":")
        left = SELECTORS[name](left, argument)
    return list(left)


def transformed(text: str, words: Sequence[str]) -> str:
    """The text after every transform, in their order."""
    for word in words:
        name, _, argument = word.partition(":")
        text = TRANSFORMS[name](text, argument)
    return text


def problem_of_selector(word: str) -> str | None:
    """What is wrong with the word of a selector; None if it may be used."""
    return _problem(word, SELECTORS, "a selector")


def problem_of_transform(word: str) -> str | None:
    """What is wrong with the word of a transform; None if it may be used."""
    return _problem(word, TRANSFORMS, "a transform")


def _problem(word: str, known: dict[str, Select] | dict[str, Transform], what: str) -> str | None:
    name, colon, argument = word.partition(":")
    if name not in known:
        meant = nearest(name, known)
        return f"`{word}` is not {what}: " + (f"did you mean `{meant}`?" if meant else f"there are {', '.join(known)}")
    if name in _WITH_COUNT and not (argument.isascii() and argument.isdigit() and int(argument[:8]) <= _COUNT_MAX):
        return f"`{word}` needs a number: write `{name}:3`"
    if name in _WITH_NAMES and not argument.strip():
        return f"`{word}` needs names: write `{name}:first,second`"
    if name in _ALONE and colon:
        return f"`{word}` takes nothing: write `{name}`"
    return None


_WITH_COUNT: Final = frozenset({"first", "last", "head", "tail", "chars"})
_WITH_NAMES: Final = frozenset({"named", "not_named", "matching", "fields"})
_ALONE: Final = frozenset({"failed", "not_failed", "json", "squeeze"})

# --- Selectors -------------------------------------------------------------------------------------------------------


def _last(items: Sequence[Item], count: str) -> Sequence[Item]:
    return items[max(0, len(items) - int(count)) :]


def _names(argument: str) -> list[str]:
    return [name.strip() for name in argument.split(",") if name.strip()]


SELECTORS: Final[dict[str, Select]] = {
    "first": lambda items, count: items[: int(count)],
    "last": _last,
    "named": lambda items, names: [item for item in items if item.name in _names(names)],
    "not_named": lambda items, names: [item for item in items if item.name not in _names(names)],
    "matching": lambda items, words: [item for item in items if words.casefold() in item.text.casefold()],
    "failed": lambda items, _: [item for item in items if item.failed],
    "not_failed": lambda items, _: [item for item in items if not item.failed],
}

# --- Transforms ------------------------------------------------------------------------------------------------------


def _head(text: str, count: str) -> str:
    lines = text.splitlines()
    return (
        text if len(lines) <= int(count) else "\n".join([*lines[: int(count)], f"[… {len(lines) - int(count)} lines]"])
    )


def _tail(text: str, count: str) -> str:
    lines = text.splitlines()
    kept = lines[max(0, len(lines) - int(count)) :]
    return text if len(lines) <= int(count) else "\n".join([f"[… {len(lines) - int(count)} lines]", *kept])


def _fields(text: str, argument: str) -> str:
    """Of JSON, these fields of the map, or of each map of the list. Other text stays as it is."""
    names = _names(argument)
    found = _json(text)
    if is_map(found):
        return _json_text(_only(found, names))
    if is_list(found):
        return _json_text([_only(item, names) if is_map(item) else item for item in found])
    return text


def _only(found: dict[str, Value], names: Sequence[str]) -> dict[str, Value]:
    return {name: found[name] for name in names if name in found}


def _compact_json(text: str, _: str) -> str:
    found = _json(text)
    return text if found is None else _json_text(found)


def _json(text: str) -> Value:
    # Not the standard reader: it takes half characters and numbers that are none, which no request may hold.
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None


def _json_text(found: Value) -> str:
    return json.dumps(found, ensure_ascii=False, separators=(",", ":"))


def _squeeze(text: str, _: str) -> str:
    """Without blank lines, and without blanks at the ends of lines."""
    return "\n".join(line.rstrip() for line in text.splitlines() if line.strip())


TRANSFORMS: Final[dict[str, Transform]] = {
    "head": _head,
    "tail": _tail,
    "chars": lambda text, count: text if len(text) <= int(count) else text[: int(count)] + "…",
    "fields": _fields,
    "json": _compact_json,
    "squeeze": _squeeze,
}
