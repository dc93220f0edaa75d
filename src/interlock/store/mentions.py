"""Which blobs stored bytes mention: found without understanding them, in events and in blobs alike. Pure.

It may find more than is meant, where text happens to look like a mention, and never less: what is given up because
nobody mentions it any more is given up for good.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from interlock.core.events import Event, ResultAdopted
from interlock.store.sealing import Sealed

MARKER: Final = b"\xc7\x28\x01"
"""How a reference begins wherever it stands: as an extension of 40 bytes, of the first kind (see core/values.py)."""

_MENTION: Final = re.compile(rb"(?=\xc7\x28\x01.{8}(.{32}))", re.DOTALL)
"""Behind the marker stand the size and the digest. Looking ahead, so that text before a mention cannot hide it."""


def digests_in(data: bytes) -> set[str]:
    """The digests of the blobs that these bytes mention."""
    return {found[1].hex() for found in _MENTION.finditer(data)} if MARKER in data else set()


def reachable(mentioned: Iterable[str], read: Callable[[str], bytes | None]) -> set[str]:
    """What is mentioned, and what that mentions in turn. `read` gives the bytes of a blob, if it is there."""
    found: set[str] = set()
    left = list(mentioned)
    while left:
        digest = left.pop()
        if digest not in found:
            found.add(digest)
            left.extend(digests_in(read(digest) or b"") - found)
    return found


def adopted_blobs(events: Sequence[Event], sealed: Sequence[Sealed]) -> set[str]:
    """What events mention that take over values of another run: all else that they mention, their run brought along.

    That other run may just have been given up with its blobs, so an append has to look whether they are there.
    """
    taken_over = (one for event, one in zip(events, sealed, strict=True) if isinstance(event.body, ResultAdopted))
    return {digest for one in taken_over for digest in digests_in(one.payload or b"")}
