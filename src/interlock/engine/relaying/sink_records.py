"""How far a sink has been told, and the runs that are held back from it: records beside the logs.

Whoever changes one says which version was seen, so that of two who tell the same sink on the second notices and looks
again. Nothing here reads the feed or delivers anything.
"""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec import Struct

from interlock.core.plan import Micros
from interlock.store.records import Record, Records

KIND: Final = "sink"


class SinkProgress(Struct, frozen=True, omit_defaults=True):
    """Where a sink stands in the feed, and how telling it went last."""

    position: int = 0
    """Every append up to here has been told."""
    part: int = 0
    """Of the append behind it, the events up to this number; 0 if none."""
    told: int = 0
    """How many events have been told in all, those that were told again counted once."""
    told_at: Micros = 0
    last: str = ""
    """The event that was told last, by its run and number: `w5nmkpqrstvx/12`."""
    failures: int = 0
    """How often in a row it could not be told on."""
    failing_since: Micros = 0
    error: str = ""
    retry_at: Micros = 0
    is_gone: bool = False
    """It said that it is there no more: nothing is told until a person asks for it."""


class HeldRun(Struct, frozen=True, omit_defaults=True):
    """A run of which the sink refused an event: that one and all behind it are held back, so that order holds."""

    seq: int
    """The event that was refused."""
    upto: int
    """The last one that the feed has passed meanwhile."""
    why: str
    since: Micros
    tries: int = 1


class LeftOut(Struct, frozen=True, omit_defaults=True):
    """An event that a sink refused and that a person has decided not to tell."""

    why: str
    refused: str
    """Why the sink refused it."""
    by: str
    at: Micros


class SinkRecords:
    """The records of one sink of one tenant."""

    def __init__(self, records: Records, tenant: str, name: str) -> None:
        self._records = records
        self._tenant = tenant
        self._name = name

    async def progress(self) -> tuple[SinkProgress, int]:
        """Where it stands, and the version of that."""
        found = await self._records.find(self._tenant, KIND, self._name)
        return (SinkProgress(), 0) if found is None else (_PROGRESS.decode(found.data), found.version)

    async def put_progress(self, progress: SinkProgress, *, expected: int) -> int:
        """Keep where it stands; `RecordChangedError` if somebody else has told it on."""
        return await self._records.put(
            self._tenant, KIND, self._name, msgspec.msgpack.encode(progress), expected=expected
        )

    async def held(self, *, limit: int) -> dict[str, tuple[HeldRun, int]]:
        """The runs that are held back, each with the version of its record."""
        found = await self._records.listed(self._tenant, self._held_kind, limit=limit)
        return {record.key: _opened(record) for record in found}

    async def find_held(self, run: str) -> tuple[HeldRun, int] | None:
        """What is held back of a run, if anything is."""
        found = await self._records.find(self._tenant, self._held_kind, run)
        return None if found is None else _opened(found)

    async def put_held(self, run: str, held: HeldRun, *, expected: int) -> int:
        """Hold a run back; with 0 expected it must not be held yet."""
        return await self._records.put(
            self._tenant, self._held_kind, run, msgspec.msgpack.encode(held), expected=expected
        )

    async def drop_held(self, run: str, *, expected: int) -> None:
        """Hold a run back no longer."""
        await self._records.drop(self._tenant, self._held_kind, run, expected=expected)

    async def put_left_out(self, run: str, seq: int, left_out: LeftOut) -> None:
        """Keep who has left out an event, and why."""
        data = msgspec.msgpack.encode(left_out)
        await self._records.put(self._tenant, f"{KIND}.left_out.{self._name}", f"{run}/{seq}", data)

    async def left_out(self, *, limit: int) -> dict[str, LeftOut]:
        """The events that were left out, by their ids."""
        found = await self._records.listed(self._tenant, f"{KIND}.left_out.{self._name}", limit=limit)
        return {record.key: _LEFT_OUT.decode(record.data) for record in found}

    @property
    def _held_kind(self) -> str:
        return f"{KIND}.held.{self._name}"


_PROGRESS: Final = msgspec.msgpack.Decoder(SinkProgress)
_HELD: Final = msgspec.msgpack.Decoder(HeldRun)
_LEFT_OUT: Final = msgspec.msgpack.Decoder(LeftOut)


def _opened(record: Record) -> tuple[HeldRun, int]:
    return _HELD.decode(record.data), record.version
