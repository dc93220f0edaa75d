"""How an exception of a person's code is told: what it was, and the line of theirs where it happened.

The door's own traceback is nobody's concern and is never shown.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from interlock.core.events import Error
from interlock.core.values import ValueProblem
from interlock.tools.conversation import Raised
from interlock.tools.errors import ToolFailed
from interlock.tools.places import code_of, place_of_failure

MESSAGE_CHARACTERS_MAX: Final = 4_000


def error_of(exception: BaseException, function: Callable[..., Any]) -> Raised:
    """What an exception says of a call of this function."""
    match exception:
        case ToolFailed():
            return Raised(Error(exception.kind, str(exception)), exception.retryable, said=True)
        case ValueProblem():
            return Raised(Error("invalid", str(exception)), retryable=False)
        case SystemExit():
            return Raised(Error("failed", f"it called exit({exception.code!r}){_where(exception, function)}"))
        case _:
            return Raised(Error("failed", _told(exception) + _where(exception, function)))


def shortened(message: str) -> str:
    """A message that fits into an event. Secrets must have been struck out before: half of one is still a secret."""
    if len(message) <= MESSAGE_CHARACTERS_MAX:
        return message
    return f"{message[:MESSAGE_CHARACTERS_MAX]}… ({len(message)} characters)"


def _told(exception: BaseException) -> str:
    kind = type(exception).__name__
    try:
        message = str(exception)
    except Exception:  # noqa: BLE001 - an exception whose own text fails is still told by its type
        return kind
    return f"{kind}: {message}" if message else kind


def _where(exception: BaseException, function: Callable[..., Any]) -> str:
    code = code_of(function)
    place = code and place_of_failure(exception.__traceback__, code.co_filename)
    return f" ({place})" if place else ""
