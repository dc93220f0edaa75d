"""The keys of the graph language as tables, read from the models that check graphs."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from interlock.core.durations import duration_text

_DURATIONS = frozenset({"backoff", "max_backoff"})


def key_table(model: type[BaseModel], *, besides: type[BaseModel] | None = None) -> str:
    """One row for each key; with `besides`, only the keys that the other model does not have in the same way."""
    others = {} if besides is None else besides.model_fields
    rows = [_row(name, field) for name, field in model.model_fields.items() if not _is_same(field, others.get(name))]
    return "\n".join(["| key | left out | what it is |", "|---|---|---|", *rows])


def _is_same(field: FieldInfo, other: FieldInfo | None) -> bool:
    return other is not None and (field.description, field.default) == (other.description, other.default)


def _row(name: str, field: FieldInfo) -> str:
    description = (field.description or "").replace("|", "\\|")
    return f"| `{field.alias or name}` | {_default(name, field)} | {description} |"


def _default(name: str, field: FieldInfo) -> str:
    if field.is_required():
        return "needed"
    default: Any = field.default
    if default is None or default in ((), "", {}) or default == []:
        return ""
    if name in _DURATIONS:
        return f"`{duration_text(default)}`"
    match default:
        case bool():
            return f"`{str(default).lower()}`"
        case BaseModel():
            return ""
        case list():
            return ", ".join(f"`{word}`" for word in default)  # pyright: ignore[reportUnknownVariableType] - words
        case _:
            return f"`{default}`"
