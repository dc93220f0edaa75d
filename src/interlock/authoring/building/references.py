"""`${…}` as Python values: a node's handle, what is selected from it, and the expressions that are made of them.

Each holds the text of an expression and the graph it belongs to. Nothing is evaluated and no name is checked here:
whether a field exists is for `compile` to say, which knows the whole graph.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple, NoReturn, TypeAlias, cast

from interlock.authoring.errors import BuildError
from interlock.core.compiling.names import GIVEN_NAMES
from interlock.core.expressions import bare_path
from interlock.core.values import INT_MAX, INT_MIN

Operand: TypeAlias = "Expression | str | int | float | Sequence[Operand] | Mapping[str, Operand] | None"
"""What may stand beside an operator. Text is a literal here: nothing in it is filled in."""

Condition: TypeAlias = "Expression | str"
"""An expression that is true or false, or its text in `${…}`."""

_OR, _AND, _RELATION, _SUM, _PRODUCT, _SIGN, _MEMBER = range(7)
"""How strongly the operators of CEL bind, the weakest first."""

_FIELD: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_NO_FIELDS: Final = frozenset({"in", "true", "false", "null"})


@dataclass(eq=False)
class Home:
    """The graph under construction that a reference belongs to, and the names that mean something in it."""

    graph: str
    names: set[str] = field(default_factory=lambda: set(GIVEN_NAMES))


# --- expressions -----------------------------------------------------------------------------------------------------


class Expression:
    """An expression under construction. Operators make larger ones: `&`, `|` and `~` stand for and, or and not."""

    def __init__(self, source: str, strength: int, homes: frozenset[Home]) -> None:
        self._source = source
        self._strength = strength
        self._homes = homes

    __hash__ = object.__hash__

    def __eq__(self, other: Operand) -> Expression:  # pyright: ignore[reportIncompatibleMethodOverride]
        return _joined(self, "==", other, _RELATION)

    def __ne__(self, other: Operand) -> Expression:  # pyright: ignore[reportIncompatibleMethodOverride]
        return _joined(self, "!=", other, _RELATION)

    def __lt__(self, other: Operand) -> Expression:
        return _joined(self, "<", other, _RELATION)

    def __le__(self, other: Operand) -> Expression:
        return _joined(self, "<=", other, _RELATION)

    def __gt__(self, other: Operand) -> Expression:
        return _joined(self, ">", other, _RELATION)

    def __ge__(self, other: Operand) -> Expression:
        return _joined(self, ">=", other, _RELATION)

    def __add__(self, other: Operand) -> Expression:
        return _joined(self, "+", other, _SUM)

    def __radd__(self, other: Operand) -> Expression:
        return _joined(other, "+", self, _SUM)

    def __sub__(self, other: Operand) -> Expression:
        return _joined(self, "-", other, _SUM)

    def __rsub__(self, other: Operand) -> Expression:
        return _joined(other, "-", self, _SUM)

    def __mul__(self, other: Operand) -> Expression:
        return _joined(self, "*", other, _PRODUCT)

    def __rmul__(self, other: Operand) -> Expression:
        return _joined(other, "*", self, _PRODUCT)

    def __truediv__(self, other: Operand) -> Expression:
        return _joined(self, "/", other, _PRODUCT)

    def __rtruediv__(self, other: Operand) -> Expression:
        return _joined(other, "/", self, _PRODUCT)

    def __mod__(self, other: Operand) -> Expression:
        return _joined(self, "%", other, _PRODUCT)

    def __rmod__(self, other: Operand) -> Expression:
        return _joined(other, "%", self, _PRODUCT)

    def __neg__(self) -> Expression:
        return Expression(f"-{_within(self, _MEMBER)}", _SIGN, self._homes)

    def __invert__(self) -> Expression:
        return Expression(f"!{_within(self, _MEMBER)}", _SIGN, self._homes)

    def __and__(self, other: Expression | bool) -> Expression:
        return _joined(self, "&&", _claim(other, "&"), _AND)

    def __rand__(self, other: Expression | bool) -> Expression:
        return _joined(_claim(other, "&"), "&&", self, _AND)

    def __or__(self, other: Expression | bool) -> Expression:
        return _joined(self, "||", _claim(other, "|"), _OR)

    def __ror__(self, other: Expression | bool) -> Expression:
        return _joined(_claim(other, "|"), "||", self, _OR)

    def __str__(self) -> str:
        return f"${{{self._source}}}"

    def __format__(self, spec: str) -> str:
        if spec:
            raise TypeError(f"`{self._source}` has no value yet, so it cannot be formatted as {spec!r}")
        return str(self)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self}>"

    def __bool__(self) -> NoReturn:
        raise TypeError(
            f"`{self._source}` has no truth value while the graph is built: it is known only in a run. For and, or and "
            "not write `&`, `|` and `~`, with each comparison in parentheses; to branch, use `when=` or `choose`"
        )

    def __iter__(self) -> NoReturn:
        raise TypeError(f"`{self._source}` has no items while the graph is built: use `each` to go over them in a run")

    def __contains__(self, item: object) -> NoReturn:
        raise TypeError(f"what `{self._source}` holds is known only in a run: write `${{… in {self._source}}}` as text")


def source_of(expression: Expression | Whole) -> str:
    """What stands between `${` and `}`."""
    return expression._source  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - public names would hide fields


def homes_of(expression: Expression | Whole) -> frozenset[Home]:
    """The graphs whose names it mentions."""
    return expression._homes  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - public names would hide fields


def _joined(left: Operand, operator: str, right: Operand, strength: int) -> Expression:
    one, other = _operand(left), _operand(right)
    # CEL reads operators of one strength from the left; a comparison of comparisons is nobody's idea without brackets.
    before = _within(one, strength + (strength == _RELATION))
    source = f"{before} {operator} {_within(other, strength + 1)}"
    return Expression(source, strength, homes_of(one) | homes_of(other))


def _within(expression: Expression, strength: int) -> str:
    """The source as part of something that binds this strongly."""
    source = source_of(expression)
    return source if expression._strength >= strength else f"({source})"  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]


def _claim(operand: object, operator: str) -> Expression | bool:
    if isinstance(operand, (Expression, bool)):
        return operand
    raise TypeError(
        f"`{operator}` joins conditions, and {operand!r} is none: put each comparison in parentheses, "
        f"as in `(a == 1) {operator} (b == 2)`"
    )


# --- literals --------------------------------------------------------------------------------------------------------


def _operand(value: Operand) -> Expression:
    """A Python value as an expression; expressions as they are."""
    match value:
        case Expression():
            return value
        case None:
            return Expression("null", _MEMBER, frozenset())
        case bool():
            return Expression("true" if value else "false", _MEMBER, frozenset())
        case int() | float():
            return _number(value)
        case str():
            return _text(value)
        case Mapping():
            items = {_text(key): _operand(item) for key, item in cast("Mapping[str, Operand]", value).items()}
            source = ", ".join(f"{source_of(key)}: {source_of(item)}" for key, item in items.items())
            return Expression(f"{{{source}}}", _MEMBER, _homes_of_all(items.values()))
        case list() | tuple():
            parts = [_operand(part) for part in cast("Sequence[Operand]", value)]
            return Expression(f"[{', '.join(map(source_of, parts))}]", _MEMBER, _homes_of_all(parts))
        case _:
            raise TypeError(f"a {type(value).__name__} cannot stand in an expression: use text, numbers, lists or maps")


def _number(value: float) -> Expression:
    if isinstance(value, float) and not math.isfinite(value):
        raise BuildError(f"{value} cannot stand in an expression: no number of JSON is infinite or undefined")
    if isinstance(value, int) and not INT_MIN <= value <= INT_MAX:
        raise BuildError(f"{value} cannot stand in an expression: numbers there have at most 64 bits")
    return Expression(repr(value), _SIGN if value < 0 else _MEMBER, frozenset())


def _text(text: str) -> Expression:
    if "${" in text:
        raise BuildError(
            f"{text!r} would stand in an expression as it is, with nothing filled in: join its parts with `+`, "
            "or write the whole expression as text in ${…}"
        )
    quoted = json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
    return Expression(quoted, _MEMBER, frozenset())


def _homes_of_all(expressions: Iterable[Expression]) -> frozenset[Home]:
    return frozenset(home for expression in expressions for home in homes_of(expression))


# --- references ------------------------------------------------------------------------------------------------------


class _Step(NamedTuple):
    """One selection, as it is written where the key must be there and where it may be absent."""

    plain: str
    optional: str
    key: str

    @property
    def is_field(self) -> bool:
        return self.plain.startswith(".")


class Reference(Expression):
    """A value of the run, from which fields can be selected: `plan.title`, `plan["odd key"]`, `plan.files[0]`.

    A field that is called as one of the methods here is written in brackets: `plan["tail"]`. Called, a field is a
    method of expressions: `plan.title.startsWith("Fix")`.
    """

    def __init__(self, base: str, homes: frozenset[Home], steps: tuple[_Step, ...] = ()) -> None:
        super().__init__(base + "".join(step.plain for step in steps), _MEMBER, homes)
        self._base = base
        self._steps = steps

    def __getattr__(self, name: str) -> Reference:
        if name.startswith("_"):  # Python itself asks for such names, to learn what an object can do
            raise AttributeError(f'`{self._source}` has no attribute {name}; for a field of that name write ["{name}"]')
        return self[name]

    def __getitem__(self, key: str | int | Expression) -> Reference:
        homes = self._homes | homes_of(key) if isinstance(key, Expression) else self._homes
        return Reference(self._base, homes, (*self._steps, _step(key)))

    def __call__(self, *arguments: Operand) -> Reference:
        """A method of expressions: `plan.title.startsWith("Fix")`."""
        if not (self._steps and self._steps[-1].is_field):
            raise TypeError(f"`{self._source}` is a value of the run and no function")
        operands = [_operand(argument) for argument in arguments]
        source = f"{self._source}({', '.join(map(source_of, operands))})"
        return Reference(source, self._homes | _homes_of_all(operands))

    def or_else(self, default: Operand) -> Reference:
        """The value, or the default where a key on the way to it is absent."""
        if not self._steps:
            raise BuildError(
                f"`{self._source}` itself cannot be asked for: name a field, as in `{self._source}.field.or_else(…)`"
            )
        operand = _operand(default)
        source = f"{self._base}{''.join(step.optional for step in self._steps)}.orValue({source_of(operand)})"
        return Reference(source, self._homes | homes_of(operand))

    @property
    def exists(self) -> Expression:
        """Whether the last field is there."""
        if not self._steps or self._steps[-1].key.isdecimal():
            raise BuildError(f"only a field can be asked for, and `{self._source}` ends with none")
        if self._steps[-1].is_field:
            return Expression(f"has({self._source})", _MEMBER, self._homes)
        holder = Reference(self._base, self._homes, self._steps[:-1])
        return Expression(f"{self._steps[-1].key} in {source_of(holder)}", _RELATION, self._homes)

    def append(self, item: Operand | Whole) -> Whole:
        """The list with one more item; it is kept by reference, however long it grows."""
        last = item if isinstance(item, Whole) else _operand(item)
        source = f"append({self._kept()}, {source_of(last)})"
        return Whole(source, self._homes | homes_of(last))

    def tail(self, count: int) -> Whole:
        """The last items of this list, at most so many, however long it is."""
        return Whole(f"tail({self._kept()}, {count})", self._homes)

    def _kept(self) -> str:
        if bare_path(self._source) is None:
            raise BuildError(f"`append` and `tail` take a list by a plain path, and `{self._source}` is more than that")
        return self._source


def _step(key: str | int | Expression) -> _Step:
    if isinstance(key, str) and _FIELD.fullmatch(key) and key not in _NO_FIELDS:
        return _Step(f".{key}", f".?{key}", f'"{key}"')
    if isinstance(key, int) and key < 0:
        raise BuildError(f"[{key}] cannot be selected: expressions count from the front, beginning with 0")
    if not isinstance(key, (str, int, Expression)):  # pyright: ignore[reportUnnecessaryIsInstance] - callers may be unchecked
        raise TypeError(f"a field is selected by its name or number, not by a {type(key).__name__}")
    source = source_of(_operand(key))
    return _Step(f"[{source}]", f"[?{source}]", source)


class Whole:
    """A value that stands alone: no operator takes it, and no text around it."""

    def __init__(self, source: str, homes: frozenset[Home]) -> None:
        self._source = source
        self._homes = homes

    def __str__(self) -> str:
        return f"${{{self._source}}}"

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self}>"


# --- nodes -----------------------------------------------------------------------------------------------------------


class Node(Reference):
    """A node of a graph: its value where a value stands, its name where nodes are named."""

    def __init__(self, name: str, home: Home) -> None:
        super().__init__(name, frozenset({home}))

    def on(self, *words: str, when: Condition | None = None) -> Edge:
        """An edge for `after` that fires on these outcomes or labels, and only if `when` is true."""
        if not words and when is None:
            raise BuildError(f"say on which outcome or label of `{self._source}`, or `when`")
        return Edge(self, words, when)


@dataclass(frozen=True, eq=False)
class Edge:
    """A node to wait for, and the conditions on which to go on."""

    node: Node
    on: tuple[str, ...]
    when: Condition | None


class NodeFacts:
    """How nodes ended: `g.nodes.plan.outcome`, `g.nodes[plan].error`."""

    def __init__(self, home: Home) -> None:
        self._home = home

    def __getattr__(self, name: str) -> Reference:
        if name.startswith("_"):
            raise AttributeError(f"no node is called {name}")
        return self[name]

    def __getitem__(self, node: Node | str) -> Reference:
        name = source_of(node) if isinstance(node, Node) else node
        homes = homes_of(node) if isinstance(node, Node) else frozenset({self._home})
        return Reference(f"nodes.{name}", homes)
