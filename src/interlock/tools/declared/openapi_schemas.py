"""Schemas of an OpenAPI document as JSON Schemas that stand alone: what they refer to in the document comes with them.

Nothing is fetched: a reference that leaves the document is refused. What only OpenAPI 3.0 says (`nullable`) is said in
the words of JSON Schema.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, cast

from interlock.core.values import Value, is_list, is_map
from interlock.tools.errors import ToolError

REFERENCES_FOLLOWED_MAX: Final = 32
_HOLDS_ONE: Final = frozenset(
    "items additionalProperties not if then else contains propertyNames unevaluatedItems unevaluatedProperties".split()
)
_HOLDS_LIST: Final = frozenset({"allOf", "anyOf", "oneOf", "prefixItems"})
_HOLDS_MAP: Final = frozenset({"properties", "patternProperties", "$defs", "definitions", "dependentSchemas"})
_NO_SCHEMA_WORDS: Final = frozenset({"xml", "discriminator", "externalDocs", "example", "nullable"})


def part_at(document: Value, reference: str) -> Value:
    """What a reference inside the document leads to; `ToolError` if it leads out of it, or nowhere."""
    if not reference.startswith("#/"):
        raise ToolError(f"`{reference[:120]}` leads out of the document: nothing is fetched for a reference")
    here = document
    for step in reference[2:].split("/"):
        key = step.replace("~1", "/").replace("~0", "~")
        if not is_map(here) or key not in here:
            raise ToolError(f"`{reference[:120]}` leads nowhere in the document")
        here = here[key]
    return here


def resolved(document: Value, part: Value) -> dict[str, Any]:
    """A part of the document itself, where a reference may stand in its place."""
    for _ in range(REFERENCES_FOLLOWED_MAX):
        if not is_map(part):
            raise ToolError("there is no map where the document promises one")
        if not isinstance(part.get("$ref"), str):
            return part
        part = part_at(document, part["$ref"])
    raise ToolError("its references lead in a circle")


class StandaloneSchemas:
    """Gathers what schemas refer to, so that they all can stand in one schema with its `$defs`."""

    def __init__(self, document: Value) -> None:
        self._document = document
        self._names: dict[str, str] = {}
        self._waiting: list[str] = []

    def taken(self, schema: Value) -> Value:
        """A schema of the document, with its references turned to the `$defs`."""
        if not is_map(schema):
            return schema
        rules = {key: self._part(key, each) for key, each in schema.items() if key not in _NO_SCHEMA_WORDS}
        if isinstance(rules.get("$ref"), str):
            rules["$ref"] = f"#/$defs/{self._name_of(rules['$ref'])}"
        return _as_nullable(_with_numbers(rules)) if schema.get("nullable") is True else _with_numbers(rules)

    def definitions(self) -> dict[str, Value]:
        """Everything that was referred to, and what that refers to."""
        gathered: dict[str, Value] = {}
        while self._waiting:
            reference = self._waiting.pop()
            gathered[self._names[reference]] = self.taken(part_at(self._document, reference))
        return {name: gathered[name] for name in sorted(gathered)}

    def _part(self, key: str, inside: Value) -> Value:
        if key in _HOLDS_ONE:
            return self.taken(inside)
        if key in _HOLDS_LIST and is_list(inside):
            return [self.taken(each) for each in inside]
        if key in _HOLDS_MAP and is_map(inside):
            return {name: self.taken(each) for name, each in inside.items()}
        return inside

    def _name_of(self, reference: str) -> str:
        if reference not in self._names:
            plain = re.sub(r"[^A-Za-z0-9_.-]", "_", reference.rpartition("/")[2]) or "part"
            taken = set(self._names.values())
            others = (f"{plain}_{number}" for number in range(2, len(taken) + 3))
            self._names[reference] = next(each for each in (plain, *others) if each not in taken)
            self._waiting.append(reference)
        return self._names[reference]


def _with_numbers(rules: dict[str, Value]) -> dict[str, Value]:
    """Bounds as numbers, where OpenAPI 3.0 has a number and a yes or no."""
    for exclusive, bound in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if rules.get(exclusive) is True and bound in rules:
            rules[exclusive] = rules.pop(bound)
        elif isinstance(rules.get(exclusive), bool):
            del rules[exclusive]
    return rules


def _as_nullable(rules: dict[str, Value]) -> Value:
    kind = rules.get("type")
    if "$ref" in rules or not isinstance(kind, str):
        return {"anyOf": [rules, {"type": "null"}]}
    widened: Mapping[str, Value] = {"enum": [*rules["enum"], None]} if is_list(rules.get("enum")) else {}
    return cast("dict[str, Value]", {**rules, **widened, "type": [kind, "null"]})
