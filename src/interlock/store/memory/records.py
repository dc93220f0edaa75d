"""Records in memory."""

from __future__ import annotations

from collections.abc import Callable, Collection

from interlock.store.errors import RecordChangedError
from interlock.store.event_store import Clock
from interlock.store.records import RECORDS_LISTED, Record


class MemoryRecords:
    """The records of a store in memory."""

    def __init__(self, clock: Clock, on_commit: Callable[[], None]) -> None:
        self._clock = clock
        self._on_commit = on_commit
        self._kept: dict[tuple[str, str], dict[str, Record]] = {}

    async def put(self, tenant: str, kind: str, key: str, data: bytes, *, expected: int | None = None) -> int:
        """Keep a record."""
        kept = self._of(tenant, kind)
        version = _checked_version(kept.get(key), kind, key, expected) + 1
        kept[key] = Record(kind, key, version, data, self._clock())
        self._on_commit()
        return version

    async def find(self, tenant: str, kind: str, key: str) -> Record | None:
        """A record, if there is one."""
        return self._of(tenant, kind).get(key)

    async def listed(self, tenant: str, kind: str, *, after: str = "", limit: int = RECORDS_LISTED) -> list[Record]:
        """Records of a kind by their keys."""
        kept = self._of(tenant, kind)
        return [kept[key] for key in sorted(kept) if key > after][:limit]

    async def drop(self, tenant: str, kind: str, key: str, *, expected: int | None = None) -> None:
        """Forget a record."""
        kept = self._of(tenant, kind)
        _checked_version(kept.get(key), kind, key, expected)
        kept.pop(key, None)
        self._on_commit()

    def drop_of_runs(self, tenant: str, kinds: Collection[str], is_meant: Callable[[str], bool]) -> int:
        """Forget the records of some kinds that are kept under the name of a run that is meant: how many."""
        found = [(kind, key) for kind in kinds for key in self._of(tenant, kind) if is_meant(key.partition(":")[0])]
        for kind, key in found:
            del self._of(tenant, kind)[key]
        return len(found)

    def _of(self, tenant: str, kind: str) -> dict[str, Record]:
        return self._kept.setdefault((tenant, kind), {})


def _checked_version(found: Record | None, kind: str, key: str, expected: int | None) -> int:
    version = found.version if found else 0
    if expected not in {None, version}:
        raise RecordChangedError(kind, key, expected=expected or 0, actual=version)
    return version
