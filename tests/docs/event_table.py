"""The events of a run as a table, read from their own declarations."""

from __future__ import annotations

from types import UnionType
from typing import Any, get_args

from interlock.core.events import Decided, Outside


def event_table() -> str:
    """One row for each event: those that come from outside, then those that are decided."""
    header = ["| event | comes from | what it says |", "|---|---|---|"]
    return "\n".join([*header, *_rows(Outside, "outside"), *_rows(Decided, "a decision")])


def _rows(bodies: UnionType | Any, origin: str) -> list[str]:  # noqa: ANN401 - a union of structs
    return [f"| `{body.__struct_config__.tag}` | {origin} | {_told(body)} |" for body in get_args(bodies)]


def _told(body: type) -> str:
    return " ".join((body.__doc__ or "").split()).replace("|", "\\|")
