"""Errors as a model is reminded of them: in a hundred characters each, the last five, and those that are open alone."""

from __future__ import annotations

from typing import Final

from interlock.agents.state import Trouble

ERROR_CHARS_MAX: Final = 100
ERRORS_TOLD_MAX: Final = 5


def compacted_error(message: str) -> str:
    """The message on one line, in at most a hundred characters."""
    line = " ".join(message.split())
    return line if len(line) <= ERROR_CHARS_MAX else f"{line[: ERROR_CHARS_MAX - 1]}…"


def told_error(trouble: Trouble) -> str:
    """One open error, and how often it was met."""
    times = f" ({trouble.count} times)" if trouble.count > 1 else ""
    return f"{trouble.tool}: {trouble.message}{times}"
