"""The syntax tree of an expression, read from the bytes in which the CEL runtime hands it out.

The runtime serializes a parsed expression as a protobuf message (`cel.expr.ParsedExpr` in an `Any`) and ships no Python
classes for it; the wire format is small enough to read here. This module reads: it neither checks nor evaluates.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, TypeAlias

from msgspec import Struct


class Const(Struct, frozen=True, gc=False):
    """A literal; `text` is set for strings alone."""

    id: int
    text: str | None = None


class Ident(Struct, frozen=True, gc=False):
    """A name standing by itself."""

    id: int
    name: str


class Select(Struct, frozen=True):
    """`operand.field`, or `has(operand.field)` if it only tests for presence."""

    id: int
    operand: Tree
    field: str
    tests: bool


class Call(Struct, frozen=True):
    """A function, method or operator (operators are called `_+_`, `_?._`, `_[_]`…)."""

    id: int
    function: str
    target: Tree | None
    args: tuple[Tree, ...]


class ListOf(Struct, frozen=True):
    """`[a, b]`."""

    id: int
    items: tuple[Tree, ...]


class MapOf(Struct, frozen=True):
    """`{k: v}`, or a message where `message` names one: keys and values in turn."""

    id: int
    message: str
    parts: tuple[Tree, ...]


class Fold(Struct, frozen=True):
    """What a macro (`map`, `filter`, `exists`…) stands for: a loop over `range` that folds into an accumulator."""

    id: int
    variable: str
    accumulator: str
    range: Tree
    start: Tree
    condition: Tree
    step: Tree
    result: Tree

    @property
    def named(self) -> str:
        """The variable that the author named: `optMap` binds its variable as the accumulator of an empty loop."""
        return self.accumulator if self.variable == _NO_VARIABLE else self.variable


Tree: TypeAlias = Const | Ident | Select | Call | ListOf | MapOf | Fold

_NO_VARIABLE: Final = "#unused"
_NOTHING: Final = Const(0)


class Parsed(Struct, frozen=True):
    """A tree, and where its parts stand in the source: offsets in characters by the part's id."""

    tree: Tree
    offsets: dict[int, int]


def read_parsed(serialized: bytes) -> Parsed:
    """The tree in a serialized parsed expression."""
    tree: Tree = _NOTHING
    offsets: dict[int, int] = {}
    for number, data in _fields(_last(serialized, 2)):
        if number == 2:  # ParsedExpr.expr
            tree = _tree(_bytes(data))
        elif number == 3:  # ParsedExpr.source_info
            offsets = _offsets(_bytes(data))
    return Parsed(tree, offsets)


def children(tree: Tree) -> tuple[Tree, ...]:
    """The parts directly inside a tree, in the order in which they are written."""
    match tree:
        case Const() | Ident():
            return ()
        case Select():
            return (tree.operand,)
        case Call():
            return tree.args if tree.target is None else (tree.target, *tree.args)
        case ListOf():
            return tree.items
        case MapOf():
            return tree.parts
        case Fold():
            return (tree.range, tree.start, tree.condition, tree.step, tree.result)


def every(tree: Tree) -> Iterator[Tree]:
    """The tree and everything inside it."""
    waiting = [tree]
    while waiting:
        part = waiting.pop()
        yield part
        waiting.extend(children(part))


# --- The messages of cel/expr/syntax.proto, by field number -----------------------------------------------------------


def _tree(data: bytes) -> Tree:
    id_ = 0
    for number, field in _fields(data):
        match number:
            case 2:
                id_ = _int(field)
            case 3:
                return Const(id_, _text_in_constant(_bytes(field)))
            case 4:
                return Ident(id_, _last(_bytes(field), 1).decode())
            case 5:
                return _select(id_, _bytes(field))
            case 6:
                return _call(id_, _bytes(field))
            case 7:
                items = [_tree(_bytes(item)) for number, item in _fields(_bytes(field)) if number == 1]
                return ListOf(id_, tuple(items))
            case 8:
                return _map(id_, _bytes(field))
            case 9:
                return _fold(id_, _bytes(field))
            case _:
                pass
    return Const(id_)


