"""What is wrong with a person's Python code that could not be imported, in their words and at their line."""

from __future__ import annotations

import traceback

from interlock.authoring.places import shown
from interlock.core.errors import InterlockError


def import_problem(error: BaseException, source: str, *, loader: str) -> str:
    """What went wrong while importing, without the machinery of importing: neither ours (`loader`) nor Python's.

    An interruption by the person is no problem of the code: it is raised again.
    """
    match error:
        case KeyboardInterrupt():
            raise error
        case InterlockError():
            return str(error)
        case SyntaxError(filename=str(file), lineno=int(line)):
            return f"{shown(file)}:{line}: {type(error).__name__}: {error.msg}"
        case SystemExit():
            return f"{_place(error, source, loader)}: it exits while it is imported"
        case _:
            told = traceback.format_exception_only(error)[-1].strip()
            return f"{_place(error, source, loader)}: {told}"


def _place(error: BaseException, source: str, loader: str) -> str:
    """The innermost line that is the person's own."""
    frames = traceback.extract_tb(error.__traceback__)
    theirs = [frame for frame in frames if frame.filename != loader and "importlib" not in frame.filename]
    return f"{shown(theirs[-1].filename)}:{theirs[-1].lineno}" if theirs else source
