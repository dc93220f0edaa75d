"""The areas to which a key can be kept, as a table."""

from __future__ import annotations

from interlock.tenancy.scopes import HOLDS


def area_table() -> str:
    """One row for each area."""
    rows = [f"| `{area}` | {what} |" for area, what in HOLDS.items()]
    return "\n".join(["| area | what it holds |", "|---|---|", *rows])
