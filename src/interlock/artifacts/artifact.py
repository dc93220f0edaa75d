"""What an artifact is, and how a value names one: a map with its digest, its type and its size. Pure.

The digest is the SHA-256 of the bytes, so that `sha256sum FILE` says under which name a file is kept.
"""

from __future__ import annotations

import re
from typing import Final

from msgspec import Struct

from interlock.core.values import Value, is_list, is_map

DIGEST: Final = re.compile(r"[0-9a-f]{64}")
UNKNOWN_TYPE: Final = "application/octet-stream"
"""The type of bytes of which nobody said what they are."""


class Artifact(Struct, frozen=True, kw_only=True):
    """Bytes that are kept under their digest."""

    digest: str
    bytes: int
    type: str
    """Its media type, as whoever uploaded it said."""
    at: int
    by: str


def artifact_value(artifact: Artifact) -> Value:
    """How inputs and outputs of runs name it."""
    return {"artifact": artifact.digest, "bytes": artifact.bytes, "type": artifact.type}


def artifacts_named(value: Value) -> list[str]:
    """The digests of the artifacts that a value names, each once, in the order in which they stand in it."""
    found: dict[str, None] = {}
    left = [value]
    while left:
        part = left.pop()
        if is_map(part):
            named = part.get("artifact")
            if isinstance(named, str) and DIGEST.fullmatch(named):
                found[named] = None
            left.extend(reversed(part.values()))
        elif is_list(part):
            left.extend(reversed(part))
    return list(found)
