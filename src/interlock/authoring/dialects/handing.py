"""What a node is handed: in the other systems all that was at hand, here the fields that it declares, as far as known.

Who declares nothing takes anything, and is handed everything. Whether what is handed is right is judged by the door
when the call is made.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias

from msgspec import Struct

from interlock.core.expressions import RESERVED_WORDS
from interlock.core.values import JsonSchema

Optional: TypeAlias = str
"""An expression that comes to an optional value."""

_FIELD: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class Giver(Struct, frozen=True):
    """A value that fields may be taken from: the expression that names it, and what is declared of it."""

    expression: str
    declared: JsonSchema | None = None

    @property
    def is_map(self) -> bool:
        """Whether it is known to be a map."""
        return self.declared is not None and self.declared.get("type") == "object"

    @property
    def may_be_map(self) -> bool:
        """Whether it may have fields at all."""
        return self.declared is None or "type" not in self.declared or self.is_map

    def may_have(self, field: str) -> bool:
        """Whether nothing speaks against its having a field."""
        return self.may_be_map and (not is_closed(self.declared) or field in fields_of(self.declared))

    def field(self, field: str) -> Optional | None:
        """A field of it, if it has one; None if it never does."""
        return f"{self.as_map()}{_selected(field)}" if self.may_have(field) else None

    def as_map(self) -> str:
        """It if it is a map, or else an empty one."""
        if self.is_map:
            return self.expression
        return f"(type(dyn({self.expression})) == map ? dyn({self.expression}) : {{}})"

    def surely_has(self, field: str) -> bool:
        """Whether it always has a field."""
        return self.is_map and self.declared is not None and field in self.declared.get("required", ())


def fields_of(schema: JsonSchema | None) -> Mapping[str, Any]:
    """The fields that are declared."""
    fields = schema.get("properties") if schema is not None else None
    return fields if isinstance(fields, dict) else {}  # pyright: ignore[reportUnknownVariableType] - JSON data


def is_closed(schema: JsonSchema | None) -> bool:
    """Whether there are the declared fields and no others."""
    return schema is not None and schema.get("additionalProperties") is False and not schema.get("patternProperties")


def fitted(
    taken: JsonSchema, givers: Sequence[Giver], *, else_from: Mapping[str, Sequence[Optional]] | None = None
) -> str | dict[str, Any]:
    """Of the fields that are taken those that there are, each from the first giver that has it.

    `else_from` says what stands for a field that no giver has.
    """
    entries: list[str] = []
    for field in fields_of(taken):
        options = [option for giver in givers if (option := giver.field(field)) is not None]
        options += (else_from or {}).get(field, ())
        if options:
            entries.append(f"?{quoted(field)}: {first_of(options)}")
    return f"${{{{{', '.join(entries)}}}}}" if entries else {}


def first_of(options: Sequence[Optional]) -> Optional:
    """The first of several optional values that is there."""
    first, *others = options
    return first + "".join(f".or({other})" for other in others)


def quoted(text: str) -> str:
    """Text as expressions write it."""
    inner = json.dumps(text, ensure_ascii=False)[1:-1].replace('\\"', '"').replace("'", "\\'")
    return f"'{inner}'"


def _selected(field: str) -> str:
    is_name = _FIELD.fullmatch(field) is not None and field not in RESERVED_WORDS
    return f".?{field}" if is_name else f"[?{quoted(field)}]"
