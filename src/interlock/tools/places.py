"""Where something of a person's stands: `tools/pay.py:12`, as they would click it."""

from __future__ import annotations

from collections.abc import Callable
from types import CodeType, TracebackType
from typing import Any

from interlock.authoring.places import shown


def place_of_function(function: Callable[..., Any]) -> str:
    """The file and line at which a function begins."""
    code = code_of(function)
    if code is None:
        return f"{getattr(function, '__module__', '?')}"
    return f"{shown(code.co_filename)}:{code.co_firstlineno}"


def place_of_failure(traceback: TracebackType | None, file: str) -> str | None:
    """The innermost line of that file which an exception passed through: the line its author knows."""
    line = None
    while traceback is not None:
        if traceback.tb_frame.f_code.co_filename == file:
            line = traceback.tb_lineno
        traceback = traceback.tb_next
    return None if line is None else f"{shown(file)}:{line}"


def code_of(function: Callable[..., Any]) -> CodeType | None:
    """The code behind a function, also behind decorators that say what they wrap."""
    while (wrapped := getattr(function, "__wrapped__", None)) is not None:
        function = wrapped
    return getattr(function, "__code__", None)
