"""Reading a unified diff, as `git diff` and `diff -u` write it; text before and between its files is passed over.

Strict where a slip would change what is meant: what a hunk's header counts must be there. Binary patches, links,
submodules and copies are refused. Whether a patch fits is found out when it is applied.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, NoReturn, cast

from interlock.tools.standard.patches.diff import BadPatch, FilePatch, Hunk, Line

_HUNK: Final = re.compile(r"@@ -(\d{1,9})(?:,(\d{1,9}))? \+(\d{1,9})(?:,(\d{1,9}))? @@")
_MODE: Final = re.compile(r"(old mode|new mode|new file mode|deleted file mode) (\d{6})$")
_MOVE: Final = re.compile(r"(rename|copy) (from|to) (.+)$")
_ESCAPE: Final = re.compile(r"\\([0-7]{3}|.)")
_ESCAPED: Final = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}
_EXECUTABLE: Final = {"100644": False, "100755": True}
_NOTHING: Final = "/dev/null"
_NO_LINE_END: Final = "\\ No newline at end of file"
_NEXT_PATCH: Final = ("From ", "Index: ")
"""What begins a patch as a mail or of another system: no line of the hunk before it."""
_BINARY: Final = ("GIT binary patch", "Binary files ")


def parse_patch(text: str) -> list[FilePatch]:
    """The files of a patch in order; `BadPatch` names the line at which it cannot be read."""
    reader = _Reader(text.split("\n"))
    files = reader.read()
    if not files:
        raise BadPatch("the patch names no file: begin each with `--- a/PATH` and `+++ b/PATH`, as `git diff` does")
    _check_each_once(files)
    return files


def _check_each_once(files: Sequence[FilePatch]) -> None:
    seen: set[str] = set()
    for file in files:
        for path in {file.old_path, file.new_path} - {None}:
            if path in seen:
                raise BadPatch(f"`{path}` stands in the patch twice: put all its hunks under one header")
            seen.add(cast("str", path))


@dataclass
class _Header:
    """What was said of a file so far."""

    at_line: int
    git_paths: str = ""
    old: str | None = None
    new: str | None = None
    has_names: bool = False
    modes: dict[str, bool] = field(default_factory=dict[str, bool])
    moves: dict[str, str] = field(default_factory=dict[str, str])
    hunks: list[Hunk] = field(default_factory=list[Hunk])

    @property
    def shown(self) -> str:
        """How the file is called in messages."""
        return self.new or self.old or self.git_paths


class _Reader:
    """Goes through the lines of a patch once."""

    def __init__(self, lines: list[str]) -> None:
        self._lines = lines
        self._at = 0
        self._file: _Header | None = None
        self._files: list[FilePatch] = []

    def read(self) -> list[FilePatch]:
        while self._at < len(self._lines):
            self._read_line(self._lines[self._at])
        self._end_file()
        return self._files

    def _read_line(self, line: str) -> None:
        if line.startswith("diff --git "):
            self._begin_file(line.removeprefix("diff --git "))
        elif self._are_names():
            self._read_names()
            return
        elif line.startswith("@@"):
            self._read_hunk(line)
            return
        elif line.startswith(_BINARY):
            self._refuse(f"it patches {self._shown()} as binary, which is not done: write the file instead")
        elif (mode := _MODE.match(line)) and self._file:
            self._file.modes[mode[1]] = self._mode(mode[2])
        elif (move := _MOVE.match(line)) and self._file:
            self._read_move(move)
        elif line.startswith(_NEXT_PATCH):
            self._end_file()
        elif line.startswith(("+", "-")) and line.rstrip() != "--" and self._file and self._file.hunks:
            self._refuse_count(self._file.hunks[-1])
        self._at += 1

    def _are_names(self) -> bool:
        """Two lines, so that a line that was taken away and began with `-- ` is not taken for a name."""
        pair = self._lines[self._at : self._at + 2]
        return len(pair) == 2 and pair[0].startswith("--- ") and pair[1].startswith("+++ ")

    def _begin_file(self, git_paths: str) -> None:
        self._end_file()
        self._file = _Header(self._at + 1, git_paths=git_paths)

    def _read_names(self) -> None:
        if self._file is None or self._file.has_names or self._file.hunks:
            self._begin_file("")
        assert self._file is not None, "it was just begun"
        old = self._path(self._lines[self._at][4:])
        new = self._path(self._lines[self._at + 1][4:])
        self._file.old, self._file.new = _without_prefixes(old, new)
        self._file.has_names = True
        if self._file.old is None and self._file.new is None:
            self._refuse("both names of the file are /dev/null")
        self._at += 2

    def _path(self, written: str) -> str | None:
        path = _unquoted(written) if written.startswith('"') else written.partition("\t")[0].rstrip("\r")
        if path == "":
            self._refuse("a file's name is empty")
        return None if path == _NOTHING else path

    def _mode(self, mode: str) -> bool:
        if mode not in _EXECUTABLE:
            self._refuse(f"it makes {self._shown()} a link or a submodule (mode {mode}), which is not done")
        return _EXECUTABLE[mode]

    def _read_move(self, move: re.Match[str]) -> None:
        assert self._file is not None, "asked before"
        if move[1] == "copy":
            self._refuse("it copies a file, which is not done: write the new file with `--- /dev/null`")
        self._file.moves[move[2]] = _unquoted(move[3]) if move[3].startswith('"') else move[3].rstrip("\r")

    # --- hunks -------------------------------------------------------------------------------------------------------

    def _read_hunk(self, header: str) -> None:
        if self._file is None or not self._file.has_names:
            self._refuse("a hunk stands before the names of its file: write `--- a/PATH` and `+++ b/PATH` above it")
        found = _HUNK.match(header)
        if found is None:
            self._refuse(f"{header[:80]!r} is no header of a hunk: write it as `@@ -3,6 +3,8 @@`")
        number, at_line = len(self._file.hunks) + 1, self._at + 1
        self._at += 1
        counts = [1 if written is None else int(written) for written in (found[2], found[4])]
        lines = self._read_body(*counts)
        hunk = Hunk(number, at_line, int(found[1]), int(found[3]), tuple(lines))
        self._file.hunks.append(hunk)
        if [hunk.count(" ") + hunk.count("-"), hunk.count(" ") + hunk.count("+")] != counts:
            self._refuse_count(hunk)

    def _read_body(self, old_left: int, new_left: int) -> list[Line]:
        lines: list[Line] = []
        while self._at < len(self._lines):
            line = self._lines[self._at]
            if line.startswith(_NO_LINE_END[:2]) and lines:
                lines[-1] = Line(lines[-1].mark, lines[-1].text.removesuffix("\n"))
                self._at += 1
                continue
            if old_left <= 0 and new_left <= 0:
                break
            mark = _mark_of(line, is_last=self._at == len(self._lines) - 1)
            if mark is None:
                break
            lines.append(Line(mark, f"{line[1:]}\n"))
            old_left -= mark != "+"
            new_left -= mark != "-"
            self._at += 1
        return lines

    def _refuse_count(self, hunk: Hunk) -> NoReturn:
        """A hunk that does not hold what its header counts; what it does hold is told, to be written there."""
        assert self._file is not None, "it has a hunk"
        end, lines = self._at, list(hunk.lines)
        while end < len(self._lines) and (mark := _mark_of(self._lines[end], is_last=True)) is not None:
            lines.append(Line(mark, self._lines[end][1:]))
            end += 1
        kept = [sum(line.mark != mark for line in lines) for mark in ("+", "-")]
        raise BadPatch(
            f"hunk {hunk.number} of `{self._file.shown}` (line {hunk.at_line} of the patch) does not hold what its "
            f"header counts: for what is there write `@@ -{hunk.old_start},{kept[0]} +{hunk.new_start},{kept[1]} @@`"
        )

    # --- the end of a file -------------------------------------------------------------------------------------------

    def _end_file(self) -> None:
        if self._file is None:
            return
        file, self._file = self._file, None
        if not file.has_names and not file.moves and not file.modes:
            if file.git_paths:
                raise BadPatch(f"line {file.at_line} of the patch: nothing is said of `{file.git_paths}`")
            return
        self._files.append(_finished(file))

    def _shown(self) -> str:
        return f"`{self._file.shown}`" if self._file else "a file"

    def _refuse(self, problem: str) -> NoReturn:
        raise BadPatch(f"line {self._at + 1} of the patch: {problem}")


def _finished(file: _Header) -> FilePatch:
    """The file with its names, wherever in the header they were said."""
    old, new = file.old, file.new
    if file.moves:
        old, new = file.moves.get("from"), file.moves.get("to")
    elif not file.has_names:
        old, new = _paths_of_git(file)
    if file.has_names and not file.hunks and not file.moves and not file.modes:
        raise BadPatch(f"line {file.at_line} of the patch: `{file.shown}` has no hunk: begin it with `@@ -3,6 +3,8 @@`")
    return FilePatch(
        old_path=old,
        new_path=new,
        hunks=tuple(file.hunks),
        executable=file.modes.get("new mode", file.modes.get("new file mode")),
        was_executable=file.modes.get("old mode", file.modes.get("deleted file mode")),
    )


def _paths_of_git(file: _Header) -> tuple[str | None, str | None]:
    """The names of a file of which git writes no others: an empty one, or one whose mode alone changes."""
    half = len(file.git_paths) // 2
    old, new = file.git_paths[:half], file.git_paths[half + 1 :].rstrip("\r")
    if old[1:] != new[1:] or not old.startswith("a/"):
        raise BadPatch(f"line {file.at_line} of the patch: the names in `{file.git_paths}` cannot be told apart")
    path = old[2:]
    return None if "new file mode" in file.modes else path, None if "deleted file mode" in file.modes else path


def _mark_of(line: str, *, is_last: bool) -> Literal[" ", "+", "-"] | None:
    """What a line of a hunk is. An empty one is an empty line that was kept, whose space got lost on the way."""
    match line[:1]:
        case " ":
            return " "
        case "+":
            return "+"
        case "-":
            return "-"
        case "" if not is_last:
            return " "
        case "\r" if line == "\r":
            return " "
        case _:
            return None


def _without_prefixes(old: str | None, new: str | None) -> tuple[str | None, str | None]:
    """The names without the `a/` and `b/` that git puts before them."""
    if (old is None or old.startswith("a/")) and (new is None or new.startswith("b/")):
        return old and old[2:], new and new[2:]
    return old, new


def _unquoted(written: str) -> str:
    """A name as git quotes it: bytes in octal, in double quotes."""
    inner = written[1 : written.rfind('"')] if written.rfind('"') > 0 else written[1:]
    spelled = _ESCAPE.sub(lambda found: _ESCAPED.get(found[1], _octal(found[1])), inner)
    return spelled.encode("latin-1", errors="surrogateescape").decode("utf-8", errors="replace")


def _octal(spelled: str) -> str:
    return chr(int(spelled, 8) & 0xFF) if len(spelled) == 3 else spelled
