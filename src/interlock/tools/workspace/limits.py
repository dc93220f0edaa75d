"""How much a workspace holds."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

_MIB: Final = 1024 * 1024


class WorkspaceLimits(Struct, frozen=True, gc=False, kw_only=True):
    """How much a workspace holds. What a sandbox is given is never more than this."""

    bytes_max: int = 64 * _MIB
    files_max: int = 10_000
    """Files and folders together."""
    file_bytes_max: int = 16 * _MIB
