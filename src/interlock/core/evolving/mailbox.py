"""Events offered to waits (rule 27): one event, one waiter, the oldest first; what nobody wants stays in the mailbox.

Waiters are found by name and by a digest of what they match on, never by a scan of all that waits.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from interlock.core.state import Matter, Received, RunState
from interlock.core.values import Value, digest_of, is_map


def offer_event(state: RunState, id: str, name: str, data: Value) -> None:
    """An event has come. Where somebody may wait for it, that is a matter; otherwise it is kept at once."""
    state.seen_events[id] = None
    state.mailbox.setdefault(name, []).append(Received(id, name, data, state.seq))
    if state.waiters.get(name):
        state.matters.add(Matter("offer", "", detail=[name, id], cause=state.seq))


def keep_event(state: RunState, id: str, name: str) -> None:
    """Nobody who waits wanted it: it stays where it is, for a wait that begins later."""
    assert any(received.id == id for received in state.mailbox.get(name, ()))


def take_event(state: RunState, id: str, name: str) -> None:
    """A wait took the event: nobody else will."""
    box = state.mailbox[name]
    box[:] = [received for received in box if received.id != id]
    if not box:
        del state.mailbox[name]


def find_received(state: RunState, name: str, id: str) -> Received | None:
    """The kept event of this name and id."""
    return next((received for received in state.mailbox.get(name, ()) if received.id == id), None)


def match_key(match: Value) -> str:
    """By what a wait is looked up: the fields it wants equal, and their values."""
    return "" if match is None else f"{','.join(match)} {digest_of(match)}"


def keys_of_event(state: RunState, name: str, data: Value) -> Iterator[str]:
    """Under which of the keys that waits of this name use the event would be found."""
    shapes = dict.fromkeys(key.partition(" ")[0] for key in state.waiters.get(name, ()))
    for shape in shapes:
        fields = shape.split(",") if shape else []
        if not fields:
            yield ""
        elif is_map(data) and all(field in data for field in fields):
            picked: dict[str, Any] = {field: data[field] for field in fields}
            yield match_key(picked)


def remember_waiter(state: RunState, name: str, key: str, path: str) -> None:
    """A wait has begun."""
    state.waiters.setdefault(name, {}).setdefault(key, []).append(path)


def forget_waiter(state: RunState, name: str, key: str, path: str) -> None:
    """A wait is over."""
    keyed = state.waiters[name]
    keyed[key].remove(path)
    if not keyed[key]:
        del keyed[key]
    if not keyed:
        del state.waiters[name]
