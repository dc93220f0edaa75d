"""Shapes as JSON, and as plain data: also what is no JSON in a value, as the shapes of `wire` have it."""

from __future__ import annotations

import json
from typing import Any, Final, cast

import msgspec

from interlock.core.values import KeptList, Ref, Secret
from interlock.wire.values import Reference, SecretName


def leaf_shown(leaf: object) -> Reference | SecretName | list[Any]:
    """The leaves of a value that are no JSON: what is kept elsewhere, and secrets."""
    match leaf:
        case Ref():
            return Reference(leaf.digest, leaf.size)
        case KeptList():
            return [*leaf.parts, *leaf.tail]
        case Secret():
            return SecretName(leaf.name)
        case _:
            raise NotImplementedError(f"a {type(leaf).__name__} is no JSON")


_ENCODER: Final = msgspec.json.Encoder(enc_hook=leaf_shown)


def encoded(shape: object) -> bytes:
    """A shape as JSON. Half of a surrogate pair has no UTF-8: it is told as the escape as which it came."""
    try:
        return _ENCODER.encode(shape)
    except UnicodeEncodeError:
        return json.dumps(plain_data(shape)).encode()


def plain_data(shape: object) -> Any:  # noqa: ANN401 - JSON data
    """The same as dictionaries and lists."""
    return msgspec.to_builtins(shape, enc_hook=leaf_shown)


def fields_shown(struct: msgspec.Struct) -> dict[str, Any]:
    """A struct of the core with every field, also those that are at their defaults."""
    return {name: _shown(value) for name, value in msgspec.structs.asdict(struct).items()}


def _shown(value: Any) -> Any:  # noqa: ANN401 - JSON data, and the structs within an event
    match value:
        case msgspec.Struct():
            return fields_shown(value)
        case tuple():
            return [_shown(inner) for inner in cast("tuple[object, ...]", value)]
        case _:
            return value
