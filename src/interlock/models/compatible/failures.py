"""What goes wrong with a server of OpenAI's protocol, as a failure of ours: its class, its cost, when to ask again."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from interlock.core.event_parts import ErrorClass
from interlock.core.plan import Micros
from interlock.core.values import is_map
from interlock.models.provider import Billed, RequestFailed
from interlock.models.retrying import retry_after_in
from interlock.models.sdk.streamed_completion import StreamProblem

_TEXT_MAX: Final = 500
_NO_MONEY: Final = frozenset(
    {"insufficient_quota", "billing_hard_limit_reached", "credit_balance_exhausted", "spend_limit_exceeded"}
)
_TOO_LONG: Final = re.compile(r"maximum context length|reduce the length of the messages", re.IGNORECASE)
_STATUS_OF_CODE: Final = {"rate_limit_exceeded": 429, "rate_limit_error": 429, "server_error": 500}

_UNREADABLE: Final[tuple[ErrorClass, str]] = ("failed", "its answer cannot be read")
_OF_STATUS: Final[dict[int, tuple[ErrorClass, str]]] = {
    401: ("refused", "its key is not accepted"),
    402: ("refused", "the account has no money or quota left"),
    403: ("refused", "its key is not accepted"),
    404: ("refused", "it does not know this model"),
    408: ("unavailable", "it does not take the request just now"),
    409: ("unavailable", "it does not take the request just now"),
    425: ("unavailable", "it does not take the request just now"),
    429: ("rate_limited", "it is asked too often"),
    503: ("unavailable", "it is not available"),
    529: ("unavailable", "it is not available"),
}
_OF_HUNDREDS: Final[dict[int, tuple[ErrorClass, str]]] = {
    3: ("refused", "it sends requests on to somebody else, and is not followed: name the address that answers"),
    4: ("invalid", "it does not accept the request"),
    5: ("unavailable", "it has failed"),
}


class NotConnected(Exception):
    """There was no connection, so nothing was sent."""


class ConnectionLost(Exception):
    """The connection broke once something may have been sent, or what came over it was no answer."""


class Refused(Exception):
    """The server has refused the request."""

    def __init__(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        super().__init__(f"status {status}")
        self.status = status
        self.headers = headers
        self.said = _said_in(body)


def request_failed(error: Exception, *, now: Micros, heard: str, has_begun: bool) -> RequestFailed:
    """The failure that an exception means. `heard`: what of a streamed answer had come."""
    kind, what = _class_of(error)
    return RequestFailed(
        kind,
        f"{what}: {_one_line(_detail(error))}",
        billed="heard" if has_begun else _billed(error),
        heard=heard,
        retry_after=retry_after_in(error.headers, now) if isinstance(error, Refused) else None,
    )


def _class_of(error: Exception) -> tuple[ErrorClass, str]:
    match error:
        case NotConnected() | ConnectionLost():
            return "unavailable", "the connection failed"
        case Refused(status=status, said=said):
            return _class_of_status(status, said)
        case StreamProblem(body=body) if is_map(body):
            status = _status_in(body)
            return _UNREADABLE if status is None else _class_of_status(status, body)
        case _:
            return _UNREADABLE


def _class_of_status(status: int, said: Mapping[str, Any]) -> tuple[ErrorClass, str]:
    """What the server says itself counts more than its status, which is the same for several things."""
    if said.get("code") in _NO_MONEY or said.get("type") in _NO_MONEY:
        return _OF_STATUS[402]
    if said.get("code") == "context_length_exceeded" or _TOO_LONG.search(str(said.get("message", ""))):
        return "invalid", "the request is longer than it takes"
    return _OF_STATUS.get(status) or _OF_HUNDREDS.get(status // 100, _UNREADABLE)


def _status_in(said: Mapping[str, Any]) -> int | None:
    """The status that an error inside a stream would have had before it."""
    for each in (said.get("code"), said.get("type")):
        if isinstance(each, int):
            return each
        if isinstance(each, str):
            status = int(each) if each.isascii() and each.isdecimal() and len(each) == 3 else _STATUS_OF_CODE.get(each)
            if status is not None:
                return status
    return None


def _billed(error: Exception) -> Billed:
    """A refusal costs nothing. What broke off or cannot be read was perhaps made, and then it is on the bill."""
    return "nothing" if isinstance(error, NotConnected | Refused) else "worst"


def _detail(error: Exception) -> str:
    if isinstance(error, Refused):
        message = error.said.get("message")
        return f"{error.status} {message}" if isinstance(message, str) else f"status {error.status}"
    if isinstance(error, StreamProblem) and is_map(error.body) and (status := _status_in(error.body)) is not None:
        return f"{status} {error}"
    return str(error) or type(error).__name__


def _one_line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _TEXT_MAX else f"{line[:_TEXT_MAX]}…"


def _said_in(body: bytes) -> Mapping[str, Any]:
    """What a refusal says of itself, where it is written as it should be."""
    try:
        said: Any = json.loads(body)  # which also takes half characters
    except (ValueError, RecursionError):
        return {}
    if not is_map(said):
        return {}
    inner: Any = said.get("error", said)
    return inner if is_map(inner) else {"message": inner}
