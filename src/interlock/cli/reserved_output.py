"""Standard output that belongs to one reader: a program that asked for JSON gets that and nothing else.

Tools are people's code, and print; so do the programs that they start. While output is reserved, whatever else is
written there goes to standard error, where it is still seen.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final, TextIO

from interlock.cli.own_output import OwnOutput

_RESERVED: Final[ContextVar[TextIO | OwnOutput | None]] = ContextVar("reserved_output", default=None)


def write_output(text: str) -> None:
    """Write what the command itself has to say."""
    with _telling_that_the_reader_is_gone():
        _stream().write(text)


def flush_output() -> None:
    """Let the reader have what was written by now."""
    with _telling_that_the_reader_is_gone():
        _stream().flush()


def _stream() -> TextIO | OwnOutput:
    return _RESERVED.get() or sys.stdout


@contextmanager
def _telling_that_the_reader_is_gone() -> Generator[None]:
    try:
        yield
    except BrokenPipeError:
        # Typer takes one with an error number for its own business, and ends the program with 1.
        raise BrokenPipeError from None


@contextmanager
def reserved_output() -> Generator[None]:
    """Keep standard output for what `write_output` writes within the block."""
    sys.stdout.flush()
    try:
        number = sys.stdout.fileno()
    except io.UnsupportedOperation:
        # It is no file of this process, as where a test reads along: no other program can write to it.
        with _reserved(sys.stdout):
            shown, sys.stdout = sys.stdout, sys.stderr
            try:
                yield
            finally:
                sys.stdout = shown
        return
    with _opened_again(number) as stream, _reserved(OwnOutput(stream)), _leading_elsewhere(number):
        yield


@contextmanager
def _reserved(stream: TextIO | OwnOutput) -> Generator[None]:
    token = _RESERVED.set(stream)
    try:
        yield
    finally:
        _RESERVED.reset(token)


@contextmanager
def _opened_again(number: int) -> Generator[TextIO]:
    with open(os.dup(number), "w", encoding=sys.stdout.encoding, errors=sys.stdout.errors) as stream:  # noqa: PTH123 - a number is no path
        yield stream


@contextmanager
def _leading_elsewhere(number: int) -> Generator[None]:
    """Make the number of standard output lead to standard error, for this process and those it starts."""
    kept = os.dup(number)
    os.dup2(sys.stderr.fileno(), number)
    try:
        yield
    finally:
        sys.stdout.flush()
        os.dup2(kept, number)
        os.close(kept)
