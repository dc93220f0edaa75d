"""Judging values by a schema, and filling in its defaults.

Nothing is fetched, and nothing is cached: who compiles a schema keeps it.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple, cast

import jsonschema_rs

from interlock.core.canonical import canonical
from interlock.core.json_schema.checks import Rules, check_schema, new_validator, reach
from interlock.core.json_schema.opaque import errors_besides_opaque
from interlock.core.json_schema.wording import PROBLEMS_MAX, told
from interlock.core.problems import Problem
from interlock.core.values import Value


class SchemaRefused(ValueError):
    """A schema that may not be used, with everything that is wrong with it."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("; ".join(problem.message for problem in problems))
        self.problems = problems


class Schema:
    """A schema ready to judge values. Immutable; schemas that say the same are equal."""

    __slots__ = ("_reach", "_validator", "source")

    def __init__(self, schema: Rules | bool) -> None:  # noqa: FBT001 - true and false are schemas
        self.source = schema
        self._reach = reach(schema)
        self._validator = new_validator(schema)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Schema) and other.source == self.source

    __hash__ = None  # pyright: ignore[reportAssignmentType] - its source is a map

    def problems(self, value: Value, where: str = "value") -> list[str]:
        """What is wrong with a value, each naming the place (`value.items[3].name is missing`); at most five."""
        try:
            if self._validator.is_valid(value):
                return []
            if not self._can_tell(value):
                return [f"{where} does not fit its schema; it is too deep, or the schema too wide, to say where"]
            errors = self._errors(value)
        except ValueError:  # a leaf that is no JSON: a `Ref` or a `Secret`
            errors = errors_besides_opaque(self._validator, value) if self._can_tell(value) else []
        found = [message for error in errors for message in told(error, where)]
        return list(dict.fromkeys(found))[:PROBLEMS_MAX]

    def _errors(self, value: Value) -> list[jsonschema_rs.ValidationError]:
        """All that is wrong, or one thing where there may be much: the library gathers all before it gives any."""
        if self._reach.visits * _extent(value).parts <= _REASONS_LISTED_MAX:
            return list(self._validator.iter_errors(value))
        try:
            self._validator.validate(value)
        except jsonschema_rs.ValidationError as error:
            return [error]
        return []

    def _can_tell(self, value: Value) -> bool:
        """Whether even one reason can be told in time: those of a schema that refers to itself multiply by level."""
        depth = min(_extent(value).depth, _DEPTH_COUNTED)
        return self._reach.visits * max(1, self._reach.returns) ** depth <= _REASONS_MAX


def compile_schema(schema: Rules | bool) -> Schema:  # noqa: FBT001 - true and false are schemas
    """The schema, ready to judge values; `SchemaRefused` if it may not be used."""
    if problems := check_schema(schema):
        raise SchemaRefused(problems)
    return Schema(schema)


def with_defaults(schema: Rules | bool, value: Value) -> Value:  # noqa: FBT001
    """The value with what a schema says to take where a field is left out, also in maps inside it."""
    if isinstance(schema, bool) or not isinstance(value, dict):
        return value
    filled = cast("dict[str, Value]", value)
    for name, rules in cast("dict[str, Any]", schema.get("properties", {})).items():
        if not isinstance(rules, dict):
            continue
        inside = cast("Rules", rules)
        if name in filled:
            filled = {**filled, name: with_defaults(inside, filled[name])}
        elif "default" in inside:
            filled = {**filled, name: canonical(inside["default"])}
    return {name: filled[name] for name in sorted(filled)}


_REASONS_MAX: Final = 20_000
_REASONS_LISTED_MAX: Final = 200_000
_DEPTH_COUNTED: Final = 64


class _Extent(NamedTuple):
    parts: int
    depth: int


def _extent(value: Value) -> _Extent:
    """How many parts a value has, and how deep it is."""
    waiting: list[tuple[Value, int]] = [(value, 1)]
    parts = deepest = 0
    while waiting:
        part, depth = waiting.pop()
        parts += 1
        deepest = max(deepest, depth)
        waiting += [(each, depth + 1) for each in _inside(part)]
    return _Extent(parts, deepest)


def _inside(value: Value) -> list[Value]:
    match value:
        case dict():
            return list(cast("dict[str, Value]", value).values())
        case list():
            return cast("list[Value]", value)
        case _:
            return []
