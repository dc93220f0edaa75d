"""What is kept of runs: the event store, and how events are sealed.

Its adapters are imported from their own modules, and only where the parts of a program are put together.
"""

from __future__ import annotations

from interlock.store.claims import RunLimit, RunsWaiting
from interlock.store.effect_queue import (
    Claim,
    EffectQueue,
    EffectsWaiting,
    Held,
    Offer,
    OfferRow,
    Seeker,
)
from interlock.store.errors import (
    DamagedError,
    ErasedError,
    ImportedRunError,
    LeaseHeldError,
    LeaseLostError,
    MissingError,
    NewerFormatError,
    PlaceError,
    RecordChangedError,
    RunKeyTakenError,
    RunOfThisPlaceError,
    SignalGoneError,
    SignalsFullError,
    StaleRunError,
    StoreClosedError,
    StoreError,
    UnknownSchemaError,
)
from interlock.store.event_store import Append, Clock, EventStore, FeedEntry, Head, Signal
from interlock.store.imports import ImportedPage, Imports
from interlock.store.lease import Lease, LeaseOwner
from interlock.store.records import Record, Records
from interlock.store.rows import LedgerRow, OutboxRow, QuestionRow, RunEffect, RunRow
from interlock.store.salts import RandomBytes
from interlock.store.sealing import Broken, Header, Sealed, verify_chain

__all__ = [
    "Append",
    "Broken",
    "Claim",
    "Clock",
    "DamagedError",
    "EffectQueue",
    "EffectsWaiting",
    "ErasedError",
    "EventStore",
    "FeedEntry",
    "Head",
    "Header",
    "Held",
    "ImportedPage",
    "ImportedRunError",
    "Imports",
    "Lease",
    "LeaseHeldError",
    "LeaseLostError",
    "LeaseOwner",
    "LedgerRow",
    "MissingError",
    "NewerFormatError",
    "Offer",
    "OfferRow",
    "OutboxRow",
    "PlaceError",
    "QuestionRow",
    "RandomBytes",
    "Record",
    "RecordChangedError",
    "Records",
    "RunEffect",
    "RunKeyTakenError",
    "RunLimit",
    "RunOfThisPlaceError",
    "RunRow",
    "RunsWaiting",
    "Sealed",
    "Seeker",
    "Signal",
    "SignalGoneError",
    "SignalsFullError",
    "StaleRunError",
    "StoreClosedError",
    "StoreError",
    "UnknownSchemaError",
    "verify_chain",
]
