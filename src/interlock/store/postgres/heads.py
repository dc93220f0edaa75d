"""Where the logs of the runs end that are written here: known without asking, since nobody else may write them.

What is remembered may be wrong once somebody has taken a run over; the statement that appends compares it with what is
on record, so all that a wrong one costs is a question.
"""

from __future__ import annotations

from typing import Final

from interlock.store.event_store import Append, Head

HEADS_MAX: Final = 50_000


class Heads:
    """The ends of logs, by tenant and run. Beyond a bound the longest unchanged is forgotten."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], Head] = {}

    def before(self, append: Append) -> Head | None:
        """Where the log ends to which something is added; None if that is not known, or is not what is expected."""
        head = self._known.get((append.tenant, append.run))
        return head if head is not None and head.seq == append.expected_seq else None

    def note(self, tenant: str, run: str, head: Head) -> None:
        """Remember where a log ends."""
        self._known.pop((tenant, run), None)
        self._known[tenant, run] = head
        if len(self._known) > HEADS_MAX:
            del self._known[next(iter(self._known))]

    def forget(self, tenant: str, run: str) -> None:
        """Somebody else may write the run now, or nobody knows what was written."""
        self._known.pop((tenant, run), None)
