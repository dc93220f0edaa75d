"""Which blobs stored bytes mention, found exactly and without making anything of what the bytes say.

Bytes of somebody else may be small and say something that takes a hundred times their room; here they are only walked
through, item by item, up to a bound. It judges nothing else: what an event means is for others to read.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from interlock.store.mentions import MARKER

ITEMS_MAX: Final = 2_000_000
"""How many items are walked through of one payload or blob that seems to mention others."""

_REF: Final = 1
_KEPT_LIST: Final = 3
_REF_BYTES: Final = 40

_COUNTED: Final = {0xDC: (2, 1), 0xDD: (4, 1), 0xDE: (2, 2), 0xDF: (4, 2)}
"""Long arrays and maps: how many bytes say how many items there are, and of how many values each consists."""
_SIZED: Final = {0xC4: 1, 0xC5: 2, 0xC6: 4, 0xD9: 1, 0xDA: 2, 0xDB: 4}
"""Bytes and texts: how many bytes say how long they are."""
_EXTENSIONS: Final = {0xC7: 1, 0xC8: 2, 0xC9: 4}
_FIXED_EXTENSIONS: Final = {0xD4: 1, 0xD5: 2, 0xD6: 4, 0xD7: 8, 0xD8: 16}
_FIXED: Final = {
    **dict.fromkeys((0xC0, 0xC2, 0xC3), 0),
    **dict.fromkeys((0xCC, 0xD0), 1),
    **dict.fromkeys((0xCD, 0xD1), 2),
    **dict.fromkeys((0xCA, 0xCE, 0xD2), 4),
    **dict.fromkeys((0xCB, 0xCF, 0xD3), 8),
}
"""Constants and numbers: how many bytes they take behind the first."""


class UnwalkableError(ValueError):
    """Bytes that are no stored value, or one too long to be walked through."""


class _Item(Struct, frozen=True):
    """What one item of MessagePack is: where it ends, how many items stand in it, and what an extension holds."""

    end: int
    items: int = 0
    extension: int = 0
    inside: bytes = b""


def mentioned_in(data: bytes) -> dict[str, int]:
    """The digests that stored bytes mention, in the order in which they do, each with the size of what it names."""
    if MARKER not in data:
        return {}
    found: dict[str, int] = {}
    walked = 0
    left = [data]
    while left:
        text = left.pop(0)
        place, items = 0, 1
        while items:
            walked += 1
            if walked > ITEMS_MAX:
                raise UnwalkableError(f"it has more than {ITEMS_MAX:,} items")
            item = _item_at(text, place)
            place, items = item.end, items - 1 + item.items
            if item.extension == _REF and len(item.inside) == _REF_BYTES:
                found[item.inside[8:].hex()] = int.from_bytes(item.inside[:8], "big")
            elif item.extension == _KEPT_LIST:
                left.append(item.inside)
        if place != len(text):
            raise UnwalkableError("something stands behind it")
    return found


def _item_at(data: bytes, place: int) -> _Item:
    if place >= len(data):
        raise UnwalkableError("it ends too early")
    first, behind = data[place], place + 1
    if first < 0x80 or first >= 0xE0:
        return _Item(behind)
    if first < 0x90:
        return _Item(behind, items=2 * (first & 0x0F))
    if first < 0xA0:
        return _Item(behind, items=first & 0x0F)
    if first < 0xC0:
        return _Item(behind + (first & 0x1F))
    if (width := _FIXED.get(first)) is not None:
        return _Item(behind + width)
    if (width := _SIZED.get(first)) is not None:
        return _Item(behind + width + _number(data, behind, width))
    if (counted := _COUNTED.get(first)) is not None:
        width, values = counted
        return _Item(behind + width, items=values * _number(data, behind, width))
    if (width := _EXTENSIONS.get(first)) is not None:
        return _extension(data, behind + width, _number(data, behind, width))
    if (size := _FIXED_EXTENSIONS.get(first)) is not None:
        return _extension(data, behind, size)
    raise UnwalkableError(f"it holds the byte {first:#x}, which means nothing")


def _number(data: bytes, place: int, width: int) -> int:
    return int.from_bytes(data[place : place + width], "big")


def _extension(data: bytes, place: int, size: int) -> _Item:
    end = place + 1 + size
    if end > len(data):
        raise UnwalkableError("it ends too early")
    return _Item(end, extension=data[place], inside=data[place + 1 : end])