def _text_in_constant(data: bytes) -> str | None:
    for number, field in _fields(data):
        if number == 6:
            return _bytes(field).decode()
    return None


def _select(id_: int, data: bytes) -> Select:
    operand: Tree = _NOTHING
    name, tests = "", False
    for number, field in _fields(data):
        if number == 1:
            operand = _tree(_bytes(field))
        elif number == 2:
            name = _bytes(field).decode()
        elif number == 3:
            tests = bool(field)
    return Select(id_, operand, name, tests)


def _call(id_: int, data: bytes) -> Call:
    target: Tree | None = None
    function = ""
    args: list[Tree] = []
    for number, field in _fields(data):
        if number == 1:
            target = _tree(_bytes(field))
        elif number == 2:
            function = _bytes(field).decode()
        elif number == 3:
            args.append(_tree(_bytes(field)))
    return Call(id_, function, target, tuple(args))


def _map(id_: int, data: bytes) -> MapOf:
    message = ""
    parts: list[Tree] = []
    for number, field in _fields(data):
        if number == 1:
            message = _bytes(field).decode()
        elif number == 2:
            parts += [_tree(_bytes(part)) for inner, part in _fields(_bytes(field)) if inner in {3, 4}]
    return MapOf(id_, message, tuple(parts))


def _fold(id_: int, data: bytes) -> Fold:
    names = {1: "", 3: ""}
    trees: dict[int, Tree] = {}
    for number, field in _fields(data):
        if number in names:
            names[number] = _bytes(field).decode()
        else:
            trees[number] = _tree(_bytes(field))
    range_, start, condition, step, result = (trees.get(number, _NOTHING) for number in (2, 4, 5, 6, 7))
    return Fold(id_, names[1], names[3], range_, start, condition, step, result)


def _offsets(data: bytes) -> dict[int, int]:
    entries = [_fields(_bytes(field)) for number, field in _fields(data) if number == 4]
    # An offset of zero is left out of its entry, as protobuf leaves out every default.
    return {_int(entry[0][1]): _int(entry[1][1]) if len(entry) > 1 else 0 for entry in entries}


# --- The wire format --------------------------------------------------------------------------------------------------

Field: TypeAlias = "int | bytes"


def _fields(data: bytes) -> list[tuple[int, Field]]:
    """The fields of one message, in order: numbers for varints, bytes for what has a length or a fixed size.

    Written for speed, as a graph may have 20,000 expressions: nearly every key, size and number is one byte long.
    """
    found: list[tuple[int, Field]] = []
    at, end = 0, len(data)
    while at < end:
        key = data[at]
        at += 1
        kind = key & 7
        if kind == _FIXED_64 or kind == _FIXED_32:  # noqa: SIM109 - twice as fast as looking in a set
            size = 8 if kind == _FIXED_64 else 4
        else:
            size = data[at]
            at += 1
            if size >= _CONTINUES:
                size, at = _varint(data, at - 1)
            if kind == _VARINT:
                found.append((key >> 3, size))
                continue
        found.append((key >> 3, data[at : at + size]))
        at += size
    return found


_VARINT: Final = 0
_FIXED_64: Final = 1
_FIXED_32: Final = 5
_CONTINUES: Final = 0x80


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < _CONTINUES:
            return value, at
        shift += 7


def _last(data: bytes, wanted: int) -> bytes:
    found = b""
    for number, field in _fields(data):
        if number == wanted:
            found = _bytes(field)
    return found


def _bytes(field: Field) -> bytes:
    assert isinstance(field, bytes), "the runtime writes messages, text and bytes with a length"
    return field


def _int(field: Field) -> int:
    assert isinstance(field, int), "the runtime writes numbers as varints"
    return field
