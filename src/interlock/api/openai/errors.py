"""What goes wrong, as OpenAI's clients read it: the codes are those of every problem here, the shape is theirs."""

from __future__ import annotations

from typing import Final

from msgspec import UNSET

from interlock.api.errors import ApiError
from interlock.api.problems import MEANINGS
from interlock.core.event_parts import Error, ErrorClass
from interlock.wire.openai import ChatError, ChatErrorAnswer
from interlock.wire.problems import Problem

PREFIX: Final = "/openai/v1"
"""Where clients of that protocol are pointed to."""
RETRY_SECONDS: Final = "1"

_TYPES: Final[dict[int, str]] = {
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    429: "rate_limit_error",
}
_CODES: Final[dict[ErrorClass, str]] = {
    "timeout": "model_timeout",
    "unavailable": "model_away",
    "rate_limited": "model_busy",
    "invalid": "model_refused",
    "refused": "model_refused",
    "exhausted": "budget_spent",
    "cancelled": "call_given_up",
}


def in_their_words(problem: Problem) -> ChatErrorAnswer:
    """A problem as an error of that protocol."""
    kind = _TYPES.get(problem.status, "server_error" if problem.status >= 500 else "invalid_request_error")
    param = None if problem.field is UNSET else problem.field
    return ChatErrorAnswer(error=ChatError(message=problem.detail, type=kind, param=param, code=problem.code))


def call_failed(error: Error, run: str) -> ApiError:
    """Why a model has not answered, as an error of the request that asked."""
    code = _CODES.get(error.kind, "model_failed")
    headers = {"x-interlock-run": run}
    if MEANINGS[code].status == 429:
        headers["retry-after"] = RETRY_SECONDS
    return ApiError(code, error.message, run=run, headers=headers)
