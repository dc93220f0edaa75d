"""Patches: what is different between two states of a repository, put into it and taken out again.

Both ways are idempotent: a file that is as it should be stays so, and a repeat after a crash does no harm. A file that
is neither the old nor the new one was changed by somebody else, and is not touched.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from pathlib import Path

from diary import noted
from interlock import ToolContext, ToolFailed, tool
from workspace import folder_of, write_whole


@dataclass(frozen=True)
class FileChange:
    """A file's text before and after; an empty text is no file."""

    file: str
    new: str
    old: str


@dataclass(frozen=True)
class Changed:
    """The files that are now as the patch, or its undo, wants them."""

    files: list[str]


@tool(effect="idempotent")
def apply_patch(repository: str, patch: list[FileChange], ctx: ToolContext) -> Changed:
    """Put a patch into the repository."""
    with noted(ctx):
        return _change_all(folder_of(repository), patch)


@tool(effect="idempotent")
def revert_patch(repository: str, patch: list[FileChange], ctx: ToolContext) -> Changed:
    """Take a patch out of the repository."""
    with noted(ctx):
        return _change_all(folder_of(repository), [FileChange(each.file, new=each.old, old=each.new) for each in patch])


def changes_between(before: Path, after: Path) -> list[FileChange]:
    """The patch that makes one repository the other; only what is written in Python is looked at."""
    paths = sorted({path.relative_to(root).as_posix() for root in (before, after) for path in root.rglob("*.py")})
    pairs = [FileChange(path, new=_text_of(after / path), old=_text_of(before / path)) for path in paths]
    return [each for each in pairs if each.new != each.old]


def lines_changed(patch: list[FileChange]) -> int:
    """How many lines are new or gone."""
    return sum(
        line.startswith(("+ ", "- "))
        for each in patch
        for line in difflib.ndiff(each.old.splitlines(), each.new.splitlines())
    )


def _change_all(folder: Path, patch: list[FileChange]) -> Changed:
    foreign = [each.file for each in patch if _text_of(folder / each.file) not in {each.new, each.old}]
    if foreign:
        raise ToolFailed(f"changed by somebody else meanwhile: {', '.join(foreign)}", kind="invalid")
    for each in patch:
        _write(folder / each.file, each.new)
    return Changed([each.file for each in patch])


def _text_of(file: Path) -> str:
    return file.read_text(encoding="utf-8") if file.is_file() else ""


def _write(file: Path, text: str) -> None:
    if text:
        write_whole(file, text)
    else:
        file.unlink(missing_ok=True)
