"""Which bytes a request asks for, as RFC 9110 has it. Pure.

One range is answered; of a request for several the whole is sent, as a server may. What is no range is none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from interlock.api.errors import ApiError

_ONE_RANGE: Final = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


class ByteRange(Struct, frozen=True):
    """The bytes from number `first` on and before number `after`."""

    first: int
    after: int
    is_whole: bool = False

    @property
    def size(self) -> int:
        """How many they are."""
        return self.after - self.first


def range_meant(headers: Mapping[str, str], *, size: int, tag: str) -> ByteRange:
    """What a request asks for of something of this size. Raises what it cannot be given."""
    whole = ByteRange(0, size, is_whole=True)
    found = _ONE_RANGE.fullmatch(headers.get("range", "").replace(" ", ""))
    is_of_another = "if-range" in headers and headers["if-range"] != tag
    if found is None or is_of_another or not any(found.groups()):
        return whole
    first, last = found.groups()
    if not first:
        meant = ByteRange(max(0, size - int(last)), size)
    elif last and int(last) < int(first):
        return whole  # such a header is to be ignored
    else:
        meant = ByteRange(int(first), min(size, int(last) + 1) if last else size)
    if meant.size <= 0:
        raise ApiError(
            "range_not_satisfiable", f"there are {size:,} bytes", headers={"content-range": f"bytes */{size}"}
        )
    return meant
