"""Going through maps in the order of their keys.

The runtime keeps maps in hash tables whose order differs from call to call, so `map.filter(key, …)` would give another
list each time it is asked, and a replay would diverge. Every loop over `range` is therefore made one over

    bind(@range, range, type(@range) == map ? @keys_in_order(@range) : @range)

in the parsed program itself, where no author's name can be meant by accident. Lists pay a tenth of a microsecond.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from cel_expr_python import cel

from interlock.core.cel.wire import Field, as_bytes, fields_of_message, message_of


def keys_in_order() -> cel.FunctionDecl:
    """The function that ordered programs call: to be declared where they are made and run."""
    any_map = cel.Type.Map(cel.Type.DYN, cel.Type.DYN)
    overload = cel.Overload(f"{_FUNCTION[1:]}_map", cel.Type.LIST, [any_map], impl=_sorted_keys)
    return cel.FunctionDecl(_FUNCTION, [overload])


def in_map_order(serialized: bytes) -> bytes:
    """A serialized parsed expression whose loops go through maps in the order of their keys."""
    if _LOOP_ACCUMULATOR not in serialized:
        return serialized
    wrapper = dict(fields_of_message(serialized))
    parsed = [
        (number, _ordered(as_bytes(field)) if number == _PARSED_EXPRESSION else field)
        for number, field in fields_of_message(as_bytes(wrapper[_ANY_VALUE]))
    ]
    return message_of((wrapper | {_ANY_VALUE: message_of(parsed)}).items())


def _sorted_keys(any_map: Iterable[Any]) -> list[Any]:
    return sorted(any_map, key=lambda key: (type(key).__name__, key))


def _ordered(expression: bytes) -> bytes:
    return message_of((number, _ordered_kind(number, field)) for number, field in fields_of_message(expression))


def _ordered_kind(kind: int, field: Field) -> Field:
    inside = _EXPRESSIONS_IN.get(kind)
    if inside is None:
        return field
    found: list[tuple[int, Field]] = []
    for number, part in fields_of_message(as_bytes(field)):
        if number not in inside:
            found.append((number, part))
        elif kind == _STRUCT:
            found.append((number, _ordered_kind(_ENTRY, part)))
        elif kind == _LOOP and number == _RANGE:
            found.append((number, _range_in_order(_ordered(as_bytes(part)))))
        else:
            found.append((number, _ordered(as_bytes(part))))
    return message_of(found)


# --- cel/expr/syntax.proto, by field number ---------------------------------------------------------------------------

_ANY_VALUE: Final = 2
_PARSED_EXPRESSION: Final = 2
_IDENT, _CALL, _LIST, _STRUCT, _LOOP = 4, 6, 7, 8, 9
_RANGE: Final = 2
_ENTRY: Final = -1
"""Not a kind of expression: an entry of a map, which holds a key and a value."""

_EXPRESSIONS_IN: Final[dict[int, frozenset[int]]] = {
    5: frozenset({1}),
    _CALL: frozenset({1, 3}),
    _LIST: frozenset({1}),
    _STRUCT: frozenset({2}),
    _ENTRY: frozenset({3, 4}),
    _LOOP: frozenset({2, 4, 5, 6, 7}),
}
_FUNCTION: Final = "@keys_in_order"
_LOOP_ACCUMULATOR: Final = b"@result"


def _ident(name: str) -> bytes:
    return message_of([(_IDENT, message_of([(1, name.encode())]))])


def _call(function: str, *arguments: bytes) -> bytes:
    return message_of([(_CALL, message_of([(2, function.encode()), *((3, argument) for argument in arguments)]))])


_BOUND: Final = "@range"
_EMPTY_LIST: Final = message_of([(_LIST, b"")])
_FALSE: Final = message_of([(3, message_of([(2, 0)]))])
_IN_ORDER: Final = _call(
    "_?_:_",
    _call("_==_", _call("type", _ident(_BOUND)), _ident("map")),
    _call(_FUNCTION, _ident(_BOUND)),
    _ident(_BOUND),
)


def _range_in_order(expression: bytes) -> bytes:
    """A name is bound, as macros do it, by the accumulator of a loop over nothing."""
    loop: list[tuple[int, Field]] = [
        (1, b"#unused"),
        (_RANGE, _EMPTY_LIST),
        (3, _BOUND.encode()),
        (4, expression),
        (5, _FALSE),
        (6, _ident(_BOUND)),
        (7, _IN_ORDER),
    ]
    return message_of([(_LOOP, message_of(loop))])
