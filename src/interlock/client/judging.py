"""What an answer means: a shape of `interlock.wire`, or the error that tells why there is none."""

from __future__ import annotations

from typing import Final, TypeVar, cast

import msgspec

from interlock.client.errors import ClientError, NotUnderstood, ServerFailed, Unreachable, error_of
from interlock.client.requests import Answer, Broken, Call
from interlock.wire.problems import Problem

T = TypeVar("T")

PROBLEM: Final = "application/problem+json"
QUOTED_MAX: Final = 200
"""How much is quoted of an answer that is not understood."""


def judged(call: Call[T], outcome: Answer | Broken) -> T:
    """What was asked for. Raises `ClientError`."""
    match outcome:
        case Answer() if is_done(call, outcome):
            return cast("T", outcome.body) if call.is_file else decoded(outcome, call.shape)
        case _:
            raise error_told(outcome)


def is_done(call: Call[object], answer: Answer) -> bool:
    """Whether an answer is what was asked for, and no problem."""
    is_expected = 200 <= answer.status < 300 or answer.status in call.also
    return is_expected and not _is_problem(answer)


def decoded(answer: Answer, shape: type[T]) -> T:
    """The body of an answer as a shape."""
    try:
        return msgspec.json.decode(answer.body, type=shape)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise NotUnderstood(
            f"the server's answer cannot be read: {error}; it begins with {_quoted(answer)!r}",
            code="not_understood",
            status=answer.status,
            advice="see that the address is that of an Interlock server, and whether this client is older than it",
        ) from error


def error_told(outcome: Answer | Broken) -> ClientError:
    """Why it was not done."""
    if isinstance(outcome, Broken):
        return Unreachable(outcome.why, in_doubt=outcome.was_sent)
    if _is_problem(outcome):
        return error_of(decoded(outcome, Problem), retry_after_seconds=retry_after_seconds(outcome))
    said = f"the server answered {outcome.status} and no problem"
    if outcome.status >= 500:
        return ServerFailed(said, code="fault", status=outcome.status, advice="something before it may have failed")
    return NotUnderstood(
        f"{said}: {_quoted(outcome)!r}",
        code="not_understood",
        status=outcome.status,
        advice="see that the address is that of an Interlock server",
    )


def retry_after_seconds(answer: Answer) -> float | None:
    """After how long the server wants to be asked again, if it says so in seconds."""
    said = answer.headers.get("retry-after", "")
    return float(said) if said.isascii() and said.isdecimal() else None


def _is_problem(answer: Answer) -> bool:
    return answer.headers.get("content-type", "").startswith(PROBLEM)


def _quoted(answer: Answer) -> str:
    return answer.body[:QUOTED_MAX].decode(errors="replace")
