"""When a call is made again: only where that can do no harm, and not at once.

Whatever may be repeated is, when the connection failed or the server had enough to do. Anything else is sent again only
if nothing of it had left.
"""

from __future__ import annotations

from itertools import count
from typing import Final, TypeVar

from interlock.client.errands import Flow, Sleep, sent
from interlock.client.judging import is_done, judged, retry_after_seconds
from interlock.client.patience import Patience
from interlock.client.requests import Answer, Broken, Call

T = TypeVar("T")

BUSY: Final = frozenset({429, 502, 503, 504})
"""Statuses of a server, or of what stands before it, that may be well in a moment."""


def exchange(call: Call[T], patience: Patience) -> Flow[T]:
    """Make a call until something has come of it, or nothing will."""
    for attempt in count(1):
        outcome = yield from sent(call.request)
        pause = pause_before_another(call, outcome, attempt, patience)
        if pause is None:
            return judged(call, outcome)
        yield Sleep(pause)
    raise AssertionError("attempts are counted without end")


def pause_before_another(
    call: Call[object], outcome: Answer | Broken, attempt: int, patience: Patience
) -> float | None:
    """How long to wait before another attempt; None: there is none."""
    if attempt >= patience.attempts_max:
        return None
    match outcome:
        case Broken(was_sent=was_sent):
            return patience.pause_seconds(attempt) if call.may_repeat or not was_sent else None
        case Answer(status=status) if status in BUSY and not is_done(call, outcome) and call.may_repeat:
            return pause_asked_for(outcome, attempt, patience)
        case Answer():
            return None


def pause_asked_for(answer: Answer, attempt: int, patience: Patience) -> float | None:
    """How long a server wants to be left alone; None: longer than that is borne."""
    asked = retry_after_seconds(answer)
    if asked is None:
        return patience.pause_seconds(attempt)
    return asked if asked <= patience.longest_seconds else None


def pause_before_reopening(
    outcome: Answer | Broken, *, failures: int, away_seconds: float, patience: Patience
) -> float | None:
    """How long to wait before a stream is taken up again that has ended so, or did not begin; None: it is not."""
    if away_seconds > patience.away_seconds:
        return None
    match outcome:
        case Answer(status=200) | Broken():
            return patience.pause_seconds(failures)
        case Answer(status=status) if status in BUSY:
            return pause_asked_for(outcome, failures, patience)
        case Answer():
            return None
