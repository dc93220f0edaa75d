"""Runs: started, looked at, waited for, listed."""

from __future__ import annotations

import math
import secrets
from collections.abc import Iterable, Mapping
from typing import Final

from interlock.client.errands import Flow, Heeding, Telling, exhausted, heeding, made, now
from interlock.client.errors import StillGoing
from interlock.client.flows.following import END, hear_run
from interlock.client.paging import listed, pages
from interlock.client.requests import Call, RunLike, ask, id_of, look
from interlock.client.server_sent import Frame
from interlock.wire.effects import Effect, EffectList
from interlock.wire.events import Event, EventPage
from interlock.wire.runs import Run, RunPage, RunRow, RunStatus
from interlock.wire.summaries import RunSummary

ENDED: Final[frozenset[RunStatus]] = frozenset({"succeeded", "failed", "cancelled", "rolled_back"})
"""The statuses of runs that have ended."""
WAIT_SECONDS: Final = 50
"""How long a server is asked to wait at a time."""
EVENTS_PAGE: Final = 500


def start(
    graph: str,
    inputs: Mapping[str, object] | None = None,
    *,
    key: str = "",
    labels: Mapping[str, str] | None = None,
    session: str = "",
    priority: int = 0,
    draft: bool = False,
    version: int | None = None,
    workspace: str = "",
) -> Flow[RunRow]:
    """Start a run of a graph. What comes back is on record and will be driven.

    Starting again under the same `key` gives the run that was started first. Without one the client makes one up, so
    that a request which has to be repeated starts one run. `workspace` is the digest of an uploaded tar archive: the
    run's workspace begins with its files.
    """
    body = {
        "graph": graph,
        "inputs": inputs,
        "key": key or f"client-{secrets.token_hex(16)}",
        "labels": labels,
        "session": session or None,
        "priority": priority or None,
        "draft": draft or None,
        "version": version,
        "workspace": workspace or None,
    }
    return made(ask("runs", shape=RunRow, body=body, may_repeat=True))


def run(
    graph: str,
    inputs: Mapping[str, object] | None = None,
    *,
    key: str = "",
    labels: Mapping[str, str] | None = None,
    session: str = "",
    priority: int = 0,
    draft: bool = False,
    version: int | None = None,
    workspace: str = "",
    timeout_seconds: float | None = None,
) -> Flow[Run]:
    """Start a run and wait for its end: `start`, then `wait`."""
    started = yield from start(
        graph,
        inputs,
        key=key,
        labels=labels,
        session=session,
        priority=priority,
        draft=draft,
        version=version,
        workspace=workspace,
    )
    return (yield from wait(started, timeout_seconds=timeout_seconds))


def get(run: RunLike, *, at: int | None = None) -> Flow[Run]:
    """A run with its inputs, outputs and nodes, now or as it was after event number `at`."""
    return made(look("runs", id_of(run), shape=Run, query={"at": at}))


def row(run: RunLike) -> Flow[RunRow]:
    """A run as lists show it: the quickest there is to know how it stands."""
    return made(look("runs", id_of(run), "row", shape=RunRow))


def summary(run: RunLike, *, at: int | None = None) -> Flow[RunSummary]:
    """A run in short: status, progress and cost, with one line for each node of its graph."""
    return made(look("runs", id_of(run), "summary", shape=RunSummary, query={"at": at}))


def effects(run: RunLike) -> Flow[list[Effect]]:
    """The contacts of a run with the world, and what came of each; those of which nobody knows come first."""
    found = yield from made(look("runs", id_of(run), "effects", shape=EffectList))
    return found.effects


def wait(run: RunLike, *, timeout_seconds: float | None = None) -> Flow[Run]:
    """Wait for a run's end, for ever or for so long. Raises `StillGoing`.

    A run that waits for a person goes on waiting here too: `rest` comes back then.
    """
    until = yield from _instant(timeout_seconds)
    found = yield from _rested(run, until)
    if found.status in ENDED:
        return found
    yield from _heard_end(found, until)
    ended = yield from get(run)
    if ended.status not in ENDED:
        raise still_going(ended)
    return ended


def rest(run: RunLike, *, timeout_seconds: float | None = None) -> Flow[Run]:
    """Wait until a run has ended, or only people or other systems can move it on. Raises `StillGoing`."""
    until = yield from _instant(timeout_seconds)
    return (yield from _rested(run, until))


def runs(
    *,
    status: RunStatus | Iterable[RunStatus] | None = None,
    graph: str | None = None,
    labels: Mapping[str, str] | None = None,
    session: str = "",
    started_from: int | None = None,
    started_to: int | None = None,
) -> Telling[RunRow]:
    """Runs that have all of this in common, the newest first. Instants are microseconds since 1970."""
    query = {
        "status": status,
        "graph": graph,
        "label": [f"{name}:{value}" for name, value in (labels or {}).items()],
        "session": session,
        "started_from": started_from,
        "started_to": started_to,
    }
    return listed("runs", shape=RunPage, rows_of=lambda page: page.runs, query=query)


def events(
    run: RunLike, *, after: int = 0, to: int | None = None, types: Iterable[str] = (), path: str | None = None
) -> Telling[Event]:
    """What is on record of a run by now: its events by number, type and node. `stream` also tells what comes."""
    query = {"to": to, "type": list(types), "path": path, "limit": EVENTS_PAGE}

    def page_at(before: EventPage | None) -> Call[EventPage]:
        behind = after if before is None else before.next
        return look("runs", id_of(run), "events", shape=EventPage, query={**query, "after": behind})

    return pages(page_at, lambda page: page.events)


def still_going(run: Run) -> StillGoing:
    """What is raised of a run that had not ended in time."""
    return StillGoing(
        f"run {run.run} is {run.status} and has not ended in time",
        code="still_going",
        run=run.run,
        advice="wait for it again, or see `waiting` of it for what it waits for",
    )


def _instant(timeout_seconds: float | None) -> Flow[float | None]:
    return None if timeout_seconds is None else (yield from now()) + timeout_seconds


def _rested(run: RunLike, until: float | None) -> Flow[Run]:
    """Ask a server to wait, as often as it takes. It answers early where the run has ended or rests."""
    while True:
        begun = yield from now()
        seconds = WAIT_SECONDS if until is None else min(WAIT_SECONDS, max(0, math.ceil(until - begun)))
        found = yield from made(look("runs", id_of(run), shape=Run, query={"wait": seconds}, longer=seconds))
        at = yield from now()
        if found.status in ENDED or at - begun < seconds:
            return found
        if until is not None and at >= until:
            raise still_going(found)


def _heard_end(run: Run, until: float | None) -> Flow[None]:
    """Listen for the end alone."""
    return exhausted(heeding(hear_run(run, after=run.seq, types=[END], until=until), _ends))


def _ends(frames: list[Frame]) -> Heeding[None]:
    yield from ()
    return any(frame.type == END for frame in frames)
