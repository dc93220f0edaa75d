"""The factors that are checked as a table, read from what the checks say of themselves."""

from __future__ import annotations

from interlock.engine.conformance.factors import FACTORS


def factor_table() -> str:
    """One row for each factor: what is looked at, and what that cannot show."""
    rows = [f"| {each.number} | {each.name} | {each.inspected} | {each.unseen} |" for each in FACTORS]
    return "\n".join(["| | factor | what is looked at | what that cannot show |", "|---|---|---|---|", *rows])
