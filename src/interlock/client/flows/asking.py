"""What is asked of runs: pause, resume, cancel, another mode, events. None of it is repeated once it may have left."""

from __future__ import annotations

from typing import Literal, TypeAlias

from interlock.client.errands import Flow, made
from interlock.client.requests import RunLike, ask, id_of
from interlock.wire.acts import Asked

Mode: TypeAlias = Literal["normal", "degraded", "minimal"]


def pause(run: RunLike, *, why: str = "") -> Flow[Asked]:
    """Start nothing new in a run until it is resumed; what is in flight finishes."""
    return _asked(run, "pause", {"why": why})


def resume(run: RunLike, *, why: str = "") -> Flow[Asked]:
    """Go on after a pause."""
    return _asked(run, "resume", {"why": why})


def cancel(run: RunLike, *, path: str | None = None, rollback: bool = False, why: str = "") -> Flow[Asked]:
    """Stop a run, or one node with all that it holds. With `rollback` the run takes back what it did."""
    return _asked(run, "cancel", {"path": path, "rollback": rollback or None, "why": why})


def complete(run: RunLike, path: str, *, why: str = "") -> Flow[Asked]:
    """End an `each` with the items it has."""
    return _asked(run, "complete", {"path": path, "why": why})


def set_mode(run: RunLike, mode: Mode, *, why: str = "") -> Flow[Asked]:
    """Move a run to another mode: graphs read it as `run.mode`."""
    return _asked(run, "mode", {"mode": mode, "why": why})


def signal(run: RunLike, name: str, data: object = None, *, id: str = "") -> Flow[Asked]:
    """Send an event to the waits of a run. The same `id` is taken once: sending it again is refused."""
    return made(ask("runs", id_of(run), "signals", shape=Asked, body={"name": name, "data": data, "id": id or None}))


def _asked(run: RunLike, act: str, body: dict[str, object]) -> Flow[Asked]:
    return made(ask("runs", id_of(run), act, shape=Asked, body={**body, "why": body["why"] or None}))
