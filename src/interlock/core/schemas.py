"""JSON Schema in and out of nodes: which schemas may be used, what is wrong with a value, and the short form.

The only part of the product that knows the schema library.
"""

from __future__ import annotations

from interlock.core.json_schema.checks import check_schema
from interlock.core.json_schema.keywords import misspelt_keywords
from interlock.core.json_schema.shorthand import (
    check_fields,
    check_shorthand,
    fields_schema,
    is_in_full,
    misspelt_in_fields,
    shorthand_schema,
)
from interlock.core.json_schema.validation import Schema, SchemaRefused, compile_schema, with_defaults

__all__ = [
    "Schema",
    "SchemaRefused",
    "check_fields",
    "check_schema",
    "check_shorthand",
    "compile_schema",
    "fields_schema",
    "is_in_full",
    "misspelt_in_fields",
    "misspelt_keywords",
    "shorthand_schema",
    "with_defaults",
]
