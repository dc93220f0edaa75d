"""What is kept of a trigger of a released graph: up to where it was seen, what it started, and whether it is paused.

Whoever changes a record says which version was seen, so that of two who attend the same trigger the second notices and
looks again. Nothing here decides when anything is started.
"""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec import Struct

from interlock.core.plan import Micros
from interlock.core.values import Value
from interlock.store.records import RECORDS_LISTED, Record, Records

KIND: Final = "schedule"


class Wanted(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A run that a trigger wants: it is started once, however often that is tried, since its key is taken once."""

    key: str
    due: Micros
    """The instant of the schedule, or the one at which the event came."""
    inputs: Value
    by: str
    why: str = ""


class Started(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A run that a trigger has started."""

    run: str
    due: Micros
    at: Micros
    by: str


class Paused(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Nothing is started until it is resumed."""

    at: Micros
    by: str
    why: str = ""


class TriggerState(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """All that is kept of one trigger."""

    seen: Micros = 0
    """Everything due up to this instant has been acted on or passed over."""
    waiting: tuple[Wanted, ...] = ()
    """What waits for the end of a run that it started before."""
    open: tuple[str, ...] = ()
    """The runs it started that are not known to have ended."""
    last: Started | None = None
    overlapped: int = 0
    """How often nothing was started because a run had not ended."""
    missed: int = 0
    """How many instants were passed over because nobody was there."""
    trouble: str = ""
    """Why the last run that it wanted could not be started."""
    paused: Paused | None = None


NOTHING_YET: Final = (TriggerState(), 0)


class TriggerRecords:
    """The records of all triggers of a tenant, by graph and name."""

    def __init__(self, records: Records, tenant: str) -> None:
        self._records = records
        self._tenant = tenant

    async def state(self, graph: str, trigger: str) -> tuple[TriggerState, int]:
        """What is kept of a trigger, and the version of the record; nothing yet, at version 0."""
        record = await self._records.find(self._tenant, KIND, key_of_record(graph, trigger))
        return NOTHING_YET if record is None else (_read(record), record.version)

    async def put(self, graph: str, trigger: str, state: TriggerState, *, expected: int) -> int:
        """Keep a state; `RecordChangedError` if somebody else has changed it meanwhile."""
        data = msgspec.json.encode(state)
        return await self._records.put(self._tenant, KIND, key_of_record(graph, trigger), data, expected=expected)

    async def states(self) -> dict[str, tuple[TriggerState, int]]:
        """What is kept of every trigger, by `GRAPH/NAME`, and the versions of the records."""
        found: dict[str, tuple[TriggerState, int]] = {}
        page = await self._records.listed(self._tenant, KIND)
        while page:
            found |= {record.key: (_read(record), record.version) for record in page}
            is_full = len(page) == RECORDS_LISTED
            page = await self._records.listed(self._tenant, KIND, after=page[-1].key) if is_full else []
        return found


def key_of_record(graph: str, trigger: str) -> str:
    """How a trigger is called among those of all graphs."""
    return f"{graph}/{trigger}"


def _read(record: Record) -> TriggerState:
    return msgspec.json.decode(record.data, type=TriggerState)
