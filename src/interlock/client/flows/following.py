"""Following events as they happen, whatever becomes of connections: nothing is lost, and nothing is told twice.

A stream that breaks off is taken up behind the last event that was heard, for as long as the server is not away for
longer than is borne. What a server refuses is raised at once.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, TypeAlias, TypeVar

import msgspec
from msgspec import Struct

from interlock.client.errands import Heeding, Sleep, Tell, Telling, heeding, how_patient, now, opened, read
from interlock.client.errors import NotUnderstood
from interlock.client.judging import error_told
from interlock.client.requests import Answer, Request, RunLike, id_of, target_of
from interlock.client.retrying import pause_before_reopening
from interlock.client.server_sent import Frame, FrameReader
from interlock.wire.events import Event
from interlock.wire.live import NodeProgress, NodeWords

T = TypeVar("T")

SILENCE_SECONDS: Final = 45.0
"""For how long a stream may be silent: a server sends a heartbeat every 15 seconds."""
END: Final = "run.ended"

Live: TypeAlias = NodeWords | NodeProgress
"""What is said while it happens, and is on no record."""
_LIVE: Final[dict[str, type[NodeWords | NodeProgress]]] = {
    "live.words": NodeWords,
    "live.progress": NodeProgress,
}


class FeedEvent(Struct, frozen=True):
    """An event with its place in the tenant's feed: give it as `after` to go on behind it."""

    place: str
    event: Event


def stream(run: RunLike, *, after: int = 0, types: Iterable[str] = (), deltas: bool = False) -> Telling[Event | Live]:
    """The events of a run behind number `after`, up to its end, as they happen. Its end is always told.

    With `deltas` also what its models are just saying and how far its nodes are, which is on no record and never
    repeated. Large values in events are references.
    """
    return heeding(hear_run(run, after=after, types=types, deltas=deltas), _tell_of_run)


def feed(
    *, runs: Iterable[RunLike] = (), graphs: Iterable[str] = (), types: Iterable[str] = (), after: str = ""
) -> Telling[FeedEvent]:
    """The events of all runs, or of some, as they happen: from now on, or behind a place (`0`: from the first).

    It has no end. Whoever keeps the place of the last event they have dealt with can go on there at any time.
    """
    return heeding(hear_feed(runs=runs, graphs=graphs, types=types, after=after), _tell_of_feed)


# --- what is heard ---------------------------------------------------------------------------------------------------


def hear_run(
    run: RunLike, *, after: int = 0, types: Iterable[str] = (), deltas: bool = False, until: float | None = None
) -> Telling[list[Frame]]:
    """What each read of a run's stream brings, up to its end: nothing when it begins, or is only still there."""
    target = target_of("runs", id_of(run), "stream", query={"type": list(types), "deltas": deltas})
    return hear(target, str(after) if after else "", until=until)


def hear_feed(
    *, runs: Iterable[RunLike] = (), graphs: Iterable[str] = (), types: Iterable[str] = (), after: str = ""
) -> Telling[list[Frame]]:
    """The same of all runs, or of some."""
    query = {"run": [id_of(each) for each in runs], "graph": list(graphs), "type": list(types)}
    return hear(target_of("stream", query=query), after)


def hear(target: str, last: str, *, until: float | None = None) -> Telling[list[Frame]]:
    """Hear a stream from behind an id on: until it is over, or the clock has come to an instant."""
    patience = yield from how_patient()
    failures, heard_at = 0, (yield from now())
    while (silence := _silence_borne(until, (yield from now()))) > 0:
        outcome = yield from opened(_request(target, last), silence_seconds=silence)
        if isinstance(outcome, Answer) and outcome.status == 204:
            return
        if isinstance(outcome, Answer) and outcome.status == 200:
            reader = FrameReader(last)
            yield from _read_on(reader, until, silence)
            last, failures, heard_at = reader.last_id, 0, (yield from now())
        failures += 1
        away = (yield from now()) - heard_at
        pause = pause_before_reopening(outcome, failures=failures, away_seconds=away, patience=patience)
        if pause is None:
            raise error_told(outcome)
        yield Sleep(pause)


def _read_on(reader: FrameReader, until: float | None, silence: float) -> Telling[list[Frame]]:
    """Read until it breaks off, or until it may not be silent for so long any more."""
    yield Tell([])
    while isinstance(chunk := (yield from read()), bytes) and chunk:
        yield Tell(reader.feed(chunk))
        if _silence_borne(until, (yield from now())) < silence:
            return


def _silence_borne(until: float | None, at: float) -> float:
    return SILENCE_SECONDS if until is None else min(SILENCE_SECONDS, until - at)


def _request(target: str, last: str) -> Request:
    headers = {"accept": "text/event-stream", "cache-control": "no-store"}
    return Request(method="GET", target=target, headers=headers | ({"last-event-id": last} if last else {}))


# --- what is told of it ----------------------------------------------------------------------------------------------


def _tell_of_run(frames: list[Frame]) -> Heeding[Event | Live]:
    for frame in frames:
        yield Tell(read_as(frame.data, _LIVE.get(frame.type, Event)))
        if frame.type == END:
            return True
    return False


def _tell_of_feed(frames: list[Frame]) -> Heeding[FeedEvent]:
    for frame in frames:
        yield Tell(FeedEvent(frame.id, read_as(frame.data, Event)))
    return False


def read_as(data: bytes, shape: type[T]) -> T:
    """The data of an event as a shape."""
    try:
        return msgspec.json.decode(data, type=shape)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise NotUnderstood(
            f"an event of the stream cannot be read: {error}",
            code="not_understood",
            advice="see whether this client is older than the server",
        ) from error
