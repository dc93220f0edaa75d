"""What is given up: payloads of runs, whole runs, and blobs that nobody mentions any more; and what it would free.

Nothing here says when something is to be given up, or notes that it was: see `engine.pruning`. What is kept stays
provable: of an erased run the headers, whose chain holds without payloads, and of every other run all that its log
mentions. A blob that an append mentions is never lost to whoever gives up blobs meanwhile.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final, Protocol

from msgspec import Struct

from interlock.store.rows import RunRow

RUNS_LISTED: Final = 1_000
"""How many runs a list gives unless it is asked for another number."""


class RunSize(Struct, frozen=True, kw_only=True):
    """How much room a run takes, in bytes as they are stored."""

    events: int
    headers: int
    payloads: int
    """With their salts; 0 once they were erased."""
    own_blobs: int
    """Blobs that no other run mentions: they go with the run."""
    shared_blobs: int
    """Blobs that other runs mention too. They are stored once, and counted for each of them."""

    @property
    def own(self) -> int:
        """What would be freed without the run."""
        return self.headers + self.payloads + self.own_blobs


class Freed(Struct, frozen=True):
    """What was given up."""

    blobs: int
    bytes: int


class Retention(Protocol):
    """The way to give up what belongs to a tenant. A call that was cut off does the rest when it is made again."""

    async def ended_runs(
        self,
        tenant: str,
        *,
        before: int,
        graph: str | None = None,
        status: str | None = None,
        has_payloads: bool = False,
        older_than: str | None = None,
        limit: int = RUNS_LISTED,
    ) -> list[RunRow]:
        """Runs that ended before an instant, the newest first; with `has_payloads`, those that were not erased.

        `older_than` is the last run of the page before.
        """
        ...

    async def children(self, tenant: str, run: str) -> list[str]:
        """The runs that took over results from a run, in the order of their starts."""
        ...

    async def size_of(self, tenant: str, run: str) -> RunSize:
        """How much room a run takes; `MissingError` if there is no such run."""
        ...

    async def erase_payloads(self, tenant: str, run: str) -> None:
        """Erase what the events of an ended run say, and everything that was derived from it.

        Its error, its labels, the digests of its requests, unread signals and offers go too; its key stays, so that it
        is not started twice.
        Raises `MissingError` or `RunKeptError`.
        """
        ...

    async def drop_run(self, tenant: str, run: str) -> None:
        """Give up an ended run with all that is kept under its name. Its place in the feed stays empty.

        An imported run need not have ended. Raises `MissingError`, or `RunKeptError` if it lives or another run took
        over results from it.
        """
        ...

    async def drop_leftovers(self, tenant: str, *, kinds: Collection[str]) -> int:
        """Give up what ended runs have left and nobody will look for any more: how many pieces.

        Those are unread signals, offers, and records of `kinds`, which are kept under a run's name, alone or before a
        colon. Of a run that lives nothing is touched, nor of one that is not on record.
        """
        ...

    async def drop_unmentioned_blobs(self, tenant: str) -> Freed:
        """Give up the blobs that no event mentions any more, at whatever remove."""
        ...
