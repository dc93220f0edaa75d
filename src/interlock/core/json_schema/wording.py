"""What is wrong with a value, in words for whoever made it: each message names the place and never echoes much."""

from __future__ import annotations

from typing import Any, Final, cast

import jsonschema_rs
import msgspec

PROBLEMS_MAX: Final = 5
ECHO_LENGTH_MAX: Final = 80

_Kind = jsonschema_rs.ValidationErrorKind


def told(error: jsonschema_rs.ValidationError, where: str) -> list[str]:
    """What one error of the library means; several messages where several fields are meant."""
    place = where + "".join(_step(step) for step in error.instance_path)
    is_ = f"{place} is {_echo(error.instance)}"
    match error.kind:
        case _Kind.Required(property=name):
            return [f"{place}{_step(name)} is missing"]
        case _Kind.AdditionalProperties(unexpected=names) | _Kind.UnevaluatedProperties(unexpected=names):
            return [f"{place}{_step(name)} is not a field that is known here" for name in names[:PROBLEMS_MAX]]
        case _Kind.Type(types=types):
            return [f"{is_}, not {' or '.join(_TYPE_WORDS.get(name, name) for name in types)}"]
        case _Kind.Enum(options=options):
            return [f"{is_}, not one of {_listed(options)}"]
        case _Kind.Constant(expected_value=expected):
            same = isinstance(expected, (dict, list))
            return [f"{place} is not the one value that is allowed" if same else f"{is_}, not {_echo(expected)}"]
        case _Kind.AnyOf(context=branches) | _Kind.OneOfNotValid(context=branches):
            return [f"{is_}, {_none_of(branches)}"]
        case _Kind.OneOfMultipleValid():
            return [f"{is_}, which fits more than one of the forms of which only one may fit"]
        case _Kind.Not():
            return [f"{is_}, which is not allowed here"]
        case _Kind.Minimum(limit=limit):
            return [f"{is_}: at least {limit} is wanted"]
        case _Kind.Maximum(limit=limit):
            return [f"{is_}: at most {limit} is wanted"]
        case _Kind.ExclusiveMinimum(limit=limit):
            return [f"{is_}: more than {limit} is wanted"]
        case _Kind.ExclusiveMaximum(limit=limit):
            return [f"{is_}: less than {limit} is wanted"]
        case _Kind.MinLength(limit=limit):
            return [f"{place} is shorter than {limit} characters"]
        case _Kind.MaxLength(limit=limit):
            return [f"{place} is longer than {limit} characters"]
        case _Kind.MinItems(limit=limit):
            return [f"{place} has fewer than {limit} items"]
        case _Kind.MaxItems(limit=limit):
            return [f"{place} has more than {limit} items"]
        case _Kind.MinProperties(limit=limit):
            return [f"{place} has fewer than {limit} fields"]
        case _Kind.MaxProperties(limit=limit):
            return [f"{place} has more than {limit} fields"]
        case _Kind.MultipleOf(multiple_of=step):
            return [f"{is_}, not a multiple of {step}"]
        case _Kind.Pattern(pattern=pattern):
            return [f"{is_}, which does not match the pattern `{_cut(pattern)}`"]
        case _Kind.Format(format=name):
            return [f"{is_}, not a valid {name}"]
        case _Kind.UniqueItems():
            return [f"{place} has the same item twice"]
        case _Kind.Contains():
            return [f"{place} has no item of the kind that is wanted"]
        case _Kind.FalseSchema():
            return [f"{place} is not allowed here"]
        case _Kind.PropertyNames():
            return [f"{place} has a field whose name is not allowed"]
        case _:
            return [f"{place} does not satisfy `{error.kind.name}` of its schema"]


def _none_of(branches: list[list[jsonschema_rs.ValidationError]]) -> str:
    """Where all that is wrong is the type, the types that would do; else no more than that nothing fits."""
    types: list[str] = []
    for branch in branches:
        match branch:
            case [error] if isinstance(error.kind, _Kind.Type):
                types += [_TYPE_WORDS.get(name, name) for name in error.kind.types]
            case _:
                return f"which fits none of the {len(branches)} forms that are allowed"
    return f"not {' or '.join(dict.fromkeys(types))}"


_TYPE_WORDS: Final = {
    "string": "text",
    "integer": "an integer",
    "number": "a number",
    "boolean": "true or false",
    "object": "a map",
    "array": "a list",
}


def _step(step: str | int) -> str:
    if isinstance(step, int):
        return f"[{step}]"
    return f".{_cut(step)}" if step.isidentifier() else f"[{_cut(step)!r}]"


def _echo(value: object) -> str:
    """A value as a message shows it: itself where it is short, else what kind of thing it is."""
    if isinstance(value, (dict, list)):
        return kind_of(cast("object", value))
    written = msgspec.json.encode(value).decode()
    return written if len(written) <= ECHO_LENGTH_MAX else kind_of(value)


def kind_of(value: object) -> str:
    """What kind of thing a value is, where it is too long to show."""
    match value:
        case None:
            return "null"
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case str():
            return f"text of {len(value)} characters"
        case list():
            return f"a list of {len(cast('list[object]', value))}"
        case dict():
            return "a map"
        case _:
            return f"a {type(value).__name__}"


def _listed(options: list[Any]) -> str:
    shown = ", ".join(_echo(option) for option in options[:8])
    return shown if len(options) <= 8 else f"{shown} and {len(options) - 8} more"


def _cut(text: str) -> str:
    return text if len(text) <= ECHO_LENGTH_MAX else text[: ECHO_LENGTH_MAX - 1] + "…"
