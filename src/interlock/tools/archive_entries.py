"""Entries of tar archives that somebody hostile may have made, for the standard reader: what they say has an end.

Besides what it holds, an entry may say things of itself: a long name, an exact time. The reader takes those whole,
however long, and looks through them in a time that grows with the square of their length, while nothing else of the
process goes on. So they are refused by their length, before they are read. What entries hold is bounded by their taker.
"""

from __future__ import annotations

import tarfile
from typing import Final

SAID_BYTES_MAX: Final = 4 * 1024
"""How much may be said of one entry at a time: more than any name that is taken."""
ALL_SAID_BYTES_MAX: Final = 4 * 1024 * 1024
"""How much may be said of all entries of an archive."""
_SAYS: Final = frozenset(
    {
        tarfile.XHDTYPE,
        tarfile.XGLTYPE,
        tarfile.SOLARIS_XHDTYPE,
        tarfile.GNUTYPE_LONGNAME,
        tarfile.GNUTYPE_LONGLINK,
    }
)


class EndlessEntryError(tarfile.TarError):
    """An entry says more of itself than is read, or that it is shorter than nothing."""


def bounded_entries() -> type[tarfile.TarInfo]:
    """What one archive is to be opened with, as its `tarinfo`; it raises `EndlessEntryError`."""
    said = 0

    class Entry(tarfile.TarInfo):
        @classmethod
        def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Entry:
            nonlocal said
            entry = super().frombuf(buf, encoding, errors)
            if entry.size < 0:
                raise EndlessEntryError("an entry is shorter than nothing")
            if entry.type in _SAYS:
                said += max(entry.size, tarfile.BLOCKSIZE)
                if entry.size > SAID_BYTES_MAX or said > ALL_SAID_BYTES_MAX:
                    raise EndlessEntryError(f"an entry says {entry.size:,} bytes of itself before it comes")
            return entry

    return Entry
