"""Lists that grow: appending to one, and reading its end, at a cost that does not grow with it.

Reads parts that were put aside only where they are needed; raises `Missing` for those that are not loaded.
"""

from __future__ import annotations

from interlock.core.deciding.missing import Missing
from interlock.core.values import Blobs, KeptList, Ref, Value, is_list


class NoListError(Exception):
    """Something was to be treated as a list and is none."""


def appended(value: Value, item: Value, blobs: Blobs) -> KeptList:
    """The list with one more item; null counts as the empty list."""
    kept = as_kept(value, blobs)
    return KeptList(kept.parts, kept.heights, [*kept.tail, item], kept.size + 1)


def tail_of(value: Value, count: int, blobs: Blobs) -> list[Value]:
    """The last items of a list, at most `count`, in their order."""
    kept = as_kept(value, blobs)
    items = list(kept.tail)
    for part in reversed(kept.parts):
        if len(items) >= count:
            break
        items = [*tail_of(part, count - len(items), blobs), *items]
    return items[max(0, len(items) - count) :]


def as_kept(value: Value, blobs: Blobs) -> KeptList:
    """A list in whichever form it is kept, as a kept list."""
    value = _loaded(value, blobs) if isinstance(value, Ref) else value
    if value is None:
        return KeptList((), (), [], 0)
    if isinstance(value, KeptList):
        return value
    if is_list(value):
        return KeptList((), (), value, len(value))
    raise NoListError(f"it is {type(value).__name__}, not a list")


def _loaded(ref: Ref, blobs: Blobs) -> Value:
    if ref.digest not in blobs:
        raise Missing(frozenset({ref.digest}))
    return blobs[ref.digest]
