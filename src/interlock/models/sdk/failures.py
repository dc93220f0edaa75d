"""What the providers' libraries raise, as a failure of ours: its class, what it may have cost, when to ask again."""

from __future__ import annotations

from typing import Any, Final

from pydantic_ai.exceptions import (
    ContentFilterError,
    ModelAuthenticationError,
    ModelConnectionError,
    ModelContextWindowExceededError,
    ModelHTTPError,
    ModelNotFoundError,
    ModelQuotaExceededError,
    ModelRateLimitError,
    ModelRequestRejectedError,
    ModelServerError,
    ModelTimeoutError,
    ModelUnavailableError,
)

from interlock.core.event_parts import ErrorClass
from interlock.core.plan import Micros
from interlock.core.values import is_map
from interlock.models.provider import Billed, RequestFailed
from interlock.models.retrying import retry_after_in

_TEXT_MAX: Final = 500
_CLASSES: Final[tuple[tuple[type[Exception], ErrorClass, str], ...]] = (
    (ModelQuotaExceededError, "refused", "the account has no money or quota left"),
    (ModelRateLimitError, "rate_limited", "it is asked too often"),
    (ModelAuthenticationError, "refused", "its key is not accepted"),
    (ModelNotFoundError, "refused", "it does not know this model"),
    (ModelContextWindowExceededError, "invalid", "the request is longer than it takes"),
    (ModelRequestRejectedError, "invalid", "it does not accept the request"),
    (ContentFilterError, "invalid", "it does not answer this request"),
    (ModelUnavailableError, "unavailable", "it is not available"),
    (ModelServerError, "unavailable", "it has failed"),
    (ModelTimeoutError, "timeout", "it did not answer in time"),
    (ModelConnectionError, "unavailable", "the connection failed"),
)
"""The first that fits: a narrower class stands before the one it belongs to."""
_REDIRECTS: Final = range(300, 400)
_NOT_NOW: Final = frozenset({408, 409, 425})
_REFUSALS: Final = range(400, 500)
_NOT_SENT: Final = frozenset({"pool", "connect"})


def request_failed(error: Exception, *, now: Micros, heard: str = "", has_begun: bool = False) -> RequestFailed:
    """The failure that an exception of the library means. `heard`: what of a streamed answer had come."""
    kind, what = _class_of(error)
    return RequestFailed(
        kind,
        f"{what}: {_detail(error)}",
        billed=_billed(error, has_begun=has_begun),
        heard=heard,
        retry_after=retry_after_in(error.headers or {}, now) if isinstance(error, ModelHTTPError) else None,
    )


def _class_of(error: Exception) -> tuple[ErrorClass, str]:
    for known, kind, what in _CLASSES:
        if isinstance(error, known):
            return kind, what
    return _class_of_status(_status_of(error))


def _class_of_status(status: int | None) -> tuple[ErrorClass, str]:
    """What a status means for which `pydantic-ai` has no class."""
    if status in _REDIRECTS:
        return "refused", "it sends requests on to somebody else, and is not followed: name the address that answers"
    if status in _NOT_NOW:
        return "unavailable", "it does not take the request just now"
    if status in _REFUSALS:
        return "invalid", "it does not accept the request"
    return "failed", "its answer cannot be read"


def _status_of(error: Exception) -> int | None:
    """The status by which a server has refused a request: some stand in what the provider's own library raised."""
    status = getattr(error, "status_code", getattr(error.__cause__, "status_code", None))
    return status if isinstance(status, int) else None


def _billed(error: Exception, *, has_begun: bool) -> Billed:
    """A refusal costs nothing. What broke off or cannot be read was perhaps made, and then it is on the bill."""
    if has_begun:
        return "heard"
    match error:
        case ModelTimeoutError() if error.phase not in _NOT_SENT:
            return "worst"
        case ModelConnectionError():
            return "nothing" if error.phase in _NOT_SENT or error.phase is None else "worst"
        case _:
            return "worst" if _status_of(error) is None else "nothing"


def _detail(error: Exception) -> str:
    """What the provider says itself, on one line."""
    text = _said_by_provider(error) or _said_by_network(error) or str(error) or type(error).__name__
    line = " ".join(text.split())
    return line if len(line) <= _TEXT_MAX else f"{line[:_TEXT_MAX]}…"


def _said_by_provider(error: Exception) -> str:
    status = _status_of(error)
    if status is None:
        return ""
    body: Any = getattr(error, "body", getattr(error.__cause__, "body", None))
    if is_map(body) and is_map(body.get("error")):
        body = body["error"]
    message = body.get("message") if is_map(body) else None
    return f"{status} {message}" if isinstance(message, str) else f"status {status}"


def _said_by_network(error: Exception) -> str:
    """What lies beneath a failed connection: the library itself only says that there was one."""
    if not isinstance(error, ModelConnectionError):
        return ""
    cause: BaseException = error
    while cause.__cause__ is not None:
        cause = cause.__cause__
    return str(cause)
