"""The sealed events of a run as they stand in a run file: MessagePack, one array of header, salt and payload an event.

Nothing is encoded anew: the three are the stored bytes, and an erased payload is nil. Where pages are cut follows from
the events alone, so the same run is cut alike wherever it is kept. Whether events are those that were stored is not
judged here.
"""

from __future__ import annotations

from typing import Final

import msgspec

from interlock.audit.errors import RunFileError
from interlock.store.sealing import SALT_BYTES, Sealed

PAGE_EVENTS_MAX: Final = 1_000
PAGE_BYTES_MAX: Final = 8 * 1024 * 1024
"""A page is full once it has so many bytes, with the blobs that it brings, however many the last event adds."""
PAGE_BLOB_BYTES_MAX: Final = 512 * 1024 * 1024
"""How many bytes of blobs one page may bring: as much as is held in memory at once."""
EVENT_BYTES_MAX: Final = 16 * 1024 * 1024
"""How long a header or a payload may be. What is large in an event is kept outside it, as a blob."""

_ARRAY_OF_THREE: Final = 0x93
_NIL: Final = 0xC0
_WIDTHS: Final = {0xC4: 1, 0xC5: 2, 0xC6: 4}

_encode: Final = msgspec.msgpack.Encoder().encode


def written_event(sealed: Sealed) -> bytes:
    """One event as it stands in a page."""
    return _encode((sealed.header, sealed.salt, sealed.payload))


def is_full(events: int, size: int) -> bool:
    """Whether a page of so many events and bytes is cut."""
    return events >= PAGE_EVENTS_MAX or size >= PAGE_BYTES_MAX


def read_page(data: bytes, *, part: str, first: int) -> list[Sealed]:
    """The events of a page whose first one has the number `first`."""
    found: list[Sealed] = []
    place = 0
    while place < len(data):
        sealed, place = _event_at(data, place, part=part, seq=first + len(found))
        found.append(sealed)
    if not found or len(found) > PAGE_EVENTS_MAX:
        raise RunFileError(f"{part} holds {len(found):,} events, and a page has 1 to {PAGE_EVENTS_MAX:,}", part=part)
    return found


def _event_at(data: bytes, place: int, *, part: str, seq: int) -> tuple[Sealed, int]:
    if data[place] != _ARRAY_OF_THREE:
        raise _unreadable(part, seq)
    header, place = _bytes_at(data, place + 1, part=part, seq=seq)
    salt, place = _bytes_at(data, place, part=part, seq=seq)
    payload, place = _bytes_at(data, place, part=part, seq=seq)
    is_erased = payload is None and not salt
    if header is None or salt is None or (len(salt) != SALT_BYTES and not is_erased):
        raise _unreadable(part, seq)
    return Sealed(header, salt, payload), place


def _bytes_at(data: bytes, place: int, *, part: str, seq: int) -> tuple[bytes | None, int]:
    if place >= len(data):
        raise _unreadable(part, seq)
    if data[place] == _NIL:
        return None, place + 1
    width = _WIDTHS.get(data[place])
    if width is None:
        raise _unreadable(part, seq)
    begin = place + 1 + width
    size = int.from_bytes(data[place + 1 : begin], "big")
    if size > EVENT_BYTES_MAX or begin + size > len(data):
        raise _unreadable(part, seq)
    return data[begin : begin + size], begin + size


def _unreadable(part: str, seq: int) -> RunFileError:
    return RunFileError(f"event {seq} in {part} cannot be read", part=part, seq=seq)
