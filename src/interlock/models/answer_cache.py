"""Answers that were given before, by the digest of the whole request and the model; the longest unused go first.

Which are kept is said by the pool. They are in this process alone: what a run was answered stands in its log.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from typing import Final

import msgspec

from interlock.core.messages import ModelReply, ModelRequest

ENTRIES_MAX: Final = 1_000
BYTES_MAX: Final = 32 * 1024 * 1024

_ENCODER: Final = msgspec.msgpack.Encoder()


def cache_key(model: str, request: ModelRequest) -> str:
    """The name of a request to a model by its content."""
    return hashlib.sha256(model.encode() + b"\0" + _ENCODER.encode(request)).hexdigest()


class AnswerCache:
    """The kept answers."""

    def __init__(self, *, entries_max: int = ENTRIES_MAX, bytes_max: int = BYTES_MAX) -> None:
        self._entries: OrderedDict[str, tuple[ModelReply, int]] = OrderedDict()
        self._entries_max = entries_max
        self._bytes_max = bytes_max
        self._bytes = 0

    def find(self, key: str) -> ModelReply | None:
        """The answer that was kept under a key; it counts as used."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        self._entries.move_to_end(key)
        return entry[0]

    def keep(self, key: str, reply: ModelReply) -> None:
        """Keep an answer; those that were not used for longest make room for it."""
        size = len(_ENCODER.encode(reply))
        if size > self._bytes_max:
            return
        self._drop(key)
        self._entries[key] = (reply, size)
        self._bytes += size
        while len(self._entries) > self._entries_max or self._bytes > self._bytes_max:
            self._drop(next(iter(self._entries)))

    def _drop(self, key: str) -> None:
        entry = self._entries.pop(key, None)
        if entry is not None:
            self._bytes -= entry[1]
