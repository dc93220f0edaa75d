"""JSON data, as documents and schemas are made of it: its type, and the check that something handed in is nothing else.

Unlike a canonical value (`core/values.py`) it keeps the order of its maps: among the nodes of a graph it matters.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final, TypeAlias, cast

from interlock.core.canonical import INT_MAX, INT_MIN
from interlock.core.problems import Place, Problem

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
JsonMap: TypeAlias = dict[str, Json]

DOCUMENT_DEPTH_MAX: Final = 256
"""How deep a document may be nested: enough for the deepest scopes (three levels each) with data in the innermost."""


def plain_json(data: object, place: Place, problems: list[Problem]) -> Json:
    """A copy of the data, with a problem for everything in it that JSON cannot hold."""
    if type(data) is str and data.isascii():  # most of a large document is this, so it goes first
        return data
    match data:
        case None | bool():
            return data
        case str():
            if not data.isascii() and any("\ud800" <= character <= "\udfff" for character in data):
                problems.append(Problem(place=place, message="this text holds half a character (a lone surrogate)"))
            return data
        case int():
            if not INT_MIN <= data <= INT_MAX:
                problems.append(
                    Problem(place=place, message="this number is beyond 64 bits", advice="write it as text")
                )
            return data
        case float():
            if not math.isfinite(data):
                problems.append(Problem(place=place, message=f"{data} is no JSON number", advice="write null or text"))
            return data
        case _ if len(place) >= DOCUMENT_DEPTH_MAX:
            message = f"the document is nested deeper than {DOCUMENT_DEPTH_MAX} levels"
            problems.append(Problem(place=place, message=message, advice="move what is inside to a graph of its own"))
            return None
        case Mapping():
            return _plain_map(cast("Mapping[object, object]", data), place, problems)
        case list() | tuple():
            items = cast("list[object]", data)
            return [plain_json(item, (*place, index), problems) for index, item in enumerate(items)]
        case _:
            message = f"a {type(data).__name__} cannot stand in a graph"
            problems.append(Problem(place=place, message=message, advice="write text, numbers, lists and maps"))
            return None


def _plain_map(data: Mapping[object, object], place: Place, problems: list[Problem]) -> JsonMap:
    plain: JsonMap = {}
    for key, item in data.items():
        if isinstance(key, str):
            if not key.isascii():
                plain_json(key, place, problems)
            plain[key] = plain_json(item, (*place, key), problems)
        else:
            message = f"the key {key!r} is a {type(key).__name__}"
            problems.append(Problem(place=place, message=message, advice="keys are text: put it in quotes"))
    return plain
