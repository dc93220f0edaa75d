"""What is kept of runs: the event store, and how events are sealed.

Its adapters are imported from their own modules, and only where the parts of a program are put together.
"""

from __future__ import annotations

from interlock.store.errors import (
    DamagedError,
    ErasedError,
    LeaseHeldError,
    LeaseLostError,
    MissingError,
    NewerFormatError,
    PlaceError,
    RecordChangedError,
    RunKeyTakenError,
    SignalGoneError,
    SignalsFullError,
    StaleRunError,
    StoreClosedError,
    StoreError,
)
from interlock.store.event_store import Append, Clock, EventStore, FeedEntry, Head, Signal
from interlock.store.lease import Lease, LeaseOwner
from interlock.store.records import Record, Records
from interlock.store.rows import LedgerRow, OutboxRow, QuestionRow, RunRow
from interlock.store.salts import RandomBytes
from interlock.store.sealing import Broken, Header, Sealed, verify_chain

__all__ = [
    "Append",
    "Broken",
    "Clock",
    "DamagedError",
    "ErasedError",
    "EventStore",
    "FeedEntry",
    "Head",
    "Header",
    "Lease",
    "LeaseHeldError",
    "LeaseLostError",
    "LeaseOwner",
    "LedgerRow",
    "MissingError",
    "NewerFormatError",
    "OutboxRow",
    "PlaceError",
    "QuestionRow",
    "RandomBytes",
    "Record",
    "RecordChangedError",
    "Records",
    "RunKeyTakenError",
    "RunRow",
    "Sealed",
    "Signal",
    "SignalGoneError",
    "SignalsFullError",
    "StaleRunError",
    "StoreClosedError",
    "StoreError",
    "verify_chain",
]
