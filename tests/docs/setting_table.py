"""The settings as a table, read from the model that checks them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from interlock.settings import ENVIRONMENT_PREFIX, SETTING_NAMES, Settings


def setting_table() -> str:
    """One row for each setting."""
    rows = [f"| `{name}` | `{_variable(name)}` | `{_default(name)}` |" for name in SETTING_NAMES]
    return "\n".join(["| setting | variable | default |", "|---|---|---|", *rows])


def _variable(name: str) -> str:
    return f"{ENVIRONMENT_PREFIX}{name.replace('.', '_').upper()}"


def _default(name: str) -> str:
    value: Any = Settings()
    for part in name.split("."):
        value = getattr(value, part)
    match value:
        case None:
            return "-"
        case Path():
            return value.as_posix()
        case tuple():
            return ", ".join(value)  # pyright: ignore[reportUnknownArgumentType] - paths
        case _:
            return str(value)
