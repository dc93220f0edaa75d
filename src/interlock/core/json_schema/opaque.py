"""Judging a value in which leaves stand that cannot be seen: a `Ref` to bytes elsewhere, a `Secret`.

Such a leaf satisfies any schema. A rule that looks at a whole map or list with such a leaf inside (`enum`, `anyOf`,
`not`…) is given the benefit of the doubt; types, required fields and counts are still judged. So a value is never
refused for what cannot be seen.
"""

from __future__ import annotations

from typing import Final, cast

import jsonschema_rs

from interlock.core.problems import Place
from interlock.core.values import KeptList, Ref, Secret, Value


def errors_besides_opaque(
    validator: jsonschema_rs.Draft202012Validator, value: Value
) -> list[jsonschema_rs.ValidationError]:
    """The errors of a value that would stand whatever its opaque leaves are."""
    opaque: set[Place] = set()
    visible = _without_opaque(value, (), opaque)
    around = {place[:length] for place in opaque for length in range(len(place) + 1)}
    errors = validator.iter_errors(visible)
    return [error for error in errors if _is_certain(error, tuple(error.instance_path), opaque, around)]


def _without_opaque(value: Value, place: Place, opaque: set[Place]) -> Value:
    """The value with null in the place of what cannot be seen; the places are added to the set."""
    match value:
        case Ref() | Secret() | KeptList():
            opaque.add(place)
            return None
        case dict():
            fields = cast("dict[str, Value]", value)
            return {name: _without_opaque(each, (*place, name), opaque) for name, each in fields.items()}
        case list():
            items = cast("list[Value]", value)
            return [_without_opaque(each, (*place, index), opaque) for index, each in enumerate(items)]
        case _:
            return value


_LOOKS_ONLY_AT_THE_OUTSIDE: Final = (
    jsonschema_rs.ValidationErrorKind.Type,
    jsonschema_rs.ValidationErrorKind.Required,
    jsonschema_rs.ValidationErrorKind.AdditionalProperties,
    jsonschema_rs.ValidationErrorKind.MinItems,
    jsonschema_rs.ValidationErrorKind.MaxItems,
    jsonschema_rs.ValidationErrorKind.MinProperties,
    jsonschema_rs.ValidationErrorKind.MaxProperties,
    jsonschema_rs.ValidationErrorKind.PropertyNames,
)


def _is_certain(error: jsonschema_rs.ValidationError, place: Place, opaque: set[Place], around: set[Place]) -> bool:
    """Whether an error would stand whatever the opaque leaves are."""
    if place in opaque:
        return False
    if place not in around:
        return not _depends_on_a_choice(error)
    return isinstance(error.kind, _LOOKS_ONLY_AT_THE_OUTSIDE) and not _depends_on_a_choice(error)


def _depends_on_a_choice(error: jsonschema_rs.ValidationError) -> bool:
    """`if` may have been decided by what cannot be seen."""
    return not {"then", "else", "dependentSchemas"}.isdisjoint(error.schema_path)
