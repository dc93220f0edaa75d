"""The default tool that looks for a pattern in the files of a run's workspace, in time that no pattern can stretch.

Patterns are RE2's: what other engines need backtracking for (look-around, back-references) does not exist in them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Annotated, Any, Final

from pydantic import Field

from interlock.tools.context import ToolContext
from interlock.tools.errors import ToolFailed
from interlock.tools.standard.declared import tools_in
from interlock.tools.standard.files import FolderPath, Glob
from interlock.tools.standard.reach import EVERYTHING, reads_folder
from interlock.tools.tool import Tool, tool
from interlock.tools.workspace.errors import WorkspaceError
from interlock.tools.workspace.names import WorkspacePath, parse_folder
from interlock.tools.workspace.workspace import Workspace
from interlock.tools.workspace.workspaces import Workspaces

MATCHES_MAX: Final = 500
PATTERN_CHARACTERS_MAX: Final = 1_000
_PATTERN_MEMORY_BYTES: Final = 8 * 1024 * 1024
_LINE_SHOWN_MAX: Final = 400
_LOOKED_AT_FOR_BINARY: Final = 8_192


@dataclass(frozen=True)
class Match:
    """A line in which the pattern was found."""

    path: str
    line: int
    text: str


@dataclass(frozen=True)
class Matches:
    """Where the pattern was found, file by file."""

    matches: list[Match]
    cut: bool
    """Whether there are more."""
    files_searched: int


def search_tools(workspaces: Workspaces) -> Sequence[Tool]:
    """`search_files`."""

    @tool(effect="read", reads=(EVERYTHING,), needs=reads_folder("folder"))
    def search_files(
        pattern: Annotated[str, Field(min_length=1, max_length=PATTERN_CHARACTERS_MAX)],
        ctx: ToolContext,
        *,
        folder: FolderPath = ".",
        files: Glob = "*",
        ignore_case: bool = False,
        matches_max: Annotated[int, Field(ge=1, le=MATCHES_MAX)] = 100,
    ) -> Matches:
        r"""Find a regular expression in the text files of the workspace: gives path, number and text of each line.

        The syntax is RE2's: `def \w+\(`, `TODO|FIXME`, `^import `. `^` and `$` stand for the ends of a line.
        Look-around and back-references do not exist. To find plain text, put a backslash before any of
        `. * + ? ( ) [ ] { } | ^ $ \`.
        """
        workspace, compiled = workspaces.of_call(ctx.run, ctx.path), _compiled(pattern, ignore_case=ignore_case)
        return _found(workspace, compiled, parse_folder(folder), files, matches_max)

    return tools_in(search_files)


def _compiled(pattern: str, *, ignore_case: bool) -> Any:  # noqa: ANN401 - RE2 comes without types
    import re2  # noqa: PLC0415 - loaded with the first search

    library: Any = re2
    options = library.Options()
    options.max_mem = _PATTERN_MEMORY_BYTES
    options.log_errors = False
    options.case_sensitive = not ignore_case
    try:
        return library.compile(f"(?m){pattern}".encode(), options)
    except library.error as error:
        why = error.args[0].decode(errors="replace") if error.args and isinstance(error.args[0], bytes) else str(error)
        raise ToolFailed(f"the pattern cannot be used: {why}", kind="invalid", retryable=False) from None


def _found(workspace: Workspace, pattern: Any, folder: WorkspacePath, glob: str, matches_max: int) -> Matches:  # noqa: ANN401 - as above
    matches: list[Match] = []
    searched = 0
    for entry in workspace.entries(folder):
        if entry.size is None or not fnmatchcase(str(entry.path), glob):
            continue
        data = _text_in(workspace, entry.path)
        if data is None:
            continue
        searched += 1
        for match in _matches_in(data, pattern, str(entry.path)):
            if len(matches) == matches_max:
                return Matches(matches, cut=True, files_searched=searched)
            matches.append(match)
    return Matches(matches, cut=False, files_searched=searched)


def _text_in(workspace: Workspace, path: WorkspacePath) -> bytes | None:
    """What the file holds, unless it is no text, or is gone or closed since it was listed."""
    try:
        data = workspace.read(path).data
    except WorkspaceError:
        return None
    return None if b"\0" in data[:_LOOKED_AT_FOR_BINARY] else data


def _matches_in(data: bytes, pattern: Any, path: str) -> Iterator[Match]:  # noqa: ANN401 - as above
    """The lines in which a match begins."""
    at, line = 0, 1
    while at <= len(data) and (found := pattern.search(data, at)) is not None:
        start: int = found.start()
        line += data.count(b"\n", at, start)
        line_start = data.rfind(b"\n", 0, start) + 1
        line_end = data.find(b"\n", start)
        shown = data[line_start : len(data) if line_end < 0 else line_end][: 4 * _LINE_SHOWN_MAX]
        yield Match(path, line, shown.decode(errors="replace").rstrip("\r")[:_LINE_SHOWN_MAX])
        if line_end < 0:
            return
        at, line = line_end + 1, line + 1
