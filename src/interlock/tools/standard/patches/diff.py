"""What a unified diff says, as data: files, their hunks, and the lines of these."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct, structs

from interlock.tools.errors import ToolFailed


class BadPatch(ToolFailed):
    """A patch that cannot be read, or does not fit. It names the file, the hunk and the line of the patch."""

    def __init__(self, message: str) -> None:
        super().__init__(message, kind="invalid", retryable=False)


class Line(Struct, frozen=True, gc=False):
    """A line of a hunk: kept, added or taken away. The text has its line end, unless the file ends without one."""

    mark: Literal[" ", "+", "-"]
    text: str


class Hunk(Struct, frozen=True):
    """Lines that belong together. `at_line`: where its header stands in the patch. `number` counts within its file."""

    number: int
    at_line: int
    old_start: int
    new_start: int
    lines: tuple[Line, ...]

    @property
    def old(self) -> str:
        """What is there before."""
        return "".join(line.text for line in self.lines if line.mark != "+")

    @property
    def new(self) -> str:
        """What is there afterwards."""
        return "".join(line.text for line in self.lines if line.mark != "-")

    def count(self, mark: str) -> int:
        """How many lines are kept, added or taken away."""
        return sum(line.mark == mark for line in self.lines)


class FilePatch(Struct, frozen=True):
    """What happens to one file. Without an old path it is made, without a new one taken away, with two it moves."""

    old_path: str | None
    new_path: str | None
    hunks: tuple[Hunk, ...]
    executable: bool | None = None
    """Whether it may be run afterwards, and before; None where the patch says nothing of that."""
    was_executable: bool | None = None

    @property
    def path(self) -> str:
        """How the file is called in messages."""
        return self.new_path or self.old_path or ""


def reversed_patch(patch: FilePatch) -> FilePatch:
    """The patch that takes this one back."""
    return FilePatch(
        old_path=patch.new_path,
        new_path=patch.old_path,
        hunks=tuple(map(_reversed_hunk, patch.hunks)),
        executable=patch.was_executable,
        was_executable=patch.executable,
    )


def _reversed_hunk(hunk: Hunk) -> Hunk:
    lines = tuple(Line(_turned(line.mark), line.text) for line in hunk.lines)
    return structs.replace(hunk, old_start=hunk.new_start, new_start=hunk.old_start, lines=lines)


def _turned(mark: Literal[" ", "+", "-"]) -> Literal[" ", "+", "-"]:
    match mark:
        case "+":
            return "-"
        case "-":
            return "+"
        case " ":
            return " "
