"""What a listener wants to hear: events of some runs, graphs and types. What is not said is not asked for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from msgspec import Struct

from interlock.api.streams.frames import Told
from interlock.engine.errors import UnknownEventTypeError
from interlock.engine.telling.event_filter import TYPES

_KINDS: Final = frozenset(known.partition(".")[0] for known in TYPES)
"""What types of events begin with."""


class Topic(Struct, frozen=True, kw_only=True):
    """What events have in common."""

    runs: frozenset[str] = frozenset()
    graphs: frozenset[str] = frozenset()
    types: frozenset[str] = frozenset()
    """Types of events, or what they begin with: `node.failed`, `node`."""

    def takes(self, told: Told) -> bool:
        """Whether an event is meant."""
        return (
            (not self.runs or told.run in self.runs)
            and (not self.graphs or told.graph in self.graphs)
            and (not self.types or told.kept.type in self.types or told.kept.type.partition(".")[0] in self.types)
        )


def types_meant(written: Iterable[str]) -> frozenset[str]:
    """Types of events, or what they begin with. One that no event has would be waited for in silence: it is refused."""
    types = frozenset(written)
    for unknown in sorted(types.difference(TYPES, _KINDS)):
        raise UnknownEventTypeError(unknown, known=TYPES)
    return types
