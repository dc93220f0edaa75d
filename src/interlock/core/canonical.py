"""How data from outside becomes a value: it takes the canonical form, or is refused with the place that is at fault.

Opaque leaves never come from outside: whoever could hand in a `Secret` could have any secret filled in.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final, cast

import msgspec

from interlock.core.values import Value, ValueProblem, duration_text, encode, instant_text

INT_MIN: Final = -(2**63)
INT_MAX: Final = 2**63 - 1
DEPTH_MAX: Final = 64
VALUE_BYTES_MAX: Final = 64 * 1024 * 1024

_PLACE_SHOWN_MAX: Final = 60


def canonical(data: object, *, where: str = "value") -> Value:
    """The canonical form of data that came from outside, or a `ValueProblem` that names the place."""
    try:
        value = _canonical(data, 0)
    except _NoValueError as problem:
        raise ValueProblem(problem.told_of(where)) from None
    size = len(encode(value))
    if size > VALUE_BYTES_MAX:
        raise ValueProblem(
            f"{where} is {size:,} bytes long, more than {VALUE_BYTES_MAX:,}: keep it outside and pass its address"
        )
    return value


class _NoValueError(Exception):
    """Something inside the data is no value. Each container that it leaves adds the place: most data is sound."""

    def __init__(self, told: str, *, of: str = "", is_deep: bool = False) -> None:
        super().__init__(told)
        self._told = told
        self._of = of
        self._is_deep = is_deep
        self._steps: list[str] = []

    def left(self, step: str) -> None:
        """It leaves a container, in which it stood there."""
        self._steps.append(step)

    def told_of(self, where: str) -> str:
        """What is wrong, and where. Of a place that is deep inside, the way to it is enough."""
        place = where + "".join(reversed(self._steps))
        if self._is_deep and len(place) > _PLACE_SHOWN_MAX:
            place = f"{place[:_PLACE_SHOWN_MAX]}…"
        return f"{self._of}{place} {self._told}"


def _canonical(data: object, depth: int) -> Value:
    match data:
        case str():
            return _text(data)
        case None | bool():
            return data
        case int():
            if not INT_MIN <= data <= INT_MAX:
                raise _NoValueError("is an integer beyond 64 bits: pass it as text")
            return int(data)
        case float():
            if not math.isfinite(data):
                raise _NoValueError(f"is {data}, which JSON cannot hold: pass null or text")
            return float(data) + 0.0  # minus zero becomes zero
        case dict() | Mapping():
            return _map(cast("Mapping[object, object]", data), depth + 1)
        case list() | tuple():
            return _list(cast("Iterable[object]", data), depth + 1)
        case _:
            return _other(data, depth)


def _map(data: Mapping[object, object], depth: int) -> dict[str, Value]:
    _check_depth(data, depth)
    named = {_key(key): item for key, item in data.items()}
    found: dict[str, Value] = {}
    for key in sorted(named):
        try:
            found[key] = _canonical(named[key], depth)
        except _NoValueError as problem:
            problem.left(f".{key}")
            raise
    return found


def _list(data: Iterable[object], depth: int) -> list[Value]:
    _check_depth(data, depth)
    found: list[Value] = []
    try:
        for item in data:
            found.append(_canonical(item, depth))  # noqa: PERF401 - how far it came is the place of a problem
    except _NoValueError as problem:
        problem.left(f"[{len(found)}]")
        raise
    return found


def _other(data: object, depth: int) -> Value:
    """What stands for data: times, and objects that can be written as maps."""
    match data:
        case datetime():
            if data.tzinfo is None:
                raise _NoValueError("is a time without a zone: use an aware datetime")
            return instant_text(data)
        case timedelta():
            return duration_text(data)
        case bytes() | bytearray() | memoryview():
            raise _NoValueError("is bytes: encode them as text, or keep them outside and pass their address")
        case msgspec.Struct():
            return _canonical(msgspec.structs.asdict(data), depth)
        case _ if dataclasses.is_dataclass(data) and not isinstance(data, type):
            return _canonical(dataclasses.asdict(data), depth)
        case _ if callable(dump := getattr(data, "model_dump", None)):
            return _canonical(dump(mode="json"), depth)
        case _:
            raise _NoValueError(
                f"is a {type(data).__name__}: values are null, true, false, numbers, text, lists and maps"
            )


def _key(key: object) -> str:
    if not isinstance(key, str):
        raise _NoValueError(f"has the key {key!r}: keys of a map are text")
    return _text(key, of="a key of ")


def _text(text: str, of: str = "") -> str:
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise _NoValueError("is text with a lone surrogate, which UTF-8 cannot hold", of=of) from None
    # The `str` of a member of an enumeration is its name: what is wanted is the text that it is.
    return text if type(text) is str else str.__str__(text)


def _check_depth(data: object, depth: int) -> None:
    if depth > DEPTH_MAX and data:
        raise _NoValueError("is nested deeper than 64 levels, or holds itself", is_deep=True)
