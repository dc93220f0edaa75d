"""A file that a command makes: it has its name once it is whole, and nothing is ever written over."""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from interlock.cli.failures import CommandError


@contextmanager
def new_file(target: Path) -> Generator[BinaryIO]:
    """A file to write to, which becomes `target` in the end; if that goes wrong, nothing is left of it."""
    _refuse_present(target)
    if not target.parent.is_dir():
        raise CommandError(f"the folder {target.parent} does not exist: make it first")
    part = target.with_name(f"{target.name}.part")
    try:
        file = part.open("xb")
    except FileExistsError as error:
        told = f"{part} is there already: somebody writes it now, or was stopped; take it away, or name another file"
        raise CommandError(told) from error
    try:
        with file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        _name(part, target)
    finally:
        part.unlink(missing_ok=True)


def _name(part: Path, target: Path) -> None:
    try:
        # A second name for the file: unlike a renaming, that does not replace what may have come there meanwhile.
        target.hardlink_to(part)
    except OSError:
        # Something is there by now; or files have one name here, as on a stick.
        _refuse_present(target)
        part.rename(target)


def _refuse_present(target: Path) -> None:
    if target.exists():
        raise CommandError(f"{target} is there already: nothing is written over, name another file")
