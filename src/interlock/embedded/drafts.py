"""Drafts: the text of a graph while people write on it, one for each name. It may be wrong; no name means it by itself.

Whoever saves says which draft they have seen, so that of two who write at once the second one notices. Nothing here
knows what a text means.
"""

from __future__ import annotations

import secrets
from typing import Final

import msgspec
from msgspec import Struct

from interlock.core.errors import InterlockError
from interlock.core.plan import Micros
from interlock.engine.engine import Engine
from interlock.store.errors import RecordChangedError

KIND: Final = "graph_draft"
TEXT_KIND: Final = "graph_draft_text"
"""Texts are kept apart, so that lists of drafts read none."""
DESCRIPTION_MAX: Final = 500
DRAFT_BYTES_MAX: Final = 8 * 1024 * 1024


class DraftNotFoundError(InterlockError):
    """There is no draft of a graph."""

    def __init__(self, graph: str) -> None:
        super().__init__(f"there is no draft of {graph}: save one to begin it")
        self.graph = graph


class DraftTooLargeError(InterlockError):
    """A text is too long to be kept as a draft."""

    def __init__(self, graph: str, size: int) -> None:
        super().__init__(f"the draft of {graph} would have {size:,} bytes, more than {DRAFT_BYTES_MAX:,}: divide it")
        self.graph, self.size = graph, size


class DraftRow(Struct, frozen=True, kw_only=True):
    """A draft as lists show it."""

    graph: str
    tag: str
    """What tells this draft from every other one that there ever was."""
    version: int
    at: Micros
    by: str
    bytes: int
    description: str
    errors: int
    """How much of it was wrong when it was saved."""


class _Kept(Struct, frozen=True, kw_only=True):
    tag: str
    by: str
    bytes: int
    description: str
    errors: int


class Drafts:
    """The drafts of a tenant."""

    def __init__(self, engine: Engine) -> None:
        self._records = engine.store.records
        self._tenant = engine.tenant

    async def find(self, graph: str) -> DraftRow | None:
        """The draft of a graph, if there is one."""
        record = await self._records.find(self._tenant, KIND, graph)
        return None if record is None else _row(record.key, record.version, record.at, record.data)

    async def text(self, row: DraftRow) -> str:
        """Its text. `RecordChangedError` if it was saved anew meanwhile."""
        record = await self._records.find(self._tenant, TEXT_KIND, _text_key(row.graph, row.tag))
        if record is None:
            raise RecordChangedError(KIND, row.graph, expected=row.version, actual=row.version + 1)
        return record.data.decode()

    async def save(
        self, graph: str, text: str, *, by: str, description: str, errors: int, seen: DraftRow | None
    ) -> DraftRow:
        """Keep a text as the draft, over the one that was seen, or as the first.

        Raises `RecordChangedError` if somebody else saved first, and then nothing has changed.
        """
        data = text.encode()
        if len(data) > DRAFT_BYTES_MAX:
            raise DraftTooLargeError(graph, len(data))
        kept = _Kept(
            tag=secrets.token_hex(8),
            by=by,
            bytes=len(data),
            description=description[:DESCRIPTION_MAX],
            errors=errors,
        )
        await self._records.put(self._tenant, TEXT_KIND, _text_key(graph, kept.tag), data)
        try:
            await self._records.put(
                self._tenant, KIND, graph, msgspec.json.encode(kept), expected=0 if seen is None else seen.version
            )
        except RecordChangedError:
            await self._records.drop(self._tenant, TEXT_KIND, _text_key(graph, kept.tag))
            raise
        if seen is not None:
            await self._records.drop(self._tenant, TEXT_KIND, _text_key(graph, seen.tag))
        saved = await self.find(graph)
        if saved is None:
            raise DraftNotFoundError(graph)
        return saved

    async def drop(self, seen: DraftRow) -> None:
        """Forget the draft that was seen; `RecordChangedError` if it is another one by now."""
        await self._records.drop(self._tenant, KIND, seen.graph, expected=seen.version)
        await self._records.drop(self._tenant, TEXT_KIND, _text_key(seen.graph, seen.tag))

    async def listed(self, *, after: str, limit: int) -> list[DraftRow]:
        """Drafts by name, those behind `after`."""
        records = await self._records.listed(self._tenant, KIND, after=after, limit=limit)
        return [_row(each.key, each.version, each.at, each.data) for each in records]


def _text_key(graph: str, tag: str) -> str:
    return f"{graph}/{tag}"


def _row(graph: str, version: int, at: Micros, data: bytes) -> DraftRow:
    kept = msgspec.json.decode(data, type=_Kept)
    return DraftRow(graph=graph, version=version, at=at, **msgspec.structs.asdict(kept))
