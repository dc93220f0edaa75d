"""Templates of requests: text and data in which `{name}` stands for an argument and `${secrets.name}` for a secret.

A string that is one `{name}` becomes the argument itself, of its own type, and is left out where there is none.
Evaluates nothing: what is computed is computed in graphs.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final
from urllib.parse import quote

from interlock.core.values import Value, is_list, is_map
from interlock.tools.errors import ToolFailed
from interlock.tools.secrets import SecretText

_PART: Final = re.compile(r"\$\{secrets\.([A-Za-z_][A-Za-z0-9_]*)\}|\{([^{}$]{1,128})\}")
_WHOLE: Final = re.compile(r"\{([^{}$]{1,128})\}")


class _Absent:
    """The value of a template whose argument was not given."""


ABSENT: Final = _Absent()


def arguments_in(template: Value) -> set[str]:
    """The arguments that a template mentions."""
    return {match[2] for text in _texts(template) for match in _PART.finditer(text) if match[2]}


def secrets_in(template: Value) -> set[str]:
    """The secrets that a template mentions."""
    return {match[1] for text in _texts(template) for match in _PART.finditer(text) if match[1]}


def filled(template: Value, arguments: Mapping[str, Value], secrets: Mapping[str, SecretText]) -> Value | _Absent:
    """Data with everything in it filled in; `ABSENT` if it is one argument that was not given."""
    match template:
        case str():
            whole = _WHOLE.fullmatch(template)
            if whole is not None:
                return arguments.get(whole[1], ABSENT)
            return filled_text(template, arguments, secrets)
        case dict():
            fields = {key: filled(each, arguments, secrets) for key, each in template.items()}  # pyright: ignore[reportUnknownVariableType] - of JSON
            return {key: each for key, each in fields.items() if not isinstance(each, _Absent)}  # pyright: ignore[reportUnknownVariableType]
        case list():
            items = [filled(each, arguments, secrets) for each in template]  # pyright: ignore[reportUnknownVariableType]
            return [each for each in items if not isinstance(each, _Absent)]
        case _:
            return template


def filled_text(
    template: str,
    arguments: Mapping[str, Value],
    secrets: Mapping[str, SecretText],
    *,
    encode: Callable[[str], str] = str,
) -> str:
    """Text with everything in it filled in; each part as `encode` writes it. What was not given leaves nothing."""

    def part(match: re.Match[str]) -> str:
        if match[1]:
            return encode(secrets[match[1]].reveal())
        return encode(as_text(arguments[match[2]])) if match[2] in arguments else ""

    return _PART.sub(part, template)


def in_path(text: str) -> str:
    """Text as one segment of a path, which it can neither leave nor divide."""
    if text in {"", ".", ".."}:
        raise ToolFailed(f"{text!r} cannot stand in the path of a URL", kind="invalid", retryable=False)
    return quote(text, safe="")


def as_text(value: Value) -> str:
    """A value as it stands in a URL or in a header."""
    match value:
        case str():
            return value
        case None:
            return ""
        case bool() | int() | float() | dict() | list():
            return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        case _:
            return str(value)


def _texts(template: Value) -> Iterator[str]:
    waiting: list[Any] = [template]
    while waiting:
        each = waiting.pop()
        if isinstance(each, str):
            yield each
        elif is_map(each):
            waiting += each.values()
        elif is_list(each):
            waiting += each
