"""The port behind which events leave. An adapter delivers what it is given; it keeps no place in the feed and no count.

A sink of one's own is a function from a `SinkTarget` to a `Sink`, named in the settings as `module:function`, or
offered by a package as an entry point of the group `interlock.sinks`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol

from interlock.sinks.cloud_event import CloudEvent

TIMEOUT_SECONDS: Final = 10.0
"""How long a delivery may take before it counts as failed."""


class Sink(Protocol):
    """Where events are delivered to. It is used by one relay at a time."""

    async def deliver(self, events: Sequence[CloudEvent]) -> None:
        """Hand these events over, in this order. Returns once the other side has them for good.

        Raises `TryAgainError` if they may be taken later, `EventRefusedError` if these will never be, and
        `SinkGoneError` if nothing will be any more. Any other error counts as the first. The same events may come
        again: they are known by `source` and `id`.
        """
        ...

    async def close(self) -> None:
        """Let go of what is held."""
        ...


@dataclass(frozen=True, kw_only=True)
class SinkTarget:
    """What a sink is made from, as the settings declare it."""

    name: str
    kind: str
    """The word before the first colon: `file`, `https`, or what an entry point is called; of a function none."""
    to: str
    """The rest of the address; of a function all of it."""
    folder: Path
    """The project's folder: paths are relative to it."""
    key: str | None = field(default=None, repr=False)
    """The text of the secret that was named, if one was."""
    timeout_seconds: float = TIMEOUT_SECONDS
