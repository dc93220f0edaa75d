"""How an exception of a person's code is told: what it was, and the line of theirs where it happened.

The door's own traceback is nobody's concern and is never shown.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, get_args

from interlock.core.events import Error, ErrorClass
from interlock.core.values import ValueProblem
from interlock.tools.conversation import Raised
from interlock.tools.errors import ToolFailed
from interlock.tools.places import code_of, place_of_failure

MESSAGE_CHARACTERS_MAX: Final = 4_000
ERROR_CLASSES: Final[tuple[ErrorClass, ...]] = get_args(ErrorClass)


def error_of(exception: BaseException, function: Callable[..., Any]) -> Raised:
    """What an exception says of a call of this function. It raises nothing, whatever the exception does when asked."""
    try:
        return _said(exception, function)
    except BaseException:  # noqa: BLE001 - an exception whose own text fails is still told by its type
        return Raised(Error("failed", writable(type(exception).__name__)))


def _said(exception: BaseException, function: Callable[..., Any]) -> Raised:
    match exception:
        case ToolFailed():
            return _said_by_the_tool(exception)
        case ValueProblem():
            return Raised(Error("invalid", writable(str(exception))), retryable=False)
        case SystemExit():
            return Raised(Error("failed", writable(f"it called exit({exception.code!r}){_where(exception, function)}")))
        case _:
            return Raised(Error("failed", writable(_told(exception) + _where(exception, function))))


def _said_by_the_tool(failure: ToolFailed) -> Raised:
    """What was raised may have been given anything: what is recorded must be readable again."""
    message = writable(str(failure))
    if failure.kind not in ERROR_CLASSES:
        message += f" (its kind {writable(repr(failure.kind))} is none: {', '.join(ERROR_CLASSES)})"
        return Raised(Error("failed", message), bool(failure.retryable), said=True, in_doubt=bool(failure.in_doubt))
    return Raised(Error(failure.kind, message), bool(failure.retryable), said=True, in_doubt=bool(failure.in_doubt))


def writable(text: str) -> str:
    """Text as it can be stored: half a character, as a broken file name has it, is spelled out."""
    return text if text.isascii() else text.encode(errors="backslashreplace").decode()


def shortened(message: str) -> str:
    """A message that fits into an event. Secrets must have been struck out before: half of one is still a secret."""
    if len(message) <= MESSAGE_CHARACTERS_MAX:
        return message
    return f"{message[:MESSAGE_CHARACTERS_MAX]}… ({len(message)} characters)"


def _told(exception: BaseException) -> str:
    kind, message = type(exception).__name__, str(exception)
    return f"{kind}: {message}" if message else kind


def _where(exception: BaseException, function: Callable[..., Any]) -> str:
    code = code_of(function)
    place = code and place_of_failure(exception.__traceback__, code.co_filename)
    return f" ({place})" if place else ""
