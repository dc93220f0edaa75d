"""What a node is handed: in the other systems all that was at hand, here the fields that it declares, as far as known.

Who declares nothing takes anything, and is handed everything. Whether what is handed is right is judged by the door
when the call is made.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final, TypeAlias

from msgspec import Struct

from interlock.authoring.dialects.callees import Callee
from interlock.core.expressions import RESERVED_WORDS
from interlock.core.values import JsonSchema

Maybe: TypeAlias = str
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

    def field(self, field: str) -> Maybe | None:
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


_NOTHING: Final[Mapping[str, Sequence[Maybe]]] = MappingProxyType({})
INPUTS: Final = Giver("inputs", {"type": "object"})
"""What a run was given: a map, of which nothing is declared."""


def handed(callee: Callee, givers: Mapping[str, Giver]) -> Any:  # noqa: ANN401 - a template: JSON data
    """The run's inputs and what nodes before gave, by their names; of that what is declared, if anything is.

    A declared field is the value of the node of its name, or else a field of the first value that has it.
    """
    if callee.input is None or not is_closed(callee.input):
        return {"inputs": "${inputs}"} | {name: f"${{{giver.expression}}}" for name, giver in givers.items()}
    whole = {"inputs": INPUTS, **givers}
    named = {name: [f"optional.of({giver.expression})"] for name, giver in whole.items()}
    return fitted(callee.input, [*givers.values(), INPUTS], first_from=named)


def fitted(
    taken: JsonSchema,
    givers: Sequence[Giver],
    *,
    first_from: Mapping[str, Sequence[Maybe]] = _NOTHING,
    else_from: Mapping[str, Sequence[Maybe]] = _NOTHING,
) -> str | dict[str, Any]:
    """Of the fields that are taken those that there are, each from the first giver that has it.

    `first_from` says what a field is before any giver is asked, `else_from` what stands for one that no giver has.
    """
    entries: list[str] = []
    for field in fields_of(taken):
        given = [option for giver in givers if (option := giver.field(field)) is not None]
        options = [*(first_from.get(field) or given), *else_from.get(field, ())]
        if options:
            entries.append(f"?{quoted(field)}: {first_of(options)}")
    return f"${{{{{', '.join(entries)}}}}}" if entries else {}


def first_of(options: Sequence[Maybe]) -> Maybe:
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
