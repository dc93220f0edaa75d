"""Schemas ready to judge values, kept by what they say: an agent's turns judge by the same few again and again.

Making one ready takes longer than a hundred judgements. Which schema is meant, and what a refusal means, is told
where it is asked for.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

import msgspec

from interlock.core.plan import JsonSchema
from interlock.core.schemas import Schema, compile_schema

KEPT_MAX: Final = 256
BYTES_KEPT_MAX: Final = 65_536
"""A larger one is made ready each time: those that are kept take a bounded room."""


def schema_at_hand(schema: JsonSchema) -> Schema:
    """The schema, ready to judge values; `SchemaRefused` if it may not be used."""
    written = _written(schema)
    # What cannot be written down as it is may not be used, and making it ready says why.
    return compile_schema(schema) if written is None or len(written) > BYTES_KEPT_MAX else _ready(written)


def _written(schema: JsonSchema) -> bytes | None:
    try:
        written = msgspec.json.encode(schema)
        return written if msgspec.json.decode(written) == schema else None
    except (OverflowError, ValueError, TypeError, RecursionError):
        return None


@lru_cache(maxsize=KEPT_MAX)
def _ready(written: bytes) -> Schema:
    schema: Any = msgspec.json.decode(written)
    return compile_schema(schema)
