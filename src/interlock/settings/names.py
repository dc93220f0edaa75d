"""Settings by their dotted names and as nested tables: `limits.nodes_max` is `nodes_max` under `[limits]`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from interlock.core.values import is_map


def flattened(table: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested tables by dotted names."""
    flat: dict[str, Any] = {}
    for key, value in table.items():
        if is_map(value) and value:
            flat |= flattened(value, f"{prefix}{key}.")
        else:
            flat[prefix + key] = value
    return flat


def nested_by_name(flat: Mapping[str, Any]) -> dict[str, Any]:
    """Dotted names as nested tables."""
    nested: dict[str, Any] = {}
    for name, value in flat.items():
        section, dot, key = name.partition(".")
        if dot:
            nested.setdefault(section, {})[key] = value
        else:
            nested[name] = value
    return nested
