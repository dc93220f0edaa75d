"""What the store can refuse, as one small tree.

StoreError
├── StaleRunError          another writer advanced the run first
├── LeaseLostError         the lease behind an append is no longer the run's
├── LeaseHeldError         somebody else drives the run
├── SignalGoneError        a signal was consumed before
├── SignalsFullError       nobody reads what is left for a run
├── ImportedRunError       a run is the record of another installation, and is not moved on here
├── RunOfThisPlaceError    a run that would be imported is one of this store
├── BlobNameTakenError     what an imported run mentions is something else here
├── RecordChangedError     somebody else changed a record first
├── RunKeyTakenError       another run of the tenant was started under the same key
├── RunKeptError           a run cannot be given up: it lives, or another one built on it
├── MissingError           a run, blob or bundle that should be kept is not there
├── DamagedError           what is kept is not what was stored
├── ErasedError            an event's payload was erased
├── NewerFormatError       written by a newer release
├── UnknownSchemaError     no revision makes such a version of the tables
├── PlaceError             the file or server behind the store cannot be used
└── StoreClosedError       the store was closed, or has never been opened
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, TypeAlias

from interlock.core.errors import InterlockError

if TYPE_CHECKING:
    from interlock.store.lease import LeaseOwner

PlaceReason: TypeAlias = Literal[
    "missing_folder",
    "no_access",
    "no_database",
    "no_driver",
    "unreachable",
    "read_only",
    "full",
    "busy",
    "foreign",
    "damaged",
    "newer",
    "older",
    "too_old",
    "broken",
]


class StoreError(InterlockError):
    """Something the store cannot do; the message says to which thing and what to do next."""


class StaleRunError(StoreError):
    """Another writer advanced the run first. Reload it and decide again."""

    def __init__(self, run: str, *, expected: int, actual: int) -> None:
        super().__init__(f"run {run} is at event {actual}, not {expected}: reload it and decide again")
        self.run, self.expected, self.actual = run, expected, actual


class LeaseLostError(StoreError):
    """The run is driven under a newer lease, or this one was released: its former owner may write nothing more."""

    def __init__(self, run: str, *, epoch: int, current: int) -> None:
        super().__init__(
            f"run {run} is no longer driven under lease {epoch} (it is at {current}): stop driving it, or lease it anew"
        )
        self.run, self.epoch, self.current = run, epoch, current


class LeaseHeldError(StoreError):
    """Somebody else drives the run."""

    def __init__(self, run: str, *, holder: LeaseOwner, expires_at: int) -> None:
        super().__init__(
            f"run {run} is driven by process {holder.pid} on {holder.host}: "
            "wait until it is done, or end that process and try again"
        )
        self.run, self.holder, self.expires_at = run, holder, expires_at


class SignalGoneError(StoreError):
    """A signal that an append would consume is not unread any more: recording it would count it twice."""

    def __init__(self, run: str, *, signal: int) -> None:
        super().__init__(f"signal {signal} of run {run} was consumed before: reload the run and its signals")
        self.run, self.signal = run, signal


class SignalsFullError(StoreError):
    """Too much was left for a run that nobody has read: its driver hangs, or there is none."""

    def __init__(self, run: str, *, waiting: int) -> None:
        super().__init__(
            f"{waiting:,} requests wait for run {run} and nobody reads them: look whether its process still works, "
            "end it if it does not, and resume the run"
        )
        self.run, self.waiting = run, waiting


class ImportedRunError(StoreError):
    """The run happened in another installation: it is looked at here, and moved on there."""

    def __init__(self, run: str, *, imported_from: str) -> None:
        super().__init__(
            f"run {run} was imported: it is the record of a run of tenant {imported_from} in another installation, and "
            "nothing moves it on here; `interlock fork` makes a run of your own from it"
        )
        self.run, self.imported_from = run, imported_from


class RunOfThisPlaceError(StoreError):
    """A run of that id was started here: nothing that comes from elsewhere is added to it."""

    def __init__(self, run: str) -> None:
        super().__init__(f"run {run} was started in this store, not imported: import the file into another store")
        self.run = run


class BlobNameTakenError(StoreError):
    """An imported run brings a blob under a name that another one has here. No two values ever share one by chance."""

    def __init__(self, run: str, *, digest: str) -> None:
        super().__init__(
            f"run {run} brings other bytes under the name {digest} than are kept under it here: do not trust the file, "
            "or import it into another store"
        )
        self.run, self.digest = run, digest


class RecordChangedError(StoreError):
    """Somebody else changed a record first. Read it again and decide again."""

    def __init__(self, kind: str, key: str, *, expected: int, actual: int) -> None:
        super().__init__(f"the {kind} {key} is at version {actual}, not {expected}: read it again and decide again")
        self.kind, self.key, self.expected, self.actual = kind, key, expected, actual


class RunKeyTakenError(StoreError):
    """A key names at most one run of a tenant, so that starting twice starts once."""

    def __init__(self, key: str, *, run: str, taken_by: str) -> None:
        super().__init__(f"run {run} cannot start under the key {key!r}: run {taken_by} was started under it")
        self.key, self.run, self.taken_by = key, run, taken_by


class RunKeptError(StoreError):
    """A run cannot be given up: it has not ended, or other runs took over results from it."""

    def __init__(self, run: str, *, needed_by: Sequence[str] = ()) -> None:
        if needed_by:
            why = f"run {', '.join(needed_by)} took over results from it: give that up first"
        else:
            why = "it has not ended: cancel it first, or wait for its end"
        super().__init__(f"run {run} is kept: {why}")
        self.run, self.needed_by = run, tuple(needed_by)


class MissingError(StoreError):
    """Something that should be kept is not there."""

    def __init__(self, kind: Literal["run", "blob", "bundle"], name: str, *, tenant: str) -> None:
        super().__init__(f"there is no {kind} {name} of tenant {tenant} in this store")
        self.kind, self.name, self.tenant = kind, name, tenant


class DamagedError(StoreError):
    """What is kept is not what was stored. `seq`: the event at fault, where it is one of a log that is read whole."""

    def __init__(self, what: str, *, seq: int | None = None) -> None:
        super().__init__(f"{what} is not what was stored: restore the data from a backup")
        self.what, self.seq = what, seq


class ErasedError(StoreError):
    """The payload of an event was erased on purpose: its header still proves that and when it happened."""

    def __init__(self, run: str, *, seq: int) -> None:
        super().__init__(
            f"the payload of event {seq} of run {run} was erased: the run cannot be replayed beyond it; "
            f"`interlock events {run}` lists what is kept"
        )
        self.run, self.seq = run, seq


class NewerFormatError(StoreError):
    """Written by a newer release in a form that this one cannot know."""

    def __init__(self, what: str, *, version: int, known: int) -> None:
        super().__init__(f"{what} has format {version}; this release knows up to {known}: use a newer Interlock")
        self.what, self.version, self.known = what, version, known


class UnknownSchemaError(StoreError):
    """There is no such version of a store's tables."""

    def __init__(self, version: str, *, known: Sequence[str]) -> None:
        super().__init__(f"there is no schema {version}: there are {', '.join(known)}")
        self.version, self.known = version, tuple(known)


class PlaceError(StoreError):
    """The place where a store keeps its data cannot be used. `reason` is for programs, the message for people."""

    def __init__(self, place: str, reason: PlaceReason, message: str) -> None:
        super().__init__(f"{place}: {message}")
        self.place, self.reason = place, reason


class StoreClosedError(StoreError):
    """The store was closed, or has never been opened."""

    def __init__(self, place: str) -> None:
        super().__init__(f"the store {place} is not open: open it first")
        self.place = place
