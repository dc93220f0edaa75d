"""Expressions as Python values: operators on them, and on what stands beside them, write the text of larger ones.

Each holds its text and the graphs whose names it mentions. Nothing is evaluated and no name is checked here: whether a
field exists is for `compile` to say, which knows the whole graph.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NoReturn, TypeAlias, cast

from interlock.authoring.errors import BuildError
from interlock.core.canonical import INT_MAX, INT_MIN
from interlock.core.compiling.names import GIVEN_NAMES

Operand: TypeAlias = "Expression | str | int | float | Sequence[Operand] | Mapping[str, Operand] | None"
"""What may stand beside an operator. Text is a literal here: nothing in it is filled in."""

Condition: TypeAlias = "Expression | str"
"""An expression that is true or false, or its text in `${…}`."""

_OR, _AND, RELATION, _SUM, _PRODUCT, _SIGN, MEMBER = range(7)
"""How strongly the operators of CEL bind, the weakest first."""


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
        return _joined(self, "==", other, RELATION)

    def __ne__(self, other: Operand) -> Expression:  # pyright: ignore[reportIncompatibleMethodOverride]
        return _joined(self, "!=", other, RELATION)

    def __lt__(self, other: Operand) -> Expression:
        return _joined(self, "<", other, RELATION)

    def __le__(self, other: Operand) -> Expression:
        return _joined(self, "<=", other, RELATION)

    def __gt__(self, other: Operand) -> Expression:
        return _joined(self, ">", other, RELATION)

    def __ge__(self, other: Operand) -> Expression:
        return _joined(self, ">=", other, RELATION)

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
        return Expression(f"-{_within(self, MEMBER)}", _SIGN, self._homes)

    def __invert__(self) -> Expression:
        return Expression(f"!{_within(self, MEMBER)}", _SIGN, self._homes)

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


class Whole:
    """A value that stands alone: no operator takes it, and no text around it."""

    def __init__(self, source: str, homes: frozenset[Home]) -> None:
        self._source = source
        self._homes = homes

    def __str__(self) -> str:
        return f"${{{self._source}}}"

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self}>"


def source_of(expression: Expression | Whole) -> str:
    """What stands between `${` and `}`."""
    return expression._source  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - public names would hide fields


def homes_of(expression: Expression | Whole) -> frozenset[Home]:
    """The graphs whose names it mentions."""
    return expression._homes  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - public names would hide fields


def _joined(left: Operand, operator: str, right: Operand, strength: int) -> Expression:
    one, other = operand(left), operand(right)
    # CEL reads operators of one strength from the left; a comparison of comparisons is nobody's idea without brackets.
    before = _within(one, strength + (strength == RELATION))
    source = f"{before} {operator} {_within(other, strength + 1)}"
    return Expression(source, strength, homes_of(one) | homes_of(other))


def _within(expression: Expression, strength: int) -> str:
    """The source as part of something that binds this strongly."""
    source = source_of(expression)
    return source if expression._strength >= strength else f"({source})"  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]


def _claim(value: object, operator: str) -> Expression | bool:
    if isinstance(value, (Expression, bool)):
        return value
    raise TypeError(
        f"`{operator}` joins conditions, and {value!r} is none: put each comparison in parentheses, "
        f"as in `(a == 1) {operator} (b == 2)`"
    )


# --- literals --------------------------------------------------------------------------------------------------------


def operand(value: Operand) -> Expression:
    """A Python value as an expression; expressions as they are."""
    match value:
        case Expression():
            return value
        case None:
            return Expression("null", MEMBER, frozenset())
        case bool():
            return Expression("true" if value else "false", MEMBER, frozenset())
        case int() | float():
            return _number(value)
        case str():
            return _text(value)
        case Mapping():
            items = {_text(key): operand(item) for key, item in cast("Mapping[str, Operand]", value).items()}
            source = ", ".join(f"{source_of(key)}: {source_of(item)}" for key, item in items.items())
            return Expression(f"{{{source}}}", MEMBER, homes_of_all(items.values()))
        case list() | tuple():
            parts = [operand(part) for part in cast("Sequence[Operand]", value)]
            return Expression(f"[{', '.join(map(source_of, parts))}]", MEMBER, homes_of_all(parts))
        case _:
            raise TypeError(f"a {type(value).__name__} cannot stand in an expression: use text, numbers, lists or maps")


def _number(value: float) -> Expression:
    if isinstance(value, float) and not math.isfinite(value):
        raise BuildError(f"{value} cannot stand in an expression: no number of JSON is infinite or undefined")
    if isinstance(value, int) and not INT_MIN <= value <= INT_MAX:
        raise BuildError(f"{value} cannot stand in an expression: numbers there have at most 64 bits")
    return Expression(repr(value), _SIGN if value < 0 else MEMBER, frozenset())


def _text(text: str) -> Expression:
    if "${" in text:
        raise BuildError(
            f"{text!r} would stand in an expression as it is, with nothing filled in: join its parts with `+`, "
            "or write the whole expression as text in ${…}"
        )
    quoted = json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
    return Expression(quoted, MEMBER, frozenset())


def homes_of_all(expressions: Iterable[Expression]) -> frozenset[Home]:
    """The graphs whose names any of them mentions."""
    return frozenset(home for expression in expressions for home in homes_of(expression))
