"""Which events of a run are meant: those of some types, and those about a node and all that is inside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, get_args

from interlock.core import events as e
from interlock.core.paths import step_path
from interlock.engine.errors import UnknownEventTypeError

if TYPE_CHECKING:
    from interlock.store.sealing import Header

TYPES: Final = tuple(sorted(str(body.__struct_config__.tag) for body in get_args(e.Body)))
"""What events are called."""
_INSIDE: Final = (".", "/", ":", "!")
"""What follows a node's path in those of its steps, scopes, copies and undo."""


@dataclass(frozen=True)
class EventFilter:
    """What events have in common. What is not said is not asked for."""

    types: frozenset[str] = frozenset()
    path: str | None = None

    @classmethod
    def read(cls, types: Sequence[str], path: str | None) -> EventFilter:
        """As people write it; a word that is no event's type is refused."""
        for written in types:
            if written not in TYPES:
                raise UnknownEventTypeError(written, known=TYPES)
        return cls(frozenset(types), path)

    def takes(self, event: e.Event | Header) -> bool:
        """Whether an event is meant. What is left of an erased one does not say of which step it told."""
        address = _address(event) if isinstance(event, e.Event) else event.path
        return (not self.types or event.type in self.types) and (self.path is None or self._is_inside(address))

    def _is_inside(self, path: str) -> bool:
        return path == self.path or any(path.startswith(f"{self.path}{mark}") for mark in _INSIDE)


def _address(event: e.Event) -> str:
    """What an event is about: a node, or the step inside one that it tells of."""
    match event.body:
        case e.EffectIntended() | e.EffectDone() | e.EffectFailed() | e.EffectUnknown() | e.DecisionMade() as body:
            return step_path(event.path, body.ordinal) if body.ordinal else event.path
        case _:
            return event.path
