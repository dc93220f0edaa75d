"""What went wrong, as the command line tells it: a message for people, a word for programs, and the exit code.

0 the run succeeded, 1 it did not, 2 wrong usage or an invalid graph or input, 3 only people or an event can move the
run on, 70 a fault of Interlock itself, 130 interrupted, 141 whoever read the output has gone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any


class ExitCode(IntEnum):
    """How the program ends, for scripts."""

    SUCCEEDED = 0
    NOT_SUCCEEDED = 1
    USAGE = 2
    WAITS = 3
    FAULT = 70
    INTERRUPTED = 130
    READER_GONE = 141


class CommandError(Exception):
    """A command cannot do what it was asked. The message says why and what to do instead."""

    def __init__(self, message: str, *, code: ExitCode = ExitCode.USAGE) -> None:
        super().__init__(message)
        self.code = code


class Interrupted(CommandError):
    """A person has stopped watching a run. It is let go, not lost."""

    def __init__(self, message: str) -> None:
        super().__init__(message, code=ExitCode.INTERRUPTED)


@dataclass(frozen=True)
class Failure:
    """An error on its way out."""

    kind: str
    message: str
    code: ExitCode
    details: dict[str, Any] = field(default_factory=dict[str, Any])

    def as_json(self) -> dict[str, Any]:
        """What programs read of it."""
        return {"error": {"kind": self.kind, "message": self.message, **self.details}}


def failure_of(error: Exception) -> Failure:
    """How an error is told. What is none of ours is a fault: a person can do nothing about it but report it."""
    code = _code_of(error)
    if code is None:
        return _fault(error)
    return Failure(_kind_of(error), _message_of(error), code, _details_of(error))


def _message_of(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    # What can be done next is added where that is known, for instance which run it was about.
    return "\n".join([str(error), *getattr(error, "__notes__", ())])


def _code_of(error: Exception) -> ExitCode | None:
    # Whoever raised one of these has imported it; `--help` never gets here.
    from interlock.audit.errors import AuditError
    from interlock.core.errors import InterlockError
    from interlock.store.errors import StoreError

    match error:
        case CommandError():
            return error.code
        case StoreError() | AuditError() | OSError():
            return ExitCode.NOT_SUCCEEDED
        case InterlockError():
            return ExitCode.USAGE
        case _:
            return None


def _kind_of(error: Exception) -> str:
    return type(error).__name__.removesuffix("Error") or "Error"


def _details_of(error: Exception) -> dict[str, Any]:
    """The problems of a document or of settings, one by one; the part of a run's file that is at fault."""
    if (part := getattr(error, "part", None)) is not None:
        return {"part": part, "seq": getattr(error, "seq", None)}
    problems: Any = getattr(error, "problems", ())
    listed = [problem if isinstance(problem, str) else problem.message for problem in problems]
    return {"problems": listed} if listed else {}


def _fault(error: Exception) -> Failure:
    message = (
        f"Interlock has a fault: {type(error).__name__}: {error}\n"
        "Please report it with what `interlock --debug …` prints for the same command; your runs are kept."
    )
    return Failure("Fault", message, ExitCode.FAULT)
