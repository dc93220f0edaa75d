"""Numbers as they were meant: the types of the protocol know none but floating point, and `3` arrives as `3.0`."""

from __future__ import annotations

from typing import Any, Final

from interlock.core.values import Value, is_list, is_map

EXACT_MAX: Final = 2**53
"""Beyond it floating point does not tell whole numbers apart."""


def with_whole_numbers(value: Value) -> Any:  # noqa: ANN401 - JSON data
    """The same value with every number that is whole as one."""
    if is_map(value):
        return {key: with_whole_numbers(each) for key, each in value.items()}
    if is_list(value):
        return [with_whole_numbers(each) for each in value]
    if isinstance(value, float) and value.is_integer() and abs(value) <= EXACT_MAX:
        return int(value)
    return value
