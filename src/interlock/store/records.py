"""Records: what is kept beside the logs and is not derived from them, each under its kind and key.

A released version, the state of a schedule, a worker's last heartbeat, how far somebody has read the feed. Nothing here
knows what the bytes of a record mean. Whoever changes one says which version was seen, so that of two who change the
same record at once the second one notices.
"""

from __future__ import annotations

from typing import Final, Protocol

from msgspec import Struct

RECORDS_LISTED: Final = 1_000
"""How many records a list gives unless it is asked for another number."""


class Record(Struct, frozen=True):
    """Something kept under its kind and key; `version` counts its changes from 1, `at` is the instant of the last."""

    kind: str
    key: str
    version: int
    data: bytes
    at: int


class Records(Protocol):
    """A tenant's records."""

    async def put(self, tenant: str, kind: str, key: str, data: bytes, *, expected: int | None = None) -> int:
        """Keep a record and give its version. With `expected` it must be at that version now, or, with 0, be new.

        Raises `RecordChangedError` if it is not, and then nothing was written.
        """
        ...

    async def find(self, tenant: str, kind: str, key: str) -> Record | None:
        """A record, if there is one."""
        ...

    async def listed(self, tenant: str, kind: str, *, after: str = "", limit: int = RECORDS_LISTED) -> list[Record]:
        """Records of a kind whose keys come after `after`, in the order of their keys."""
        ...

    async def drop(self, tenant: str, kind: str, key: str, *, expected: int | None = None) -> None:
        """Forget a record; one that is not there is no error unless a version of it is expected."""
        ...
