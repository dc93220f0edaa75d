"""The short way to write the fields of a map, as of a graph's inputs: `{pr_number: integer, note: "string?"}`.

A field is a type word, with `?` where it may be left out, or a JSON Schema, which may be left out where it has a
`default`. What comes of it is an ordinary schema of a map with these fields and no others. Such a schema may also be
written in full.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, cast

from msgspec.structs import replace

from interlock.core.json_schema.checks import TYPES, Rules, check_schema
from interlock.core.json_schema.keywords import misspelt_keywords
from interlock.core.json_schema.relocation import placed_at
from interlock.core.json_schema.validation import Schema, SchemaRefused
from interlock.core.json_schema.wording import kind_of
from interlock.core.problems import Place, Problem, nearest

_WORDS: Final = {
    **{name: {"type": name} for name in TYPES},
    "list": {"type": "array"},
    "any": {},
}


def check_fields(spec: Rules) -> list[Problem]:
    """What is wrong with the fields of a map, written the short way or in full."""
    return check_schema(spec) if is_in_full(spec) else check_shorthand(spec)


def fields_schema(spec: Rules) -> Rules:
    """The schema of fields in which nothing is wrong, whichever way they were written."""
    return spec if is_in_full(spec) else shorthand_schema(spec)


def misspelt_in_fields(spec: Rules) -> Iterator[Problem]:
    """A warning for each word in checked fields that is no keyword, and nearly one."""
    if is_in_full(spec):
        yield from misspelt_keywords(spec)
        return
    for name, field in spec.items():
        for problem in misspelt_keywords(field):
            yield replace(problem, place=(name, *problem.place))


def is_in_full(spec: Rules) -> bool:
    """Whether these are no fields, but the schema of a map."""
    return spec.get("type") == "object" and isinstance(spec.get("properties"), dict)


def check_shorthand(spec: object) -> list[Problem]:
    """What is wrong with fields written the short way (`{pr_number: integer, note: "string?"}`)."""
    if not isinstance(spec, dict):
        return [
            Problem(
                place=(), message="fields are a map from names to types", advice="write for example `{pr: integer}`"
            )
        ]
    fields = cast("dict[object, object]", spec)
    return [problem for name, written in fields.items() for problem in _field_problems(name, written)]


def shorthand_schema(spec: Mapping[str, str | Rules]) -> Rules:
    """The schema of a map with these fields and no others; `SchemaRefused` if the fields cannot be read.

    A field is a type word (`string integer number boolean object list array any null`), with `?` where it may be left
    out, or a JSON Schema, which may be left out where it has a `default`.
    """
    if problems := check_shorthand(spec):
        raise SchemaRefused(problems)
    return {
        "type": "object",
        "properties": {name: _field_schema(name, written) for name, written in spec.items()},
        "required": sorted(name for name, written in spec.items() if _is_required(written)),
        "additionalProperties": False,
    }


def _field_schema(name: str, written: str | Rules) -> Rules:
    if isinstance(written, str):
        return dict(_WORDS[written.removesuffix("?")])
    return placed_at(("properties", name), written)


def _is_required(written: str | Rules) -> bool:
    return not written.endswith("?") if isinstance(written, str) else "default" not in written


def _field_problems(name: object, written: object) -> list[Problem]:
    if not isinstance(name, str):
        return [Problem(place=(), message=f"the name of a field is text, not {name!r}"[:120])]
    if isinstance(written, str):
        return _word_problems((name,), written)
    if not isinstance(written, dict):
        return [
            Problem(
                place=(name,),
                message=f"a field is a type word or a JSON Schema, not {kind_of(written)}",
                advice="write for example `integer`, `string?` or `{type: string, default: main}`",
            )
        ]
    schema = cast("Rules", written)
    found = [Problem(place=(name, *p.place), message=p.message, advice=p.advice) for p in check_schema(schema)]
    return found or _default_problems(name, schema)


def _word_problems(place: Place, word: str) -> list[Problem]:
    if word.removesuffix("?") in _WORDS:
        return []
    meant = _ELSEWHERE.get(word) or nearest(word, _WORDS)
    advice = f"did you mean `{meant}`?" if meant else f"the types are {', '.join(_WORDS)}; `?` makes a field optional"
    return [Problem(place=place, message=f"`{word}` is not a type", advice=advice)]


_ELSEWHERE: Final = {
    "str": "string",
    "text": "string",
    "int": "integer",
    "float": "number",
    "double": "number",
    "bool": "boolean",
    "dict": "object",
    "map": "object",
}


def _default_problems(name: str, schema: Rules) -> list[Problem]:
    if "default" not in schema:
        return []
    told = Schema(schema).problems(schema["default"], where="the default")
    return [Problem(place=(name, "default"), message=each) for each in told]
