"""Releases: versions of a graph published behind its name, and the way back. A record of its own for each graph.

The history is only ever added to: going back is an entry too, with who and why. A release changes no run: each stays
pinned to the bundle it was started with. What was released last is in force; whether it is good is for people to say.
"""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec import Struct

from interlock.core.bundle import read_bundle
from interlock.core.plan import Micros, Plan
from interlock.engine.engine import Engine
from interlock.engine.errors import NoReleaseError
from interlock.store.errors import RecordChangedError
from interlock.store.records import RECORDS_LISTED, Record

KIND: Final = "release"
DESCRIPTION_MAX: Final = 500


class Release(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One entry of a graph's history. `back_to` is the version that it returns to, where it is no new one."""

    version: int
    bundle: str
    graph_hash: str
    at: Micros
    by: str = ""
    why: str = ""
    back_to: int = 0
    description: str = ""
    """What the graph said that it is for, so that lists need not read its bundle."""


class ReleaseHistory(Struct, frozen=True):
    """All that was ever released of a graph, from version 1 on."""

    graph: str
    releases: tuple[Release, ...] = ()
    record: int = 0
    """The version of the record in which it is kept."""

    @property
    def in_force(self) -> Release | None:
        """What the graph's name means now."""
        return self.releases[-1] if self.releases else None

    def version(self, number: int) -> Release | None:
        """An entry by its number."""
        return self.releases[number - 1] if 0 < number <= len(self.releases) else None

    def of_bundle(self, bundle: str) -> Release | None:
        """The last entry that published a bundle, if one did."""
        return next((each for each in reversed(self.releases) if each.bundle == bundle), None)

    def of_hash(self, beginning: str) -> Release | None:
        """The last entry whose bundle, or else whose graph, has a hash that begins so."""
        entries = self.releases[::-1]
        bundles = (each for each in entries if each.bundle.startswith(beginning))
        return next(bundles, None) or next((each for each in entries if each.graph_hash.startswith(beginning)), None)

    def told(self, bundle: str) -> str:
        """What a bundle is called: `version 3`, or `draft`; nothing where nothing of the graph was ever released."""
        release = self.of_bundle(bundle)
        return f"version {release.version}" if release else "draft" if self.releases else ""

    def before(self, release: Release) -> Release | None:
        """The version that was in force before this one was new; going back twice goes back two versions."""
        first = self._new(release)
        return None if first.version == 1 else self._new(self.releases[first.version - 2])

    def _new(self, release: Release) -> Release:
        """The entry with which what this one stands for was new."""
        return self.releases[release.back_to - 1] if release.back_to else release


class Published(Struct, frozen=True):
    """What came of a release: the entry that is in force now, and whether it was made for this."""

    release: Release
    is_new: bool


async def publish(
    engine: Engine, plan: Plan, bundle: bytes, *, by: str, why: str = "", over: int | None = None
) -> Published:
    """Put a version in force behind its graph's name. What is in force already is not released again.

    Raises `RecordChangedError` if somebody else released the same graph meanwhile: since version `over`, where that is
    said, 0 being none.
    """
    await engine.keep_bundle(plan, bundle)
    history = await released(engine, plan.name)
    now = history.in_force
    if over is not None and len(history.releases) != over:
        raise RecordChangedError(KIND, plan.name, expected=over, actual=len(history.releases))
    if now is not None and now.bundle == plan.bundle_hash:
        return Published(now, is_new=False)
    entry = Release(
        version=len(history.releases) + 1,
        bundle=plan.bundle_hash,
        graph_hash=plan.graph_hash,
        at=engine.now(),
        by=by,
        why=why,
        description=_described(bundle),
    )
    return Published(await _add(engine, history, entry), is_new=True)


async def go_back(engine: Engine, graph: str, *, by: str, why: str = "") -> Release:
    """Put the version before the one in force in force again, as a new entry; `NoReleaseError` if there is none."""
    history = await released(engine, graph)
    now = history.in_force
    if now is None:
        raise NoReleaseError(graph)
    before = history.before(now)
    if before is None:
        raise NoReleaseError(graph, before=now.back_to or now.version)
    entry = Release(
        version=len(history.releases) + 1,
        bundle=before.bundle,
        graph_hash=before.graph_hash,
        at=engine.now(),
        by=by,
        why=why,
        back_to=before.version,
        description=before.description,
    )
    return await _add(engine, history, entry)


async def released(engine: Engine, graph: str) -> ReleaseHistory:
    """The history of a graph; an empty one if nothing of it was released."""
    record = await engine.store.records.find(engine.tenant, KIND, graph)
    return ReleaseHistory(graph) if record is None else _read(record)


async def all_released(engine: Engine) -> list[ReleaseHistory]:
    """The histories of all graphs of which something was released, by name."""
    records, found = engine.store.records, list[ReleaseHistory]()
    page = await records.listed(engine.tenant, KIND)
    while page:
        found += map(_read, page)
        page = await records.listed(engine.tenant, KIND, after=page[-1].key) if len(page) == RECORDS_LISTED else []
    return found


async def releases_after(engine: Engine, *, after: str, limit: int) -> list[ReleaseHistory]:
    """The histories of graphs whose names come after `after`, by name."""
    return [_read(each) for each in await engine.store.records.listed(engine.tenant, KIND, after=after, limit=limit)]


def _described(bundle: bytes) -> str:
    description = read_bundle(bundle).document.get("description")
    return " ".join(description.split())[:DESCRIPTION_MAX] if isinstance(description, str) else ""


async def _add(engine: Engine, history: ReleaseHistory, entry: Release) -> Release:
    data = msgspec.json.encode((*history.releases, entry))
    await engine.store.records.put(engine.tenant, KIND, history.graph, data, expected=history.record)
    return entry


def _read(record: Record) -> ReleaseHistory:
    return ReleaseHistory(record.key, msgspec.json.decode(record.data, type=tuple[Release, ...]), record.version)
