"""What a log says of its run, gathered page by page: whose it is, how it began, on which bundles it was, how it ended.

It is told by who exports a run and by who verifies a file of it, from the same events: so what a manifest says of a run
is never believed. A log whose payloads were erased says nearly nothing; then the row of the run has to tell.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from interlock.audit.manifest import RunSummary
from interlock.core.events import Event, RunMigrated, RunStarted
from interlock.store.rows import RunEnding, RunOrigin, RunPin, RunRow, changes
from interlock.store.sealing import Header

UNFINISHED: Final = "unfinished"
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127}")


def is_name(text: str) -> bool:
    """Whether a run or a tenant may be called so in a file: it is shown, typed, and part of names of files."""
    return _NAME.fullmatch(text) is not None


class RunFacts:
    """Of one run, as far as its log was read."""

    def __init__(self, run: str) -> None:
        self._run = run
        self._origin: RunOrigin | None = None
        self._pin: RunPin | None = None
        self._ending: RunEnding | None = None
        self.tenant = ""
        """Whose run it was, by its headers."""

    def take(self, headers: Sequence[Header], events: Sequence[Event]) -> None:
        """The next page of the log; `events` are those of which the payload is there."""
        self.tenant = self.tenant or headers[0].tenant
        told = changes(self._run, (each for each in events if each.type in _TELLING))
        self._origin = self._origin or told.origin
        self._pin = told.pin or self._pin
        self._ending = told.ending or self._ending

    def bundles_in(self, events: Iterable[Event]) -> list[str]:
        """The bundles that these events name, in their order."""
        return [each.body.bundle for each in events if isinstance(each.body, RunStarted | RunMigrated)]

    @property
    def has_begun(self) -> bool:
        """Whether the start of the run was read."""
        return self._origin is not None

    @property
    def has_ended(self) -> bool:
        """Whether its end was read."""
        return self._ending is not None

    def summary(self) -> RunSummary:
        """The run in short."""
        origin, ending = self._origin, self._ending
        assert origin is not None, "a log begins with the run's start"
        pin = self._pin or RunPin(origin.bundle, origin.graph_hash)
        return RunSummary(
            graph=origin.graph,
            graph_hash=pin.graph_hash,
            bundle=pin.bundle,
            kind=origin.kind,
            parent=origin.parent,
            status=ending.status if ending else UNFINISHED,
            started_at=origin.started_at,
            ended_at=ending.ended_at if ending else None,
        )

    def erased_summary(self, row: RunRow) -> RunSummary:
        """The same of a run whose events say nothing any more: as lists show it."""
        return RunSummary(
            graph=row.graph,
            graph_hash=row.graph_hash,
            bundle=row.bundle,
            kind=row.kind,
            parent=row.parent,
            status=row.status if row.ended_at is not None else UNFINISHED,
            started_at=row.started_at,
            ended_at=row.ended_at,
        )


_TELLING: Final = frozenset({"run.started", "run.migrated", "run.ended"})
