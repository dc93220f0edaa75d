"""What follows a failed request: the same model again after a while, the next one of the chain, or no more. Pure.

The only place where retries are decided: the providers' own libraries are told to make none.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final, TypeAlias

from msgspec import Struct

from interlock.core.plan import Micros
from interlock.models.provider import RETRYABLE, RequestFailed

ATTEMPTS_MAX: Final = 3
BACKOFF: Final[Micros] = 500_000
BACKOFF_MAX: Final[Micros] = 30_000_000
PATIENCE: Final[Micros] = 60_000_000
"""A provider that asks for more time than this is not waited for here: the call fails, and may be tried again later."""
PATIENCE_WITH_FALLBACK: Final[Micros] = 2_000_000
"""The same where another model may answer at once."""

_SECONDS: Final = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,9})?")
_MILLISECONDS: Final = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,9})?")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Again(Struct, frozen=True, gc=False):
    """The same model once more, after so long."""

    after: Micros


class NextModel(Struct, frozen=True, gc=False):
    """The next one of the chain."""


class NoMore(Struct, frozen=True, gc=False):
    """The call has failed."""


Move: TypeAlias = Again | NextModel | NoMore


def next_move(
    failure: RequestFailed,
    *,
    attempt: int,
    attempts_max: int,
    has_next: bool,
    time_left: Micros | None,
    call_id: str,
) -> Move:
    """What to do after the `attempt`-th request to a model has failed.

    A request that may have been billed is not repeated there: for each model, money is held for one answer.
    """
    elsewhere: Move = NextModel() if has_next else NoMore()
    may_repeat = failure.may_repeat and failure.kind in RETRYABLE and failure.billed == "nothing"
    if not may_repeat or attempt >= attempts_max:
        return elsewhere
    wait = backoff(call_id, attempt) if failure.retry_after is None else failure.retry_after
    patience = PATIENCE_WITH_FALLBACK if has_next else PATIENCE
    if wait > patience or (time_left is not None and wait >= time_left):
        return elsewhere
    return Again(wait)


def backoff(call_id: str, attempt: int) -> Micros:
    """Twice as long each time, half of it by chance, so that calls do not march in step: the same for the same call."""
    longest = min(BACKOFF_MAX, BACKOFF << min(attempt - 1, 16))
    draw = hashlib.sha256(f"{call_id}\0{attempt}".encode("utf-8", "surrogatepass")).digest()
    return longest // 2 + int.from_bytes(draw[:4], "big") % (longest // 2 + 1)


def retry_after_in(headers: Mapping[str, str], now: Micros) -> Micros | None:
    """For how long a server has asked not to be asked again, as its headers say it."""
    milliseconds = headers.get("retry-after-ms", "")
    if _MILLISECONDS.fullmatch(milliseconds):
        return round(float(milliseconds) * 1_000)
    if "retry-after" in headers:
        return parse_retry_after(headers["retry-after"], now)
    return None


def parse_retry_after(text: str, now: Micros) -> Micros | None:
    """What `Retry-After` asks for, as seconds or as a date; None where it says nothing of use."""
    if _SECONDS.fullmatch(text.strip()):
        return round(float(text) * 1_000_000)
    try:
        at = parsedate_to_datetime(text)
    except (TypeError, ValueError, OverflowError):
        return None
    moment = at.replace(tzinfo=UTC) if at.tzinfo is None else at
    return max(0, round((moment - _EPOCH).total_seconds() * 1_000_000) - now)
