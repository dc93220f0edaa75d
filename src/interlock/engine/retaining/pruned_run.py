"""What is on record of a run of which something was given up. It says what there was, and nothing of what was said."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

from msgspec import Struct

from interlock.core.plan import Micros

What: TypeAlias = Literal["payloads", "runs"]
"""What of a run is given up: what its events say, or all of it."""

PRUNED_KIND: Final = "pruned"
"""The kind of the records; the key is the run."""


class PrunedRun(Struct, frozen=True, kw_only=True):
    """A run of which something was given up: what it was, when that happened, by whom and why."""

    run: str
    graph: str
    status: str
    seq: int
    """The number of its last event."""
    head: bytes
    """The hash of its last header: whoever has kept the log elsewhere can still show that it is this one."""
    started_at: Micros
    ended_at: Micros
    what: What
    at: Micros
    by: str
    why: str
