"""What a rule has found, filled into what its turn says: `${name}`; `$${` stands for itself."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, cast

_HOLE: Final = re.compile(r"\$(?P<escaped>\$)?\{(?P<name>\w+)\}")


def filled_text(text: str, found: Mapping[str, str]) -> str:
    """The text with what was found. A name that no pattern has stays as it is written."""

    def fill(match: re.Match[str]) -> str:
        if match["escaped"]:
            return match[0][1:]
        return found.get(match["name"], match[0])

    return _HOLE.sub(fill, text)


def filled(data: Any, found: Mapping[str, str]) -> Any:  # noqa: ANN401 - data as YAML has it
    """The same for all text in data."""
    match data:
        case str():
            return filled_text(data, found)
        case list():
            return [filled(item, found) for item in cast("list[Any]", data)]
        case dict():
            return {key: filled(item, found) for key, item in cast("dict[str, Any]", data).items()}
        case _:
            return data
