"""What can be checked of an input before a run: its keys and literal parts, against what the tool or graph takes.

What stands in `${…}` is not known yet; the door judges it when the call is made.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, cast

from interlock.core.compiling.json_data import Json, JsonMap
from interlock.core.plan import JsonSchema
from interlock.core.problems import Place, Problem, nearest
from interlock.core.schemas import Schema, SchemaRefused, compile_schema
from interlock.core.values import Secret, Value

_KEPT: Final = ("properties", "$defs", "definitions")
"""What of a schema says something about one field, whatever stands in the others."""


class InputContracts:
    """Checks inputs against what tools and graphs take; the schema of each is made ready once."""

    def __init__(self) -> None:
        self._ready: dict[str, Schema | None] = {}

    def check(
        self,
        taker: str,
        schema: JsonSchema,
        written: Json,
        *,
        place: Place,
        errors: list[Problem],
        key: str = "input",
    ) -> None:
        """Finds keys that are missing or unknown, and literals that are not what is taken.

        `taker` is whose schema it is, `key` under which key the input is written.
        """
        if not isinstance(written, dict):
            return
        if found := [*_missing_keys(written, schema, place, key), *_unknown_keys(written, schema, place)]:
            errors += found
            return
        literals = {key: _literal(item) for key, item in written.items() if not _is_hole(item)}
        judge = self._judge(taker, schema) if literals else None
        if judge is not None:
            errors += [_told(text, place, written) for text in judge.problems(literals, where="input")]

    def _judge(self, taker: str, schema: JsonSchema) -> Schema | None:
        """The schema's rules for single fields; None if it is no schema, which is for whoever declared it to hear."""
        if taker not in self._ready:
            try:
                self._ready[taker] = compile_schema({word: schema[word] for word in _KEPT if word in schema})
            except SchemaRefused:
                self._ready[taker] = None
        return self._ready[taker]


def _fields(schema: JsonSchema) -> Mapping[str, Any]:
    fields = schema.get("properties")
    return cast("Mapping[str, Any]", fields) if isinstance(fields, dict) else {}


def _missing_keys(written: JsonMap, schema: JsonSchema, place: Place, key: str) -> list[Problem]:
    fields = _fields(schema)
    required = cast("list[str]", schema.get("required", []))
    return [
        Problem(place=place, message=f"the input lacks `{name}`", advice=f"add `{name}` to `{key}`", at_key=True)
        for name in required
        if name not in written and "default" not in (fields.get(name) or {})
    ]


def _unknown_keys(written: JsonMap, schema: JsonSchema, place: Place) -> list[Problem]:
    if schema.get("additionalProperties") is not False or schema.get("patternProperties"):
        return []
    fields = _fields(schema)
    return [_unknown_key(name, fields, place) for name in written if name not in fields]


def _unknown_key(name: str, fields: Mapping[str, Any], place: Place) -> Problem:
    meant = nearest(name, fields)
    advice = f"did you mean `{meant}`?" if meant else f"what is taken: {', '.join(fields) or 'nothing'}"
    return Problem(place=(*place, name), message=f"`{name}` is not taken here", advice=advice, at_key=True)


def _is_hole(item: Json) -> bool:
    return isinstance(item, str) and "${" in item


def _literal(item: Json) -> Value:
    """The literal with something opaque wherever an expression stands in it."""
    match item:
        case str():
            return Secret("") if _is_hole(item) else item
        case dict():
            return {key: _literal(inside) for key, inside in item.items()}
        case list():
            return [_literal(inside) for inside in item]
        case _:
            return item


_FIELD: Final = re.compile(r"input\.(\w+)")


def _told(text: str, place: Place, written: JsonMap) -> Problem:
    """The problem at the key that it speaks of."""
    field = _FIELD.match(text)
    inner = (*place, field[1]) if field and field[1] in written else place
    return Problem(place=inner, message=text, advice="see what is taken here")
