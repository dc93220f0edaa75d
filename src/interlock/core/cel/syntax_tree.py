"""The syntax tree of an expression, read from the bytes in which the CEL runtime hands it out.

The runtime serializes a parsed expression as a protobuf message (`cel.expr.ParsedExpr` in an `Any`) and ships no Python
classes for it. This module reads: it neither checks nor evaluates.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, TypeAlias

from msgspec import Struct

from interlock.core.cel.wire import as_bytes, as_int, fields_of_message


class Const(Struct, frozen=True, gc=False):
    """A literal; `text` is set for strings alone."""

    id: int
    text: str | None = None
    has_nul: bool = False
    """Whether it is text or bytes with the character U+0000."""


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
    for number, data in fields_of_message(_last(serialized, 2)):
        if number == 2:  # ParsedExpr.expr
            tree = _tree(as_bytes(data))
        elif number == 3:  # ParsedExpr.source_info
            offsets = _offsets(as_bytes(data))
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
    for number, field in fields_of_message(data):
        match number:
            case 2:
                id_ = as_int(field)
            case 3:
                return _const(id_, as_bytes(field))
            case 4:
                return Ident(id_, _last(as_bytes(field), 1).decode())
            case 5:
                return _select(id_, as_bytes(field))
            case 6:
                return _call(id_, as_bytes(field))
            case 7:
                items = [_tree(as_bytes(item)) for number, item in fields_of_message(as_bytes(field)) if number == 1]
                return ListOf(id_, tuple(items))
            case 8:
                return _map(id_, as_bytes(field))
            case 9:
                return _fold(id_, as_bytes(field))
            case _:
                pass
    return Const(id_)


def _const(id_: int, data: bytes) -> Const:
    for number, field in fields_of_message(data):
        if number == 6:
            return Const(id_, as_bytes(field).decode(), b"\0" in as_bytes(field))
        if number == 7:
            return Const(id_, None, b"\0" in as_bytes(field))
    return Const(id_)


def _select(id_: int, data: bytes) -> Select:
    operand: Tree = _NOTHING
    name, tests = "", False
    for number, field in fields_of_message(data):
        if number == 1:
            operand = _tree(as_bytes(field))
        elif number == 2:
            name = as_bytes(field).decode()
        elif number == 3:
            tests = bool(field)
    return Select(id_, operand, name, tests)


def _call(id_: int, data: bytes) -> Call:
    target: Tree | None = None
    function = ""
    args: list[Tree] = []
    for number, field in fields_of_message(data):
        if number == 1:
            target = _tree(as_bytes(field))
        elif number == 2:
            function = as_bytes(field).decode()
        elif number == 3:
            args.append(_tree(as_bytes(field)))
    return Call(id_, function, target, tuple(args))


def _map(id_: int, data: bytes) -> MapOf:
    message = ""
    parts: list[Tree] = []
    for number, field in fields_of_message(data):
        if number == 1:
            message = as_bytes(field).decode()
        elif number == 2:
            parts += [_tree(as_bytes(part)) for inner, part in fields_of_message(as_bytes(field)) if inner in {3, 4}]
    return MapOf(id_, message, tuple(parts))


def _fold(id_: int, data: bytes) -> Fold:
    names = {1: "", 3: ""}
    trees: dict[int, Tree] = {}
    for number, field in fields_of_message(data):
        if number in names:
            names[number] = as_bytes(field).decode()
        else:
            trees[number] = _tree(as_bytes(field))
    range_, start, condition, step, result = (trees.get(number, _NOTHING) for number in (2, 4, 5, 6, 7))
    return Fold(id_, names[1], names[3], range_, start, condition, step, result)


def _offsets(data: bytes) -> dict[int, int]:
    entries = [fields_of_message(as_bytes(field)) for number, field in fields_of_message(data) if number == 4]
    # An offset of zero is left out of its entry, as protobuf leaves out every default.
    return {as_int(entry[0][1]): as_int(entry[1][1]) if len(entry) > 1 else 0 for entry in entries}


def _last(data: bytes, wanted: int) -> bytes:
    found = b""
    for number, field in fields_of_message(data):
        if number == wanted:
            found = as_bytes(field)
    return found
