"""The default tools that read, write and list the files of a run's workspace."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Annotated, Final

import msgspec
from pydantic import Field

from interlock.tools.context import ToolContext
from interlock.tools.standard.declared import tools_in
from interlock.tools.standard.reach import EVERYTHING, reads_file, reads_folder, writes_file
from interlock.tools.tool import Tool, tool
from interlock.tools.workspace.changes import FileChange
from interlock.tools.workspace.errors import ChangedMeanwhile, PathRefused
from interlock.tools.workspace.folders import FileContent, digest_of_bytes
from interlock.tools.workspace.names import PATH_BYTES_MAX, WorkspacePath, parse_folder, parse_path
from interlock.tools.workspace.workspace import Workspace
from interlock.tools.workspace.workspaces import Workspaces

LINES_MAX: Final = 2_000
TEXT_CHARACTERS_MAX: Final = 100_000
LISTED_MAX: Final = 1_000

FilePath = Annotated[str, Field(description="From the workspace's folder on, with `/` between folders: `src/main.py`")]
FolderPath = Annotated[str, Field(description="From the workspace's folder on; `.` is the workspace's folder itself")]
Glob = Annotated[
    str,
    Field(
        max_length=PATH_BYTES_MAX,
        description="Only files whose path is like this; `*` stands for anything, also for `/`",
    ),
]


@dataclass(frozen=True)
class FileText:
    """A file's text, or the part of it that was asked for."""

    path: str
    text: str
    first_line: int
    lines: int
    """How many lines the whole file has."""
    cut: bool
    """Whether the file goes on after this text."""
    digest: str
    """The SHA-256 of the whole file."""


@dataclass(frozen=True)
class FileWritten:
    """A file as it is now."""

    path: str
    bytes: int
    digest: str
    created: bool


@dataclass(frozen=True)
class FileListed:
    """A file that is there."""

    path: str
    bytes: int


@dataclass(frozen=True)
class FileList:
    """The files below a folder."""

    files: list[FileListed]
    cut: bool
    """Whether there are more."""


def file_tools(workspaces: Workspaces) -> Sequence[Tool]:
    """`read_file`, `write_file` and `list_files`."""

    @tool(effect="read", reads=(EVERYTHING,), needs=reads_file("path"))
    def read_file(
        path: FilePath,
        ctx: ToolContext,
        *,
        first_line: Annotated[int, Field(ge=1)] = 1,
        lines_max: Annotated[int, Field(ge=1, le=LINES_MAX)] = LINES_MAX,
    ) -> FileText:
        """Read a text file of the workspace.

        Gives the text from `first_line` on and how many lines the file has. If `cut` is true, read on from there.
        Line ends are given as they are. Files that hold no UTF-8 text are refused.
        """
        workspace = workspaces.of_call(ctx.run, ctx.path)
        return text_of(workspace, parse_path(path), first_line=first_line, lines_max=lines_max)

    @tool(effect="idempotent", writes=(EVERYTHING,), needs=writes_file("path"))
    def write_file(path: FilePath, text: str, ctx: ToolContext, expected_digest: str = "") -> FileWritten:
        """Write a file of the workspace as a whole; folders that are missing are made.

        It replaces what was there. Give the `digest` that read_file gave as `expected_digest`, and nothing is written
        if the file was changed since. To change a part of a file use apply_patch.
        """
        workspace = workspaces.of_call(ctx.run, ctx.path)
        return written(workspace, ctx.effect_id, parse_path(path), text, expected_digest=expected_digest)

    @tool(effect="read", reads=(EVERYTHING,), needs=reads_folder("folder"))
    def list_files(ctx: ToolContext, folder: FolderPath = ".", pattern: Glob = "*") -> FileList:
        """List the files of the workspace with their sizes, all folders below the given one included.

        Links and whatever else is no plain file are left out.
        """
        return listed(workspaces.of_call(ctx.run, ctx.path), parse_folder(folder), pattern)

    return tools_in(read_file, write_file, list_files)


def text_of(workspace: Workspace, path: WorkspacePath, *, first_line: int, lines_max: int) -> FileText:
    """The text of a file from a line on."""
    data = workspace.read(path).data
    lines = decoded(path, data).splitlines(keepends=True)
    wanted = lines[first_line - 1 : first_line - 1 + lines_max]
    text = "".join(wanted)
    is_cut = len(text) > TEXT_CHARACTERS_MAX or first_line - 1 + len(wanted) < len(lines)
    return FileText(str(path), text[:TEXT_CHARACTERS_MAX], first_line, len(lines), is_cut, digest_of_bytes(data))


def written(
    workspace: Workspace, effect: str, path: WorkspacePath, text: str, *, expected_digest: str = ""
) -> FileWritten:
    """The file, once it holds the text."""
    done = workspace.find_done(effect)
    if done is not None:
        return msgspec.convert(done.out, FileWritten)
    data, before = text.encode(), workspace.find(path)
    if expected_digest and (before is None or digest_of_bytes(before.data) != expected_digest):
        raise ChangedMeanwhile(str(path))
    out = FileWritten(str(path), len(data), digest_of_bytes(data), before is None)
    after = FileContent(data, before is not None and before.executable)
    change = FileChange(path, before and before.stamp, after)
    return msgspec.convert(workspace.change(effect, [change], msgspec.to_builtins(out)), FileWritten)


def listed(workspace: Workspace, folder: WorkspacePath, pattern: str) -> FileList:
    """The files below a folder."""
    found = [
        FileListed(str(entry.path), entry.size)
        for entry in workspace.entries(folder)
        if entry.size is not None and fnmatchcase(str(entry.path), pattern)
    ]
    return FileList(found[:LISTED_MAX], len(found) > LISTED_MAX)


def decoded(path: WorkspacePath, data: bytes) -> str:
    """A file's bytes as text."""
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise PathRefused(str(path), f"holds no UTF-8 text (byte {error.start:,} is none)") from None
