"""What lists show of a run beside what its log says: the row is derived, and nothing but the log is the truth. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from interlock.core.events import Event
from interlock.core.state import RunState, status_of
from interlock.store.rows import RunRow, changes


def false_in_row(row: RunRow, state: RunState, turns: Sequence[Event]) -> list[str]:
    """In what the row of a run is not what its log leads to. `turns` holds its first event, and its end if it has one.

    Who the row says the run is, and where that stands now, are looked at; what is only there to be searched by is not.
    """
    told = changes(row.run, turns)
    origin, ending = told.origin, told.ending
    assert origin is not None, "a log that was replayed begins with a start"
    facts = (
        ("status", row.status, status_of(state)),
        ("graph", row.graph, origin.graph),
        ("start", row.started_at, origin.started_at),
        ("end", row.ended_at or "none", ending.ended_at if ending else "none"),
    )
    return [f"its {what} is {shown} there and {really} by its log" for what, shown, really in facts if shown != really]
