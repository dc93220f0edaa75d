"""Where a store under test keeps its data: a place can be opened again, and by two at once."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from interlock.store import EventStore, LeaseOwner
from interlock.store.memory.store import MemoryEventStore
from interlock.store.postgres.address import PostgresAddress
from interlock.store.postgres.store import PostgresEventStore
from interlock.store.sqlite.store import SqliteEventStore
from tests.store.logs import MINUTE, NOON


@dataclass
class Setting:
    """What a store is told of the world: the time, and which processes live."""

    now: int = NOON
    gone: set[int] = field(default_factory=set[int])

    def clock(self) -> int:
        """The time, as long as nobody changes it."""
        return self.now

    def is_running(self, owner: LeaseOwner) -> bool:
        """Every process lives that was not said to be gone."""
        return owner.pid not in self.gone


class Place(Protocol):
    """A place whose contents outlive a store's being closed."""

    setting: Setting

    def store(self) -> EventStore:
        """A store at this place, not opened yet."""
        ...


class MemoryPlace:
    """One store in memory, which stays what it is however often it is opened."""

    def __init__(self) -> None:
        self.setting = Setting()
        self._store = MemoryEventStore(
            clock=self.setting.clock, is_running=self.setting.is_running, lease_micros=MINUTE
        )

    def store(self) -> EventStore:
        """The one store."""
        return self._store


class SqlitePlace:
    """A file: each store at it has connections of its own, as if it were another process."""

    def __init__(self, path: Path) -> None:
        self.setting = Setting()
        self.path = path

    def store(self) -> EventStore:
        """Another store at the same file."""
        setting = self.setting
        return SqliteEventStore(self.path, clock=setting.clock, is_running=setting.is_running, lease_micros=MINUTE)


class PostgresPlace:
    """A schema of a server: each store at it has connections of its own, as if it were another process."""

    def __init__(self, address: PostgresAddress) -> None:
        self.setting = Setting()
        self.address = address

    def store(self) -> EventStore:
        """Another store in the same schema."""
        setting = self.setting
        return PostgresEventStore(self.address, clock=setting.clock, is_running=setting.is_running, lease_micros=MINUTE)
