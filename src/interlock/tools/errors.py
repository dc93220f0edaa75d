"""What can go wrong between people's functions and the tool door.

    ToolError              raised to whoever declares or loads tools
    ├── BadTool            a function that cannot be a tool: says where it stands and what to change
    ├── ToolsNotLoaded     files or modules that could not be read, all of them at once
    └── SecretsNotRead     a file of secrets that is unsafe or unreadable
    ToolFailed             raised by a tool that knows how it failed
    └── StepFailed         raised to a tool whose step failed, now or in an earlier try of the attempt
    ToolStopped            raised inside a tool that was asked to stop; passes `except Exception` by
    AttemptEnded           raised inside a tool whose attempt is over; passes `except Exception` by

A call that fails is no exception: it is a `Failed` or an `Unknown` (see `outcome`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from interlock.core.errors import InterlockError

if TYPE_CHECKING:
    from interlock.core.events import Error, ErrorClass


class ToolError(InterlockError):
    """A tool cannot be used as it is declared."""


class BadTool(ToolError):
    """A function that cannot be a tool."""

    def __init__(self, place: str, name: str, problem: str) -> None:
        super().__init__(f"{place}: `{name}` cannot be a tool: {problem}")
        self.place, self.name, self.problem = place, name, problem


class ToolsNotLoaded(ToolError):
    """Sources of tools that could not be read: one line for each problem."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


class SecretsNotRead(ToolError):
    """A file of secrets that is unsafe or unreadable."""


class ToolFailed(Exception):
    """Raise this in a tool to say how it failed: the class decides what may be done about it.

    `in_doubt`: it failed, and may have taken effect all the same, as a request has that was sent and not answered. Of a
    tool that only reads nothing is in doubt.
    """

    kind: ErrorClass = "failed"
    retryable: bool = True
    in_doubt: bool = False

    def __init__(
        self, message: str, *, kind: ErrorClass = "failed", retryable: bool = True, in_doubt: bool = False
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.retryable = retryable
        self.in_doubt = in_doubt


class StepFailed(ToolFailed):
    """A step of this tool failed. It is raised alike when the step runs and when a repeat reads it from the journal."""

    def __init__(self, name: str, error: Error) -> None:
        super().__init__(error.message, kind=error.kind)
        self.name = name
        self.error = error


class ToolStopped(BaseException):
    """The tool was asked to stop. Let it pass: the outcome of the attempt is being recorded as unknown."""


class AttemptEnded(BaseException):
    """The attempt is over, whatever the tool does next: its outcome is already known to the door."""
